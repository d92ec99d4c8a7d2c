#include "node-agent/guard/guards.h"
#include "node-agent/kernel/machine.h"

namespace cluster::agent {
namespace {

Reasons probe_iommu(const Subject& subject) {
  for (const auto& function : subject.card.functions) {
    if (function.iommu_group) continue;
    return {
        {.what = function.pci.sysfs() + " is in no IOMMU group",
         .fix = std::string(turn_on(iommu_kind(subject.input.sysfs.root(), subject.input.proc)))}};
  }
  return {};
}

}  // namespace

constinit const Guard kIommuGuard{.name = "iommu",
                                  .help = "a function is in no IOMMU group",
                                  .probe = probe_iommu,
                                  .of_neighbours = false,
                                  .at_boot = AtBoot::nothing,
                                  .for_vms_alone = true};

}  // namespace cluster::agent
