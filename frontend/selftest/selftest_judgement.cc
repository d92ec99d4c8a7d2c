#include "frontend/selftest/selftest_judgement.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/error.h"
#include "core/text.h"
#include "frontend/hosts/bounded_json.h"
#include "frontend/selftest/pcie_link.h"

namespace cluster::frontend {
namespace {

using nlohmann::json;

// A part of the test of a card, as the head of selftest.sh has it.
struct Part {
  std::vector<std::string> lines;
  std::string end;  // "done 0 nvidia-smi", "not REASON\tFIX"; "" when it was cut off
};

struct Said {
  std::vector<PcieLink> can;  // of both ends of the link
  PcieLink link;              // the best while a tool ran
  std::map<std::string, Part> parts;
};

std::map<std::string, Said> read(const std::string& text) {
  std::map<std::string, Said> cards;
  Said* card = nullptr;
  Part* part = nullptr;
  for (const auto line : split(text, '\n')) {
    const auto word = line.substr(0, line.find(' '));
    const auto rest = std::string(line.substr(std::min(line.size(), word.size() + 1)));
    if (word == "card") {
      card = &cards[rest];
      part = nullptr;
    } else if (card != nullptr && word == "can") {
      card->can.push_back(PcieLink::parse(rest));
    } else if (card != nullptr && word == "link") {
      card->link = most(card->link, PcieLink::parse(rest));
    } else if (card != nullptr && word == "part") {
      part = &card->parts[rest];
    } else if (part != nullptr && word == "|") {
      if (!trim(rest).empty()) part->lines.push_back(rest);
    } else if (part != nullptr && (word == "done" || word == "not")) {
      part->end = line;
    }
  }
  return cards;
}

// The fields of the one line of nvidia-smi; none when there are not `count`.
std::vector<std::string> fields(const Part& part, std::size_t count) {
  std::vector<std::string> found;
  if (part.lines.size() != 1) return found;
  for (const auto field : split(part.lines.front(), ',')) found.emplace_back(trim(field));
  return found.size() == count ? found : std::vector<std::string>();
}

// What nvidia-smi says where a card does not have the thing.
bool is_absent(std::string_view field) {
  return field == "[N/A]" || field == "N/A" || field == "[Not Supported]";
}

std::optional<bool> yes_or_no(std::string_view field) {
  if (field == "Yes" || field == "1") return true;
  return field == "No" || field == "0" ? std::optional(false) : std::nullopt;
}

// The document in a text that may have warnings around it. Throws json::exception.
json document_in(const Part& part) {
  const auto text = joined(part.lines, "\n");
  const auto from = std::min(text.find('{'), text.size());
  const auto end = text.rfind('}') + 1;
  try {
    return json::parse(bounded_json(std::string_view(text).substr(from, end - from)));
  } catch (const Error&) {
    return {};  // has no key that is looked for
  }
}

// The GB/s that nvbandwidth measured; 0 when it did not. Throws json::exception.
double measured(const json& document, const char* test) {
  for (const auto& one : document.at("nvbandwidth").at("testcases")) {
    if (one.at("name") != test || one.at("status") != "Passed") continue;
    const auto& rows = one.at("bandwidth_matrix");
    if (rows.size() == 1 && rows.at(0).size() == 1) return decimal(rows[0][0].get<std::string>());
  }
  return 0;
}

// The same of rocm-bandwidth-test: the average in "128 MB  9715.109  13.815  9705.184  13.829".
double measured(const Part& part) {
  for (const auto& line : part.lines) {
    auto words = split(line, ' ');
    std::erase(words, "");
    if (words.size() == 6 && words[0] == "128" && words[1] == "MB") return decimal(words[3]);
  }
  return 0;
}

// What a test of DCGM found; nothing when it was skipped. A setting of the host, such as
// persistence mode, is no error of the card: severity 5 (DCGM_ERROR_CONFIG of dcgm_errors.h), which
// DCGM before 3.3 does not tell. Throws json::exception.
std::optional<Verdict> verdict_of(const json& result) {
  constexpr int kSetting = 5;
  const auto status = lower(result.at("status").get<std::string>());
  if (status == "skip") return std::nullopt;
  if (status == "pass") return Verdict::pass;
  if (status == "warn") return Verdict::warn;
  if (status != "fail") return Verdict::unknown;
  const auto warnings = result.value("warnings", json::array());
  const bool is_setting = warnings.is_array() && !warnings.empty() &&
                          std::ranges::all_of(warnings, [](const json& one) {
                            return one.is_object() && one.value("error_severity", 0) == kSetting;
                          });
  return is_setting ? Verdict::pass : Verdict::fail;
}

// ": Uncorrectable ECC error", the first thing that it says; "" = nothing.
std::string words_of(const json& result) {
  auto said = result.value("warnings", json());
  if (said.is_array() && !said.empty()) said = said.front();
  if (said.is_object()) said = said.value("warning", json());
  return said.is_string() ? ": " + said.get<std::string>() : "";
}

class Judge {
 public:
  Judge(const GpuCard& card, const Said& said, const std::string& why)
      : card_(card.name.str()), pci_(card.pci.sysfs()), said_(said), why_(why) {}

  std::vector<CheckAnswer> run(bool is_amd) {
    is_amd ? counted_errors() : ecc();
    is_amd ? bad_pages() : rows();
    link();
    is_amd ? rocm_bandwidth() : nvbandwidth();
    if (!is_amd) diag();
    return std::move(checks_);
  }

 private:
  void say(const std::string& id, Verdict verdict, const std::string& reason,
           const std::string& fix = "") {
    checks_.push_back({id, card_, verdict, printable(reason), printable(fix)});
  }

  void strange(const std::string& id, const Part& part) {
    say(id, Verdict::unknown,
        "cannot understand what " + part.end.substr(part.end.rfind(' ') + 1) +
            " says: " + quote(joined(part.lines, " ").substr(0, 80)));
  }

  // The part when its tool ended by itself; else says why not.
  const Part* ended(const std::string& id, const std::string& name) {
    const auto at = said_.parts.find(name);
    if (at == said_.parts.end() || at->second.end.empty()) {
      say(id, Verdict::unknown, "the test did not come so far" + (why_.empty() ? "" : ": " + why_));
      return nullptr;
    }
    const auto& end = at->second.end;
    if (split(end, ' ').size() == 3 && end.starts_with("done ")) return &at->second;
    const auto fix = end.find('\t');
    say(id, Verdict::unknown, end.substr(std::min<std::size_t>(4, end.size()), fix - 4),
        fix == std::string::npos ? "" : end.substr(fix + 1));
    return nullptr;
  }

  // The part when its tool ended well; else says why not.
  const Part* good(const std::string& id, const std::string& name) {
    const auto* part = ended(id, name);
    if (part == nullptr || part->end.starts_with("done 0 ")) return part;
    const auto words = split(part->end, ' ');
    // What nvidia-smi(1) says of the card by its status: no power, its interrupts, its infoROM, off
    // the bus.
    constexpr std::array<std::string_view, 4> kOfTheCard{"8", "10", "14", "15"};
    const bool is_its_fault =
        words[2] == "nvidia-smi" && std::ranges::find(kOfTheCard, words[1]) != kOfTheCard.end();
    say(id, is_its_fault ? Verdict::fail : Verdict::unknown,
        std::string(words[2]) + " ended with status " + std::string(words[1]) +
            (part->lines.empty() ? "" : ": " + part->lines.back()),
        is_its_fault ? "power the host off and on; replace the card when it comes again" : "");
    return nullptr;
  }

  void errors(const Part& part, std::optional<long long> bad, std::optional<long long> mended) {
    if (!bad || !mended) return strange("T1", part);
    const auto counts = std::to_string(*bad) + " uncorrected and " + std::to_string(*mended) +
                        " corrected errors of memory since its driver began";
    if (*bad == 0) return say("T1", Verdict::pass, counts);
    say("T1", Verdict::fail, counts, "reboot the host; replace the card when they come again");
  }

  void ecc() {
    const auto* part = good("T1", "ecc");
    if (part == nullptr) return;
    const auto all = fields(*part, 3);
    if (all.empty()) return strange("T1", *part);
    if (is_absent(all[0])) return say("T1", Verdict::pass, "it has no ECC");
    if (all[0] == "Disabled") {
      return say("T1", Verdict::unknown, "its ECC is off: nobody counts errors of its memory",
                 "nvidia-smi -i " + pci_ + " -e 1, then reboot the host");
    }
    errors(*part, parse_number(all[1]), parse_number(all[2]));
  }

  // Lines "ue: 0", "ce: 2" for each block (Documentation/gpu/amdgpu/ras.rst).
  void counted_errors() {
    const auto* part = good("T1", "ecc");
    if (part == nullptr) return;
    std::map<std::string, std::optional<long long>> sums;
    for (const auto& line : part->lines) {
      const auto number = parse_number(line.substr(line.rfind(' ') + 1));
      if (!number || line.rfind(": ") == std::string::npos) return strange("T1", *part);
      auto& sum = sums[line.substr(0, line.rfind(": "))];
      sum = sum.value_or(0) + *number;
    }
    errors(*part, sums["ue"], sums["ce"]);
  }

  void out_of_use(bool failed, bool pending, const std::string& counts) {
    if (failed) {
      return say("T2", Verdict::fail, "bad memory could not be taken out of use: " + counts,
                 "replace the card");
    }
    if (!pending) return say("T2", Verdict::pass, counts);
    say("T2", Verdict::warn, "bad memory is yet to be taken out of use: " + counts,
        "reboot the host");
  }

  // Cards before Ampere retire pages, and remap no rows.
  void rows() {
    const auto* part = good("T2", "rows");
    if (part == nullptr) return;
    auto all = fields(*part, 4);
    const bool retires = !all.empty() && is_absent(all[0]);
    if (retires) {
      part = good("T2", "pages");
      if (part == nullptr) return;
      all = fields(*part, 3);
      if (!all.empty()) all.emplace_back("No");
    }
    if (all.empty()) return strange("T2", *part);
    if (is_absent(all[0])) return say("T2", Verdict::pass, "it takes no memory out of use");
    const auto pending = yes_or_no(all[2]);
    const auto failed = yes_or_no(all[3]);
    if (!parse_number(all[0]) || !parse_number(all[1]) || !pending || !failed) {
      return strange("T2", *part);
    }
    out_of_use(*failed, *pending,
               std::string(retires ? "pages retired: " : "rows remapped: ") + all[1] +
                   " for uncorrectable errors, " + all[0] + " for correctable ones");
  }

  // Lines "0x00000001 : 0x00001000 : R": R reserved, P pending, F could not be reserved.
  void bad_pages() {
    const auto* part = good("T2", "rows");
    if (part == nullptr) return;
    std::map<std::string, int> flags{{"R", 0}, {"P", 0}, {"F", 0}};
    for (const auto& line : part->lines) {
      const auto at = flags.find(line.substr(line.rfind(' ') + 1));
      if (!line.starts_with("0x") || at == flags.end()) return strange("T2", *part);
      ++at->second;
    }
    out_of_use(flags["F"] > 0, flags["P"] > 0, std::to_string(part->lines.size()) + " bad pages");
  }

  void link() {
    if (said_.can.size() == 2) can_ = least(said_.can[0], said_.can[1]);
    const auto& now = said_.link;
    if (can_.lanes == 0) {
      return say("T3", Verdict::unknown, "the kernel does not show what its link can do");
    }
    if (now.lanes == 0) return say("T3", Verdict::unknown, "no tool has used its link: see T4");
    const auto text = "its link has " + now.str() + " while it is used";
    if (now.speed >= can_.speed && now.lanes >= can_.lanes) return say("T3", Verdict::pass, text);
    say("T3", Verdict::warn, text + ", and could have " + can_.str(),
        "reseat the card, check its riser");
  }

  // 70 of 100 leave room for what packets need beside the data.
  void bandwidth(double to_card, double to_host) {
    constexpr double kEnough = 0.7;
    const auto& link = said_.link.lanes > 0 ? said_.link : can_;
    const auto text = one_digit(to_card) + " GB/s to it, " + one_digit(to_host) + " GB/s from it";
    if (link.lanes == 0) {
      return say("T4", Verdict::unknown, text + ", and nobody knows what its link can do");
    }
    const auto all = one_digit(link.rate()) + " GB/s, the rate of " + link.str();
    if (std::min(to_card, to_host) >= kEnough * link.rate()) {
      return say("T4", Verdict::pass, text + ", of " + all);
    }
    say("T4", Verdict::warn, text + ": less than 70% of " + all, "see T3, D16 and D17");
  }

  void nvbandwidth() {
    const auto* part = good("T4", "bandwidth");
    if (part == nullptr) return;
    try {
      const auto document = document_in(*part);
      const auto to_card = measured(document, "host_to_device_memcpy_ce");
      const auto to_host = measured(document, "device_to_host_memcpy_ce");
      if (to_card > 0 && to_host > 0) return bandwidth(to_card, to_host);
    } catch (const json::exception&) {  // it is told below
    }
    strange("T4", *part);
  }

  void rocm_bandwidth() {
    const auto* there = good("T4", "bandwidth");
    const auto* back = there == nullptr ? nullptr : good("T4", "back");
    if (back == nullptr) return;
    for (const auto* one : {there, back}) {
      if (measured(*one) <= 0) return strange("T4", *one);
    }
    bandwidth(measured(*there), measured(*back));
  }

  // Its status is not 0 when a test failed.
  void diag() {
    const auto* part = ended("T5", "diag");
    if (part == nullptr) return;
    auto worst = Verdict::unknown;
    std::string what;
    try {
      const auto document = document_in(*part);
      const bool is_old = document.contains("DCGM GPU Diagnostic");  // DCGM 3
      for (const auto& category :
           document.at(is_old ? "DCGM GPU Diagnostic" : "DCGM Diagnostic").at("test_categories")) {
        for (const auto& test : category.at("tests")) {
          for (const auto& result : test.at("results")) {
            const auto verdict = verdict_of(result);
            if (!verdict || (!what.empty() && *verdict <= worst)) continue;
            worst = *verdict;
            what = test.at("name").get<std::string>() + words_of(result);
          }
        }
      }
    } catch (const json::exception&) {
      what.clear();
    }
    if (what.empty()) {
      if (good("T5", "diag") != nullptr) strange("T5", *part);
      return;
    }
    if (worst == Verdict::pass) return say("T5", worst, "dcgmi diag -r 1 finds no error of it");
    say("T5", worst, "dcgmi diag -r 1: " + what, "dcgmi diag -r 2 on the host tells more");
  }

  std::string card_, pci_;
  const Said& said_;
  const std::string& why_;
  PcieLink can_;
  std::vector<CheckAnswer> checks_;
};

}  // namespace

std::vector<CheckAnswer> judge_selftest(const std::vector<GpuCard>& cards, const std::string& said,
                                        const std::string& why) {
  const auto all = read(said);
  static const Said nothing;
  std::vector<CheckAnswer> checks;
  for (const auto& card : cards) {
    const auto at = all.find(card.name.str());
    const bool is_amd = !card.functions.empty() && card.functions.front().vendor == "1002";
    auto own = Judge(card, at == all.end() ? nothing : at->second, why).run(is_amd);
    std::ranges::move(own, std::back_inserter(checks));
  }
  return checks;
}

bool is_of_selftest(std::string_view id) {
  return id.size() == 2 && id[0] == 'T' && is_digit(id[1]);
}

}  // namespace cluster::frontend
