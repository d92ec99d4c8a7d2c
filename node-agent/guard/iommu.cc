#include "node-agent/guard/guards.h"

namespace cluster::agent {
namespace {

Reasons probe(const Subject& subject) {
  for (const auto& function : subject.card.functions) {
    if (function.iommu_group) continue;
    return {{.what = function.pci.sysfs() + " is in no IOMMU group",
             .fix = "turn on VT-d or AMD-Vi in the firmware, on Intel add intel_iommu=on to the "
                    "kernel's command line, and reboot"}};
  }
  return {};
}

}  // namespace

constinit const Guard kIommuGuard{
    .name = "iommu", .help = "a function is in no IOMMU group", .probe = probe};

}  // namespace cluster::agent
