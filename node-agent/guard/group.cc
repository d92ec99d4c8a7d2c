#include <algorithm>
#include <set>

#include "core/hex.h"
#include "core/text.h"
#include "node-agent/guard/guards.h"

namespace cluster::agent {
namespace {

constexpr std::uint16_t kPciBridge = 0x0604;

Reason foreigner(const PciFunction& other, int group) {
  return {.what = other.pci.sysfs() + " (class " + hex4(other.device_class) + ", driver " +
                  *other.driver + ") shares IOMMU group " + std::to_string(group) + " with it",
          .fix = "put the card into a slot with a group of its own, or detach that device too"};
}

// While another device of a group has a host driver, the kernel calls the group not viable, and no
// VM starts with the card. A bridge does no harm.
Reasons probe(const Subject& subject) {
  Reasons reasons;
  std::set<int> groups;
  for (const auto& function : subject.card.functions) {
    if (function.iommu_group) groups.insert(*function.iommu_group);
  }
  const auto& input = subject.input;
  for (const int group : groups) {
    for (const auto& pci : input.sysfs.group_members(group)) {
      if (std::ranges::any_of(subject.same_call, [&](auto& one) { return has(one, pci); }))
        continue;
      const auto other = input.sysfs.read(pci);
      if (other.device_class == kPciBridge || !other.driver) continue;
      if (!input.settings.is_stub(*other.driver)) reasons.push_back(foreigner(other, group));
    }
  }
  return reasons;
}

}  // namespace

constinit const Guard kGroupGuard{
    .name = "group",
    .help = "a device of the host shares its IOMMU group and has a driver",
    .probe = probe};

}  // namespace cluster::agent
