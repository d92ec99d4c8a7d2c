#include "db/synced.h"

#include "db/engine.h"
#include "db/only_hosts.h"
#include "db/rows.h"

namespace cluster {

void InventoryRows::store_synced(const HostName& host, const std::vector<GpuName>& cards,
                                 const std::string& now) {
  inventory_.write("sync host gpu", [&] {
    const auto update = inventory_.db_->prepare(
        "UPDATE gpu SET synced_seen = :now WHERE host = :host AND name = :card");
    for (const auto& card : cards) {
      update->bind(":now", std::string_view(now));
      update->bind(":host", host.str());
      update->bind(":card", card.str());
      update->execute();
    }
  });
}

std::map<HostName, std::string> InventoryRows::synced_vms(const OnlyHosts& only) {
  std::map<HostName, std::string> times;
  const db::OnlyThese these(only);
  inventory_.read("list host vm", [&] {
    const auto query = inventory_.db_->prepare(
        "SELECT vm, synced_seen FROM vm_definition WHERE synced_seen IS NOT NULL AND " +
        these.in("vm"));
    these.bind(*query);
    while (query->step()) {
      if (these.has(query->text(0))) times.emplace(HostName(query->text(0)), query->string(1));
    }
  });
  return times;
}

void store_synced(Inventory& inventory, const HostName& host, const std::vector<GpuName>& cards,
                  const std::string& now) {
  InventoryRows(inventory).store_synced(host, cards, now);
}

std::map<HostName, std::string> synced_vms(Inventory& inventory, const OnlyHosts& only) {
  return InventoryRows(inventory).synced_vms(only);
}

}  // namespace cluster
