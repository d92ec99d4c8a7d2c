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

void InventoryRows::each_synced(const char* table, const OnlyHosts& only,
                                const std::function<void(const db::Statement&)>& with) {
  const bool of_cards = std::string_view(table) == "gpu";
  const std::string owner = of_cards ? "host" : "vm";
  const db::OnlyThese these(only);
  inventory_.read("list host gpu", [&] {
    const auto query = inventory_.db_->prepare(
        "SELECT " + owner + ", synced_seen" + (of_cards ? ", name" : "") + " FROM " + table +
        " WHERE synced_seen IS NOT NULL AND " + these.in(owner));
    these.bind(*query);
    while (query->step()) {
      if (these.has(query->text(0))) with(*query);
    }
  });
}

void store_synced(Inventory& inventory, const HostName& host, const std::vector<GpuName>& cards,
                  const std::string& now) {
  InventoryRows(inventory).store_synced(host, cards, now);
}

SyncedCards synced_cards(Inventory& inventory, const OnlyHosts& only) {
  SyncedCards times;
  InventoryRows(inventory).each_synced("gpu", only, [&](const db::Statement& row) {
    times.emplace(std::pair(HostName(row.text(0)), GpuName(row.text(2))), row.string(1));
  });
  return times;
}

std::map<HostName, std::string> synced_vms(Inventory& inventory, const OnlyHosts& only) {
  std::map<HostName, std::string> times;
  InventoryRows(inventory).each_synced("vm_definition", only, [&](const db::Statement& row) {
    times.emplace(HostName(row.text(0)), row.string(1));
  });
  return times;
}

}  // namespace cluster
