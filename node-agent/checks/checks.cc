#include "node-agent/checks/checks.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/text.h"
#include "node-agent/checks/known_troubles.h"
#include "node-agent/guard/bus.h"
#include "node-agent/json_line.h"
#include "node-agent/reason.h"

namespace cluster::agent {
namespace {

// "D14" comes after "D9", and the checks of VMs come after those of devices.
bool comes_before(const CardCheck& left, const CardCheck& right) {
  constexpr std::string_view kGroups = "HDV";  // host, device, VM
  const auto group = [&](const CardCheck& one) { return kGroups.find(one.id.front()); };
  if (group(left) != group(right)) return group(left) < group(right);
  return natural_less(left.id, right.id);
}

template <typename Probe, typename Argument>
CheckAnswer ask(Probe probe, const Argument& argument, bool as_root) {
  try {
    return probe(argument);
  } catch (const FixableError& error) {
    return {Verdict::unknown, error.reason()};
  } catch (const Error& error) {
    return unknown(error.what(),
                   as_root ? "dmesg may tell more" : "run gpupci as root; dmesg may tell more");
  }
}

// A record of slices that cannot be read concerns the slices: their checks report it.
bool may_concern_slices(const Subject& subject) {
  try {
    return concerns_slices(subject);
  } catch (const Error&) {
    return true;
  }
}

// What such a card shows are ones, or what the kernel remembers of it.
std::optional<CheckAnswer> does_not_answer(const Subject& subject) {
  for (const auto& function : subject.card.functions) {
    if (!has_fallen_off(subject.input.sysfs, function.pci).value_or(false)) continue;
    return unknown(function.pci.sysfs() + " does not answer on the bus (D1)",
                   "power the host off and on");
  }
  return std::nullopt;
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

CheckAnswer passed(std::string what) { return {Verdict::pass, {.what = std::move(what)}}; }

CheckAnswer warned(std::string what, std::string fix) {
  return {Verdict::warn, {.what = std::move(what), .fix = std::move(fix)}};
}

CheckAnswer unknown(std::string what, std::string fix) {
  return {Verdict::unknown, {.what = std::move(what), .fix = std::move(fix)}};
}

CheckAnswer failed(std::string what, std::string fix) {
  return {Verdict::fail, {.what = std::move(what), .fix = std::move(fix)}};
}

CheckAnswer unknown_to_others(std::string what) {
  return {Verdict::unknown, {.what = std::move(what), .needs_root = true}};
}

CheckAnswer answer(const Reasons& reasons, std::string passed_what) {
  if (reasons.empty()) return passed(std::move(passed_what));
  // What is known comes before what only root would have seen.
  const auto known = std::ranges::find(reasons, false, &Reason::needs_root);
  auto reason = known == reasons.end() ? reasons.front() : *known;
  const auto verdict = reason.needs_root ? Verdict::unknown : Verdict::fail;
  if (reasons.size() > 1) {
    reason.what += " (and " + std::to_string(reasons.size() - 1) + " more)";
  }
  CheckAnswer answer{verdict, std::move(reason)};
  if (std::ranges::none_of(reasons, [](const Reason& one) { return one.vm.empty(); })) {
    for (const auto& one : reasons) answer.vms.push_back(one.vm);
  }
  return answer;
}

std::string_view word(Verdict verdict) {
  constexpr std::array<std::string_view, 4> kWords{"PASS", "WARN", "UNKNOWN", "FAIL"};
  return kWords.at(static_cast<std::size_t>(verdict));
}

int exit_status(Verdict worst) {
  constexpr std::array kStatuses{0, 1, 3, 2};
  return kStatuses.at(static_cast<std::size_t>(worst));
}

std::vector<CardCheck> card_checks() {
  std::vector<CardCheck> all;
  for (const auto& table :
       {bus_checks(), group_checks(), hardware_checks(), identity_checks(), use_checks()}) {
    std::ranges::copy(table, std::back_inserter(all));
  }
  std::ranges::sort(all, comes_before);
  return all;
}

std::vector<CheckResult> run_checks(const std::vector<Card>& cards, const CheckInput& input,
                                    const KnownTroubles& known) {
  std::vector<CheckResult> results;
  for (const auto& check : host_checks()) {
    results.push_back({check.id, std::nullopt, ask(check.probe, input, input.as_root)});
  }
  const auto of_cards = card_checks();
  for (const auto& card : cards) {
    const Subject subject(card, cards, input);
    const auto silent = does_not_answer(subject);
    const auto make = [&](const CardCheck& check) {
      auto answer = silent && check.asks_card ? *silent : ask(check.probe, subject, input.as_root);
      results.push_back(
          {check.id, card.label(), known.judge(check.id, subject, std::move(answer))});
    };
    std::ranges::for_each(of_cards, make);
    if (may_concern_slices(subject)) std::ranges::for_each(slice_checks(), make);
  }
  return results;
}

Verdict worst(const std::vector<CheckResult>& results) {
  auto found = Verdict::pass;
  for (const auto& one : results) found = std::max(found, one.answer.verdict);
  return found;
}

std::string checks_table(const std::vector<CheckResult>& results) {
  auto text = line("ID", "CARD", "RESULT", "REASON");
  for (const auto& [id, card, answer] : results) {
    auto reason = answer.reason;
    reason.id = {};  // the table has a column for it
    text += line(id, card ? *card : "-", word(answer.verdict), message(reason));
  }
  return text;
}

std::string checks_markdown() {
  std::string lines;
  const auto add = [&](std::string_view id, std::string_view title, const std::string& refused) {
    lines += "| " + std::string(id) + " | " + std::string(title) + " | " + refused + " |\n";
  };
  for (const auto& one : host_checks()) add(one.id, one.title, "");
  auto of_cards = card_checks();
  std::ranges::copy(slice_checks(), std::back_inserter(of_cards));
  for (const auto& one : of_cards) {
    std::vector<std::string> refused;
    for (const auto* guard : one.refused_by) {
      if (guard != nullptr) refused.push_back("`" + std::string(guard->name) + "`");
    }
    add(one.id, one.title, joined(refused, ", "));
  }
  return lines;
}

std::string checks_json(const std::vector<CheckResult>& results) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& [id, card, answer] : results) {
    list.push_back({{"id", id},
                    {"card", or_null(card)},
                    {"result", word(answer.verdict)},
                    {"reason", answer.reason.what},
                    {"fix", or_null(way_out(answer.reason))}});
    if (!answer.vms.empty()) list.back()["vms"] = answer.vms;
  }
  return json_line({{"checks", list}});
}

}  // namespace cluster::agent
