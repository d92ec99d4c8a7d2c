#include "frontend/hosts/ask.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/hosts/bounded_json.h"
#include "frontend/hosts/guest_address.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/hosts/sudo.h"

namespace cluster::frontend {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxAnswer = 16U << 20U;
constexpr std::size_t kMaxAnswers = 1U << 30U;  // of all hosts
constexpr std::size_t kMostInAList = 4096;      // a card has 256 slices at most, a host a few cards
constexpr std::size_t kLongestFact = 1024;      // bytes
constexpr std::string_view kGpupci = "/usr/local/bin/gpupci";  // as docs/security.md has it
// No name of a host is in it: the same words of many hosts become one line.
constexpr std::string_view kVersionHint = "is it of this version? cluster sync host agent";
constexpr int kCommandNotFound = 127;  // the status that every POSIX shell gives

class Collector : public ssh::Sink {
 public:
  explicit Collector(std::vector<AgentAnswer>& answers) : answers_(answers) {}

  void out(std::size_t target, std::string_view bytes) override {
    add(answers_[target].out, bytes);
  }
  void err(std::size_t target, std::string_view bytes) override {
    add(answers_[target].err, bytes);
  }
  void ended(std::size_t, const ssh::Reply&) override {}
  bool prints() const override { return false; }

 private:
  void add(std::string& text, std::string_view bytes) {
    bytes = bytes.substr(0, std::min(kMaxAnswer - text.size(), kMaxAnswers - kept_));
    kept_ += bytes.size();
    text += bytes;
  }

  std::vector<AgentAnswer>& answers_;
  std::size_t kept_ = 0;  // bytes of all
};

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

constexpr std::array kVerdicts{"PASS", "WARN", "UNKNOWN", "FAIL"};

// A newer agent may say another word. Such a word is unknown, and never a pass.
Verdict verdict_of(const std::string& text) {
  const auto at = std::ranges::find(kVerdicts, text);
  return at == kVerdicts.end() ? Verdict::unknown : static_cast<Verdict>(at - kVerdicts.begin());
}

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

// The functions of a card usually have one outcome. If one function differs, its outcome says most.
std::string outcome_of(const json& card) {
  std::string outcome;
  for (const auto& function : card.at("functions")) {
    const auto word = function.at("outcome").get<std::string>();
    if (outcome.empty() || word == "failed" || outcome.starts_with("already")) outcome = word;
  }
  return outcome;
}

// Why sudo did not let the command run. It ends with 1 then, and a shell that finds no sudo with
// 127.
std::string refused_by_sudo(const AgentAnswer& answer, std::string_view program) {
  const auto status = answer.reply.status;
  if (!trim(answer.out).empty() || (status != 1 && status != kCommandNotFound)) return "";
  return sudo_refusal(login_user(answer.host), answer.err, program);
}

}  // namespace

std::string_view name(Verdict verdict) { return kVerdicts.at(static_cast<std::size_t>(verdict)); }

ssh::Limits limits_of(const std::string& timeout) {
  constexpr int kDay = 86400;
  ssh::Limits limits;
  limits.command_timeout = std::chrono::seconds(parse_int("timeout", timeout, 1, kDay));
  return limits;
}

std::vector<AgentAnswer> ask_agents(Context& context, const std::vector<Host>& hosts,
                                    const std::string& words, const ssh::Limits& limits) {
  std::vector<std::string> commands;
  for (const auto& host : hosts) commands.push_back(gpupci_command(host, words));
  return ask_hosts(context, hosts, commands, limits);
}

std::vector<AgentAnswer> ask_hosts(Context& context, const std::vector<Host>& hosts,
                                   const std::vector<std::string>& commands,
                                   const ssh::Limits& limits,
                                   const std::vector<ssh::Input>& inputs) {
  std::vector<AgentAnswer> answers;
  auto targets = targets_of(context, hosts, limits);
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    answers.push_back({hosts[i], {}, "", ""});
    targets[i].command = commands[i];
    if (!inputs.empty()) targets[i].input = inputs[i];
  }
  Collector collector(answers);
  auto replies = context.transport.run(targets, "", limits, collector);
  for (std::size_t i = 0; i < answers.size(); ++i) answers[i].reply = std::move(replies[i]);
  return answers;
}

std::optional<Error> unfinished(const AgentAnswer& answer) {
  const auto end = answer.reply.end;
  if (end == ssh::End::exited) {
    const auto refused = refused_by_sudo(answer, "ALL");
    return refused.empty() ? std::nullopt : std::optional(Error(Fault::io, refused));
  }
  return Error(ssh::reached(end) ? Fault::io : Fault::unreachable, answer.reply.reason);
}

std::string no_answer(const AgentAnswer& answer) {
  if (answer.reply.end != ssh::End::exited) return answer.reply.reason;
  if (auto refused = refused_by_sudo(answer, kGpupci); !refused.empty()) return refused;
  if (answer.reply.status == kCommandNotFound) {
    return "there is no gpupci: cluster sync host agent puts it there";
  }
  if (!trim(answer.out).empty()) return "";
  const std::string said =
      answer.err.empty() ? "" : ": " + std::string(trim(split(answer.err, '\n')[0]));
  // Words that it does not know end with the status of wrong usage, and ours are right for ours.
  const bool is_doubtful = answer.reply.status == exit_status(Fault::usage);
  // gpupci --serve-ssh says so of what sudo=yes of the host puts before it.
  const bool is_forced = said.find("this key runs gpupci only") != std::string::npos;
  return "gpupci ended with status " + std::to_string(answer.reply.status) + " and no answer" +
         said +
         (is_forced     ? " (a host whose key has a forced command has no sudo=yes)"
          : is_doubtful ? " (" + std::string(kVersionHint) + ")"
                        : "");
}

std::optional<Error> take_answer(const AgentAnswer& answer,
                                 const std::function<void(const AgentAnswer&)>& work) {
  if (const auto why = no_answer(answer); !why.empty()) {
    const bool reached = ssh::reached(answer.reply.end);
    return Error(reached ? Fault::io : Fault::unreachable, why);
  }
  try {
    work(answer);
  } catch (const Error& error) {
    return Error(Fault::io, error.what());
  }
  return std::nullopt;
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
    for (const auto& card : document.at("cards")) {
      outcomes.push_back({SliceName::parse(card.at("name").get<std::string>()),
                          PciAddress::parse(card.at("pci").get<std::string>()), outcome_of(card),
                          optional_of<std::string>(card, "error").value_or("")});
    }
    return outcomes;
  });
}

std::vector<CheckAnswer> checks_of(const AgentAnswer& answer) {
  return understood(answer, [](const json& document) {
    std::vector<CheckAnswer> checks;
    for (const auto& check : bounded(document.at("checks"))) {
      checks.push_back({check.at("id").get<std::string>(),
                        optional_of<std::string>(check, "card").value_or(""),
                        verdict_of(check.at("result").get<std::string>()),
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
