#include "node-agent/checks/checks.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/text.h"
#include "node-agent/json_line.h"

namespace cluster::agent {
namespace {

struct HostCheck {
  std::string_view id;
  Finding (*probe)(const GuardInput&);
};

struct CardCheck {
  std::string_view id;
  Finding (*probe)(const Subject&);
};

constexpr std::array kHostChecks{
    HostCheck{"H1", has_kvm},           HostCheck{"H2", has_iommu}, HostCheck{"H3", isolates},
    HostCheck{"H4", remaps_interrupts}, HostCheck{"H7", has_vfio},  HostCheck{"H8", lists_modules},
    HostCheck{"H9", is_not_wedged},
};

constexpr std::array kCardChecks{
    CardCheck{"H5", has_group},         CardCheck{"H6", reserves_nothing},
    CardCheck{"D1", is_alive},          CardCheck{"D2", is_the_named_one},
    CardCheck{"D3", has_all_functions}, CardCheck{"D4", group_is_ours},
    CardCheck{"D5", group_is_detached}, CardCheck{"D6", is_not_precious},
    CardCheck{"D7", is_not_console},    CardCheck{"D8", has_no_framebuffer},
    CardCheck{"D9", is_not_held},       CardCheck{"D10", has_no_kernel_user},
    CardCheck{"D11", driver_lets_go},   CardCheck{"D12", override_is_clear},
    CardCheck{"D13", driver_is_best},   CardCheck{"D14", has_reset},
    CardCheck{"D15", stays_powered},    CardCheck{"D16", has_full_link},
    CardCheck{"D17", has_no_errors},    CardCheck{"D18", has_addresses},
    CardCheck{"D19", bar_size},         CardCheck{"D20", has_rom},
    CardCheck{"D21", has_numa_node},    CardCheck{"D22", is_not_sliced},
    CardCheck{"V1", has_no_vm},
};

// Of a card that can be cut, or is to be.
constexpr std::array kSliceChecks{
    CardCheck{"G1", offers_vgpus},
    CardCheck{"G2", has_its_vfs},
    CardCheck{"G5", vfs_keep_their_driver},
    CardCheck{"G7", vgpus_last},
};

template <typename Probe, typename Argument>
Finding find(Probe probe, const Argument& argument) {
  try {
    return probe(argument);
  } catch (const Error& error) {
    auto [reason, fix] = halves(error.what());
    if (fix.empty()) fix = "run gpupci as root; dmesg may tell more";
    return {Verdict::unknown, reason, fix};
  }
}

// Where the record of slices cannot be read, that is what its checks say.
bool may_concern_slices(const Subject& subject) {
  try {
    return concerns_slices(subject);
  } catch (const Error&) {
    return true;
  }
}

std::string padded(std::string_view text, std::size_t width) {
  std::string cell(text);
  cell.resize(std::max(width, text.size()), ' ');
  return cell;
}

std::string line(std::string_view id, std::string_view card, std::string_view result,
                 const std::string& reason) {
  return padded(id, 4) + " " + padded(card, 8) + " " + padded(result, 8) + " " + reason + "\n";
}

}  // namespace

std::pair<std::string, std::string> halves(std::string_view sentence) {
  const auto end = sentence.find("; ");
  if (end == std::string_view::npos) return {std::string(sentence), ""};
  return {std::string(sentence.substr(0, end)), std::string(sentence.substr(end + 2))};
}

std::string_view word(Verdict verdict) {
  constexpr std::array<std::string_view, 4> kWords{"PASS", "WARN", "UNKNOWN", "FAIL"};
  return kWords.at(static_cast<std::size_t>(verdict));
}

int exit_status(Verdict worst) {
  constexpr std::array kStatuses{0, 1, 3, 2};
  return kStatuses.at(static_cast<std::size_t>(worst));
}

std::vector<CheckResult> run_checks(const std::vector<Card>& cards, const GuardInput& input) {
  std::vector<CheckResult> results;
  for (const auto& check : kHostChecks) {
    results.push_back({check.id, std::nullopt, find(check.probe, input)});
  }
  for (const auto& card : cards) {
    const Subject subject{card, cards, input};
    const auto make = [&](const CardCheck& check) {
      results.push_back({check.id, card.label(), find(check.probe, subject)});
    };
    std::ranges::for_each(kCardChecks, make);
    if (may_concern_slices(subject)) std::ranges::for_each(kSliceChecks, make);
  }
  return results;
}

Verdict worst(const std::vector<CheckResult>& results) {
  auto found = Verdict::pass;
  for (const auto& one : results) found = std::max(found, one.finding.verdict);
  return found;
}

std::string checks_table(const std::vector<CheckResult>& results) {
  auto text = line("ID", "CARD", "RESULT", "REASON");
  for (const auto& [id, card, finding] : results) {
    text += line(id, card ? *card : "-", word(finding.verdict),
                 finding.reason + (finding.fix.empty() ? "" : "; " + finding.fix));
  }
  return text;
}

std::string checks_json(const std::vector<CheckResult>& results) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& [id, card, finding] : results) {
    list.push_back({{"id", id},
                    {"card", or_null(card)},
                    {"result", word(finding.verdict)},
                    {"reason", finding.reason},
                    {"fix", or_null(finding.fix)}});
  }
  return json_line({{"checks", list}});
}

}  // namespace cluster::agent
