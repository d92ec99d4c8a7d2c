#include "frontend/vms/vm_status.h"

namespace cluster::frontend {

std::map<HostName, std::string> status_of(const VmBatch& all) {
  std::map<HostName, std::string> status;
  for (const auto& there : all) {
    if (there.failure) continue;
    for (const auto& task : there.tasks) {
      status.emplace(task.vm.name, !task.domain       ? "not defined"
                                   : is_running(task) ? "active"
                                                      : virt::state_word(*task.domain));
    }
  }
  return status;
}

}  // namespace cluster::frontend
