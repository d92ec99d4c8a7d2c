#include "frontend/vms/vm_addresses.h"

#include <mutex>

#include "frontend/hosts/guest_address.h"

namespace cluster::frontend {

std::map<HostName, KnownAddresses> addresses_of(Context& context, VmBatch& all) {
  std::mutex mutex;
  std::map<HostName, KnownAddresses> known;
  on_each(context, all, [&](VmHost& there) {
    std::vector<const VmTask*> running;
    std::vector<std::string> uuids;
    for (const auto& task : there.tasks) {
      if (task.failure || !is_running(task)) continue;
      running.push_back(&task);
      uuids.push_back(task.vm.uuid);
    }
    if (uuids.empty()) return;
    const auto told = there.domains->addresses(uuids);
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < running.size(); ++i) {
      auto addresses = reachable(told[i], running[i]->domain->xml);
      const auto source = addresses.empty() ? "" : told[i].source;
      known.emplace(running[i]->vm.name, KnownAddresses{std::move(addresses), source});
    }
  });
  return known;
}

}  // namespace cluster::frontend
