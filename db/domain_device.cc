#include "db/engine.h"
#include "db/inventory.h"
#include "db/only_hosts.h"

namespace cluster {

void Inventory::store_domain_devices(const std::map<HostName, std::vector<DomainDevices>>& hosts) {
  write("discover host vm", [&] {
    const auto forget = db_->prepare("DELETE FROM domain_device WHERE container = :container");
    const auto insert = db_->prepare(R"sql(
        INSERT INTO domain_device (container, uuid, domain, device, seen)
        SELECT name, :uuid, :domain, :device, :seen FROM host WHERE name = :container
        ON CONFLICT (container, uuid, device) DO NOTHING)sql");
    for (const auto& [host, domains] : hosts) {
      forget->bind(":container", host.str());
      forget->execute();
      for (const auto& one : domains) {
        for (const auto& device : one.devices) {
          insert->bind(":container", host.str());
          insert->bind(":uuid", one.uuid);
          insert->bind(":domain", one.domain);
          insert->bind(":device", device);
          insert->bind(":seen", one.seen);
          insert->execute();
        }
      }
    }
  });
}

std::map<HostName, std::vector<DomainDevices>> Inventory::domain_devices(const OnlyHosts& only) {
  const db::OnlyThese these(only);
  std::map<HostName, std::vector<DomainDevices>> all;
  read("discover host vm", [&] {
    const auto query =
        db_->prepare("SELECT container, uuid, domain, device, seen FROM domain_device WHERE " +
                     these.in("container") + " ORDER BY container, domain, uuid, device");
    these.bind(*query);
    while (query->step()) {
      if (!these.has(query->text(0))) continue;
      auto& domains = all[HostName(query->text(0))];
      if (domains.empty() || domains.back().uuid != query->text(1)) {
        domains.push_back({query->string(1), query->string(2), {}, query->string(4)});
      }
      domains.back().devices.push_back(query->string(3));
    }
  });
  return all;
}

}  // namespace cluster
