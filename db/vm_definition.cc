#include "core/utc_time.h"
#include "db/engine.h"
#include "db/inventory.h"
#include "db/only_hosts.h"

namespace cluster {

std::map<HostName, VmAgreement> Inventory::vm_agreements(const OnlyHosts& only) {
  const db::OnlyThese these(only);
  std::map<HostName, VmAgreement> found;
  read("sync vm config", [&] {
    const auto query = db_->prepare(
        "SELECT vm, uuid, container, rendered, defined, libvirt, autostart_said, autostart_there "
        "FROM vm_definition WHERE " +
        these.in("vm"));
    these.bind(*query);
    while (query->step()) {
      if (!these.has(query->text(0))) continue;
      VmAgreement agreement{query->string(1), HostName(query->string(2)), query->string(3),
                            query->string(4), static_cast<unsigned long>(query->number(5))};
      if (!query->is_null(6) && !query->is_null(7)) {
        agreement.autostart = VmAutostart{query->number(6) != 0, query->number(7) != 0};
      }
      found.try_emplace(HostName(query->string(0)), std::move(agreement));
    }
  });
  return found;
}

void Inventory::agree(const HostName& vm, const VmAgreement& agreement) {
  const auto now = utc_now();
  write("sync vm config", [&] {
    // The VM may have been removed meanwhile, and then nothing is to be agreed.
    const auto insert = db_->prepare(R"sql(
        INSERT INTO vm_definition (vm, uuid, container, rendered, defined, libvirt, synced_seen)
        SELECT host, :uuid, :container, :rendered, :defined, :libvirt, :now FROM vm WHERE host = :vm
        ON CONFLICT (vm) DO UPDATE SET uuid = excluded.uuid, container = excluded.container,
          rendered = excluded.rendered, defined = excluded.defined, libvirt = excluded.libvirt,
          synced_seen = excluded.synced_seen)sql");
    insert->bind(":vm", vm.str());
    insert->bind(":uuid", agreement.uuid);
    insert->bind(":container", agreement.container.str());
    insert->bind(":rendered", agreement.rendered);
    insert->bind(":defined", agreement.defined);
    insert->bind(":libvirt", static_cast<long long>(agreement.libvirt));
    insert->bind(":now", std::string_view(now));
    insert->execute();
  });
}

void Inventory::agree_autostart(const HostName& vm, const VmAutostart& autostart) {
  write("sync vm config", [&] {
    const auto update = db_->prepare(
        "UPDATE vm_definition SET autostart_said = :said, autostart_there = :there WHERE vm = :vm");
    update->bind(":said", std::optional<int>(autostart.said ? 1 : 0));
    update->bind(":there", std::optional<int>(autostart.there ? 1 : 0));
    update->bind(":vm", vm.str());
    update->execute();
  });
}

}  // namespace cluster
