#include "node-agent/guard/subject.h"

#include "node-agent/guard/sharers.h"

namespace cluster::agent {

std::vector<PciAddress> sharers(const Card& card, const Sysfs& sysfs) {
  std::vector<PciAddress> found;
  for (const int group : iommu_groups(card)) {
    for (const auto& pci : sysfs.group_members(group).functions) {
      if (!has(card, pci) && !sysfs.is_bridge(pci)) found.push_back(pci);
    }
  }
  return found;
}

std::vector<PciFunction> Subject::group_of(const Subject& subject) {
  auto found = subject.card.functions;
  for (const auto& pci : sharers(subject.card, subject.input.sysfs)) {
    if (const auto function = subject.input.sysfs.find(pci)) found.push_back(*function);
  }
  for (const auto& function : subject.card.functions) {
    for (const auto& [number, pci] : subject.input.sysfs.virtual_functions(function.pci)) {
      if (const auto one = subject.input.sysfs.find(pci)) found.push_back(*one);
    }
  }
  return found;
}

}  // namespace cluster::agent
