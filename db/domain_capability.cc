#include "db/engine.h"
#include "db/inventory.h"
#include "db/only_hosts.h"

namespace cluster {

std::multimap<HostName, KnownMachine> Inventory::known_machines(const OnlyHosts& only) {
  const db::OnlyThese these(only);
  std::multimap<HostName, KnownMachine> found;
  read("check what a host has", [&] {
    const auto query = db_->prepare(
        "SELECT host, machine, libvirt, facts FROM domain_capability WHERE " + these.in("host"));
    these.bind(*query);
    while (query->step()) {
      if (!these.has(query->text(0))) continue;
      found.emplace(HostName(query->string(0)),
                    KnownMachine{query->string(1), static_cast<unsigned long>(query->number(2)),
                                 query->string(3)});
    }
  });
  return found;
}

void Inventory::know_machine(const HostName& host, const KnownMachine& machine) {
  write("check what a host has", [&] {
    // The host may have been removed meanwhile.
    const auto insert = db_->prepare(R"sql(
        INSERT INTO domain_capability (host, machine, libvirt, facts)
        SELECT name, :machine, :libvirt, :facts FROM host WHERE name = :host
        ON CONFLICT (host, machine) DO UPDATE SET libvirt = excluded.libvirt,
          facts = excluded.facts)sql");
    insert->bind(":host", host.str());
    insert->bind(":machine", machine.machine);
    insert->bind(":libvirt", static_cast<long long>(machine.libvirt));
    insert->bind(":facts", machine.facts);
    insert->execute();
  });
}

}  // namespace cluster
