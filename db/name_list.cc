#include "db/engine.h"
#include "db/only_hosts.h"
#include "db/rows.h"

namespace cluster {

std::vector<std::string> InventoryRows::host_names(Inventory& inventory, std::string_view begun,
                                                   std::string_view appliance) {
  std::vector<std::string> names;
  inventory.read("list host", [&] {
    const auto query = inventory.db_->prepare(R"sql(
        SELECT name FROM host
        WHERE substr(name, 1, length(:begun)) = :begun AND (:appliance = '' OR appliance = :appliance))sql");
    query->bind(":begun", begun);
    query->bind(":appliance", appliance);
    while (query->step()) names.push_back(query->string(0));
  });
  return names;
}

std::vector<std::string> InventoryRows::card_names(Inventory& inventory,
                                                   const std::vector<HostName>& hosts) {
  std::vector<std::string> names;
  inventory.read("list host gpu", [&] {
    // Those of `hosts` that are there, the only ones unless there is none.
    const db::OnlyThese named(hosts);
    const auto there = inventory.db_->prepare("SELECT name FROM host WHERE " + named.in("name"));
    named.bind(*there);
    OnlyHosts only;
    while (there->step()) {
      if (!named.has(there->text(0))) continue;
      if (!only) only.emplace();
      only->emplace_back(there->text(0));
    }
    // Not of the view host_gpu, which would look up the address of each card.
    const db::OnlyThese these(only);
    const auto query =
        inventory.db_->prepare("SELECT DISTINCT name FROM gpu WHERE " + these.in("host") +
                               " UNION SELECT DISTINCT name FROM vm_gpu WHERE " + these.in("vm"));
    these.bind(*query);
    while (query->step()) names.push_back(query->string(0));
  });
  return names;
}

}  // namespace cluster
