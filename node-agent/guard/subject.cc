#include "node-agent/guard/subject.h"

namespace cluster::agent {

std::vector<PciFunction> Subject::group_of(const Subject& subject) {
  auto found = subject.card.functions;
  for (const int group : iommu_groups(subject.card)) {
    for (const auto& pci : subject.input.sysfs.group_members(group).functions) {
      if (has(subject.card, pci) || subject.input.sysfs.is_bridge(pci)) continue;
      if (const auto function = subject.input.sysfs.find(pci)) found.push_back(*function);
    }
  }
  return found;
}

}  // namespace cluster::agent
