#include "node-agent/guard.h"

#include <algorithm>
#include <set>

namespace cluster::agent {
namespace {

constexpr std::uint16_t kPciBridge = 0x0604;

std::string no_group(const PciFunction& function) {
  return function.pci.sysfs() +
         " is in no IOMMU group; turn on VT-d or AMD-Vi in the firmware, on Intel add "
         "intel_iommu=on to the kernel's command line, and reboot";
}

std::string foreigner(const PciFunction& other, int group) {
  return other.pci.sysfs() + " (class " + hex4(other.device_class) + ", driver " + *other.driver +
         ") shares IOMMU group " + std::to_string(group) +
         " with it; put the card into a slot with a group of its own, or detach that device too";
}

}  // namespace

std::optional<std::string> refusal(const Card& card, const std::vector<Card>& together,
                                   const Sysfs& sysfs, const Settings& settings) {
  std::set<int> groups;
  for (const auto& function : card.functions) {
    if (!function.iommu_group) return no_group(function);
    groups.insert(*function.iommu_group);
  }
  for (const int group : groups) {
    for (const auto& pci : sysfs.group_members(group)) {
      if (std::ranges::any_of(together, [&](auto& one) { return has(one, pci); })) continue;
      const auto other = sysfs.read(pci);
      if (other.device_class == kPciBridge || !other.driver) continue;
      if (!settings.is_stub(*other.driver)) return foreigner(other, group);
    }
  }
  return std::nullopt;
}

}  // namespace cluster::agent
