#include "frontend/hosts/agent_json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/error.h"
#include "core/text.h"
#include "frontend/hosts/bounded_json.h"

namespace cluster::frontend {
namespace {

using nlohmann::json;

constexpr std::size_t kMostInAList = 4096;  // a card has 256 slices at most, a host a few cards
constexpr std::size_t kLongestFact = 1024;  // bytes

// Reads the document with `read`. Anything in it that is not as expected becomes an error of one
// line.
template <typename Read>
auto understood(const AgentAnswer& answer, Read read) {
  try {
    return read(json::parse(bounded_json(answer.out)));
  } catch (const json::exception&) {  // no JSON, or not these keys
  } catch (const Error&) {            // beyond the bounds, or a name or an address is not valid
  }
  throw Error(Fault::io, "cannot understand what gpupci says there (" + std::string(kVersionHint) +
                             "): " + quote(trim(std::string_view(answer.out).substr(0, 80))));
}

template <typename Value>
std::optional<Value> optional_of(const json& object, const char* key) {
  const auto at = object.find(key);
  if (at == object.end() || at->is_null()) return std::nullopt;
  return at->get<Value>();
}

// A number that is too large would silently become another one.
std::optional<int> int_of(const json& object, const char* key) {
  const auto at = object.find(key);
  if (at == object.end() || at->is_null()) return std::nullopt;
  const auto number = at->is_number_integer() ? at->get<double>() : HUGE_VAL;
  if (std::abs(number) > std::numeric_limits<int>::max()) {
    throw Error(Fault::io, "no number of this size: " + std::string(key));
  }
  return at->get<int>();
}

// A fact of a card, a text.
std::optional<std::string> fact_of(const json& object, const char* key) {
  auto fact = optional_of<std::string>(object, key);
  if (fact && (fact->size() > kLongestFact || fact->find('\0') != std::string::npos)) {
    throw Error(Fault::io, "no fact of a card: " + std::string(key));
  }
  return fact;
}

std::string required_fact(const json& object, const char* key) {
  object.at(key);
  return fact_of(object, key).value_or("");
}

// The list, which must not be endless.
const json& bounded(const json& list) {
  if (list.size() > kMostInAList) throw Error(Fault::io, "too many in a list");
  return list;
}

std::optional<int> numa_node_of(const json& card) {
  const auto node = int_of(card, "numa_node");
  return node && *node >= 0 ? node : std::nullopt;
}

// The BARs that the firmware of a guest puts above 4 GiB, in MiB. They are not known when one of
// them has no size, as the host had no room for it.
std::optional<std::vector<int>> bars_of(const json& function) {
  const auto bars = function.find("bars");
  if (bars == function.end() || bars->is_null()) return std::nullopt;
  std::vector<int> sizes;
  std::uint64_t sum = 0;
  for (const auto& bar : bounded(*bars)) {
    if (!bar.at("64bit").get<bool>() || !bar.at("prefetchable").get<bool>()) continue;
    const auto size = optional_of<std::uint64_t>(bar, "size");
    if (!size) return std::nullopt;
    const auto mib = *size >> 20U;
    sum += mib;  // 4096 of these cannot overflow
    if (sum > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) {
      throw Error(Fault::io, "BARs of " + std::to_string(sum) + " MiB");
    }
    if (mib > 0) sizes.push_back(static_cast<int>(mib));
  }
  return sizes;
}

constexpr std::array<std::string_view, 4> kVerdicts{"PASS", "WARN", "UNKNOWN", "FAIL"};

GpuFunction function_of(const json& function) {
  const auto bars = bars_of(function);
  return {PciAddress::parse(function.at("pci").get<std::string>()),
          required_fact(function, "class"),
          required_fact(function, "vendor"),
          required_fact(function, "device"),
          fact_of(function, "subsystem_vendor"),
          fact_of(function, "subsystem_device"),
          int_of(function, "iommu_group"),
          bars ? std::optional(std::accumulate(bars->begin(), bars->end(), 0)) : std::nullopt,
          bars.value_or(std::vector<int>())};
}

// An agent that is older than slices does not send such a list.
const json& list_in(const json& object, const char* key) {
  static const json none = json::array();
  const auto at = object.find(key);
  return at == object.end() ? none : bounded(*at);
}

// Calls `take` for each vGPU of that interface that is there.
template <typename Take>
void each_vgpu(const json& document, const char* interface, Take take) {
  for (const auto& vgpu : list_in(document, "vgpus")) {
    if (vgpu.at("state").get<std::string>() == "missing") continue;
    if (vgpu.at("interface").get<std::string>() == interface) take(vgpu);
  }
}

std::vector<GpuSlice> slices_of(const json& card) {
  std::vector<GpuSlice> slices;
  for (const auto& slice : list_in(card, "slices")) {
    const auto name = SliceName::parse(slice.at("name").get<std::string>());
    if (!name.slice) throw Error(Fault::io, "no slice: " + name.str());
    slices.push_back({*name.slice, PciAddress::parse(slice.at("pci").get<std::string>())});
  }
  std::ranges::sort(slices, {}, &GpuSlice::number);
  return slices;
}

GpuCard card_of(const json& card) {
  GpuCard result{GpuName(card.at("name").get<std::string>()),
                 PciAddress::parse(card.at("pci").get<std::string>()),
                 fact_of(card, "model"),
                 fact_of(card, "serial"),
                 fact_of(card, "uuid"),
                 fact_of(card, "slot"),
                 numa_node_of(card),
                 optional_of<std::string>(card, "state") == "missing",
                 {}};
  std::map<PciAddress, std::string> drivers;
  for (const auto& function : bounded(card.at("functions"))) {
    result.functions.push_back(function_of(function));
    if (!function.contains("driver")) continue;
    drivers[result.functions.back().pci] = fact_of(function, "driver").value_or("-");
  }
  if (!drivers.empty() && drivers.size() == result.functions.size()) {
    std::vector<std::string> words;
    for (const auto& [pci, driver] : drivers) words.push_back(driver);
    result.told.driver = joined(words, " ");
  }
  result.slices = slices_of(card);
  return result;
}

std::vector<GpuCard> cards_in(const json& document) {
  std::vector<GpuCard> cards;
  for (const auto& card : bounded(document.at("cards"))) cards.push_back(card_of(card));
  each_vgpu(document, "vendor-vfio", [&](const json& vgpu) {
    const auto name = SliceName::parse(vgpu.at("id").get<std::string>());
    for (auto& card : cards) {
      for (auto& slice : card.slices) {
        if (card.name == name.card && slice.number == name.slice) {
          slice.type = required_fact(vgpu, "type");
        }
      }
    }
  });
  return cards;
}

std::optional<std::vector<Mdev>> mdevs_in(const json& document) {
  if (!document.contains("vgpus")) return std::nullopt;
  std::vector<Mdev> mdevs;
  each_vgpu(document, "mdev", [&](const json& vgpu) {
    mdevs.push_back(
        {required_fact(vgpu, "id"), required_fact(vgpu, "parent"), required_fact(vgpu, "type")});
  });
  std::ranges::sort(mdevs, {}, &Mdev::uuid);
  return mdevs;
}

struct ResultWord {
  CardResult result;
  std::string_view word;
};
constexpr std::array kResults{
    ResultWord{CardResult::detached, "detached"},
    ResultWord{CardResult::already_detached, "already detached"},
    ResultWord{CardResult::would_detach, "would detach"},
    ResultWord{CardResult::attached, "attached"},
    ResultWord{CardResult::already_attached, "already attached"},
    ResultWord{CardResult::without_driver, "no driver"},
    ResultWord{CardResult::would_attach, "would attach"},
    ResultWord{CardResult::rolled_back, "rolled back"},
    ResultWord{CardResult::failed, "failed"},
    ResultWord{CardResult::held_back, "not attached"},
    ResultWord{CardResult::untouched, "untouched"},
};

CardResult result_of(std::string_view word) {
  const auto* const at = std::ranges::find(kResults, word, &ResultWord::word);
  return at == kResults.end() ? CardResult::unknown : at->result;
}

bool says_little(const CardOutcome& outcome) {
  return outcome.word.empty() || outcome.result == CardResult::already_detached ||
         outcome.result == CardResult::already_attached;
}

// The functions of a card usually have one outcome. If one function differs, its outcome says most.
CardOutcome outcome_of(const json& card) {
  CardOutcome outcome{SliceName::parse(card.at("name").get<std::string>()),
                      PciAddress::parse(card.at("pci").get<std::string>()), CardResult::unknown, "",
                      optional_of<std::string>(card, "error").value_or("")};
  for (const auto& function : card.at("functions")) {
    const auto word = function.at("outcome").get<std::string>();
    const auto result = result_of(word);
    if (result != CardResult::failed && !says_little(outcome)) continue;
    outcome.result = result;
    outcome.word = word;
  }
  return outcome;
}

}  // namespace

std::string_view name(Verdict verdict) { return kVerdicts.at(static_cast<std::size_t>(verdict)); }

std::optional<Verdict> verdict_named(std::string_view word) {
  const auto* const at = std::ranges::find(kVerdicts, word);
  if (at == kVerdicts.end()) return std::nullopt;
  return static_cast<Verdict>(at - kVerdicts.begin());
}

std::vector<GpuCard> cards_of(const AgentAnswer& answer) { return understood(answer, cards_in); }

std::map<PciAddress, std::string> drivers_of(const AgentAnswer& answer) {
  return understood(answer, [](const json& document) {
    std::map<PciAddress, std::string> drivers;
    const auto add = [&](const json& function) {
      drivers.emplace(PciAddress::parse(function.at("pci").get<std::string>()),
                      optional_of<std::string>(function, "driver").value_or(""));
    };
    for (const auto& card : document.at("cards")) {
      for (const auto& function : card.at("functions")) add(function);
      for (const auto& slice : list_in(card, "slices")) add(slice);
    }
    return drivers;
  });
}

std::string stub_driver_of(const AgentAnswer& answer) {
  return understood(answer, [](const json& document) {
    return optional_of<std::string>(document, "stub_driver").value_or("");
  });
}

std::optional<std::vector<Mdev>> mdevs_of(const AgentAnswer& answer) {
  return understood(answer, mdevs_in);
}

ToldDevices devices_of(const AgentAnswer& answer) {
  return understood(answer, [](const json& document) {
    return ToldDevices{cards_in(document), mdevs_in(document)};
  });
}

std::vector<CardOutcome> outcomes_of(const AgentAnswer& answer) {
  return understood(answer, [](const json& document) {
    std::vector<CardOutcome> outcomes;
    for (const auto& card : document.at("cards")) outcomes.push_back(outcome_of(card));
    return outcomes;
  });
}

std::vector<CheckAnswer> checks_of(const AgentAnswer& answer) {
  return understood(answer, [](const json& document) {
    std::vector<CheckAnswer> checks;
    for (const auto& check : bounded(document.at("checks"))) {
      // A newer agent may say another word. Such a word is unknown, and never a pass.
      const auto result = verdict_named(check.at("result").get<std::string>());
      checks.push_back({check.at("id").get<std::string>(),
                        optional_of<std::string>(check, "card").value_or(""),
                        result.value_or(Verdict::unknown),
                        optional_of<std::string>(check, "reason").value_or(""),
                        optional_of<std::string>(check, "fix").value_or("")});
      const auto vms = check.find("vms");
      if (vms == check.end()) continue;
      for (const auto& vm : bounded(*vms)) checks.back().vms.push_back(vm.get<std::string>());
    }
    return checks;
  });
}

}  // namespace cluster::frontend
