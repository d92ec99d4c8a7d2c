#include "node-agent/guard/guard.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "core/error.h"
#include "core/text.h"
#include "node-agent/guard/block_users.h"
#include "node-agent/guard/card_users.h"
#include "node-agent/guard/framebuffer.h"
#include "node-agent/guard/net_users.h"
#include "node-agent/guard/slice_users.h"

namespace cluster::agent {
namespace {

constexpr std::uint16_t kPciBridge = 0x0604;
constexpr std::string_view kVm = "vm";
constexpr std::string_view kHolder = "holder";

std::string foreigner(const PciFunction& other, int group) {
  return other.pci.sysfs() + " (class " + hex4(other.device_class) + ", driver " + *other.driver +
         ") shares IOMMU group " + std::to_string(group) +
         " with it; put the card into a slot with a group of its own, or detach that device too";
}

struct Guard {
  std::string_view name;
  Culprits (*find)(const Card&, const std::vector<Card>& same_call, const GuardInput&);
};

// Those that look at one thing each; `vm` and `holder` share a look at all processes.
constexpr std::array kGuards{
    Guard{"iommu", [](auto& card, auto&, auto&) { return iommu_culprits(card); }},
    Guard{"group", group_culprits},
    Guard{"slices", [](auto& card, auto&, auto& input) { return slice_users(card, input); }},
    Guard{"disk", [](auto& card, auto&, auto& input) { return block_users(card, input); }},
    Guard{"network", [](auto& card, auto&, auto& input) { return net_users(card, input); }},
    Guard{"console", [](auto& card, auto&, auto& input) { return console_users(card, input); }},
    Guard{"framebuffer",
          [](auto& card, auto&, auto& input) { return framebuffer_users(card, input); }},
};

void add(std::string_view guard, Culprits culprits, std::vector<Refusal>& refusals) {
  for (auto& culprit : culprits) refusals.push_back({guard, std::move(culprit)});
}

// Whoever holds it for a moment only is waited for, a little: udev looks at each device that has
// just got its driver, at a boot and after an attach.
CardUsers users_for_good(const Card& card, const GuardInput& input) {
  constexpr std::chrono::milliseconds kPause{100};
  const auto end = std::chrono::steady_clock::now() + input.settle_time;
  for (;;) {
    auto users = card_users(card, input);
    if (!users.passing || !users.vms.empty()) return users;
    if (std::chrono::steady_clock::now() >= end) return users;
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

Culprits iommu_culprits(const Card& card) {
  for (const auto& function : card.functions) {
    if (function.iommu_group) continue;
    return {function.pci.sysfs() +
            " is in no IOMMU group; turn on VT-d or AMD-Vi in the firmware, on Intel add "
            "intel_iommu=on to the kernel's command line, and reboot"};
  }
  return {};
}

Culprits group_culprits(const Card& card, const std::vector<Card>& same_call,
                        const GuardInput& input) {
  Culprits culprits;
  std::set<int> groups;
  for (const auto& function : card.functions) {
    if (function.iommu_group) groups.insert(*function.iommu_group);
  }
  for (const int group : groups) {
    for (const auto& pci : input.sysfs.group_members(group)) {
      if (std::ranges::any_of(same_call, [&](auto& one) { return has(one, pci); })) continue;
      const auto other = input.sysfs.read(pci);
      if (other.device_class == kPciBridge || !other.driver) continue;
      if (!input.settings.is_stub(*other.driver)) culprits.push_back(foreigner(other, group));
    }
  }
  return culprits;
}

std::vector<Refusal> refusals(const Card& card, const std::vector<Card>& same_call,
                              const GuardInput& input, const Forced& forced) {
  std::vector<Refusal> found;
  // Last of all, as a program may start at any time; but a VM is what is told first.
  for (const auto& guard : kGuards) {
    if (!forced.contains(guard.name)) add(guard.name, guard.find(card, same_call, input), found);
  }
  const bool wait = found.empty() && !forced.contains(kHolder);
  auto users = wait ? users_for_good(card, input) : card_users(card, input);
  std::vector<Refusal> all;
  add(kVm, std::move(users.vms), all);
  std::ranges::move(found, std::back_inserter(all));
  if (!forced.contains(kHolder)) add(kHolder, std::move(users.holders), all);
  return all;
}

std::vector<Refusal> attach_refusals(const Card& card, const GuardInput& input) {
  std::vector<Refusal> found;
  add(kVm, card_vms(card, input), found);
  return found;
}

std::string one_line(const std::vector<Refusal>& refusals) {
  constexpr std::size_t kShown = 4;  // each is worth a line of its own
  std::vector<std::string> lines;
  for (const auto& one : refusals) {
    if (lines.size() == kShown) break;
    lines.push_back(std::string(one.guard) + ": " + one.why);
  }
  if (refusals.size() > kShown) {
    lines.push_back("and " + std::to_string(refusals.size() - kShown) + " reasons more");
  }
  return joined(lines, "; ");
}

std::vector<std::string_view> guards(const std::vector<Refusal>& refusals) {
  std::vector<std::string_view> names;
  for (const auto& one : refusals) {
    if (std::ranges::find(names, one.guard) == names.end()) names.push_back(one.guard);
  }
  return names;
}

void add_forced(std::string_view list, Forced& forced) {
  for (const auto name : split(list, ',')) {
    if (name != kHolder && std::ranges::find(kGuards, name, &Guard::name) == kGuards.end()) {
      std::vector<std::string> names;
      for (const auto& guard : kGuards) names.emplace_back(guard.name);
      names.emplace_back(kHolder);
      throw Error(Fault::usage, name == kVm ? "a running VM cannot be overridden; shut it down"
                                            : "no such guard: " + quote(name) + " (want " +
                                                  joined(names, ", ") + ")");
    }
    forced.emplace(name);
  }
}

}  // namespace cluster::agent
