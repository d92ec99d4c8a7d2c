#include <algorithm>
#include <optional>

#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/inventory.h"

namespace cluster {
namespace {

[[noreturn]] void no_interface(const Vm& vm, const std::string& name) {
  std::vector<std::string> have;
  for (const auto& other : vm.interfaces) have.push_back(other.name);
  throw Error(Fault::not_found, "VM " + quote(vm.name.str()) + " has no interface " + quote(name) +
                                    " (" +
                                    (have.empty() ? "it has none: `cluster add host interface`"
                                                  : "it has " + joined(have, ", ")) +
                                    ")");
}

// Says which value of `interface` of `vm` was refused: its MAC address, or its name.
void explain_interface(db::Connection& db, const HostName& vm, const Interface& interface,
                       const db::Failure& failure) {
  if (failure.why != db::Why::unique) return;
  if (failure.constraint == "interface_mac_key" && interface.mac) {
    const auto query = db.prepare(R"sql(
        SELECT name, host FROM interface
        WHERE mac = :mac AND NOT (host = :host AND name = :name))sql");
    query->bind(":mac", interface.mac->str());
    query->bind(":host", vm.str());
    query->bind(":name", interface.name);
    if (query->step()) {
      throw Error(Fault::exists, "MAC address " + interface.mac->str() + " is that of " +
                                     query->string(0) + " of VM " + quote(query->text(1)));
    }
  }
  throw Error(Fault::exists, "VM " + quote(vm.str()) + " has an interface " +
                                 quote(interface.name) +
                                 " already (`cluster set host interface` changes it)");
}

// The first address, made from uuid and name, that no other interface has. `own` may be given
// again.
MacAddress made_mac(db::Connection& db, const Vm& vm, const std::string& name) {
  const auto taken = db.prepare(R"sql(
      SELECT 1 FROM interface WHERE mac = :mac AND NOT (host = :host AND name = :name))sql");
  taken->bind(":host", vm.name.str());
  taken->bind(":name", name);
  for (unsigned attempt = 0;; ++attempt) {
    const auto mac = MacAddress::made_of(vm.uuid, name, attempt);
    taken->bind(":mac", mac.str());
    if (!taken->step()) return mac;
    taken->reset();
  }
}

void bind_interface(db::Statement& statement, db::Connection& db, const Vm& vm,
                    const Interface& interface) {
  const auto mac = interface.mac ? *interface.mac : made_mac(db, vm, interface.name);
  statement.bind(":host", vm.name.str());
  statement.bind(":name", interface.name);
  statement.bind(":kind", cluster::name(interface.kind));
  statement.bind(":source", interface.source);
  statement.bind(":mac", mac.str());
  statement.bind(":model", interface.model);
  statement.bind(":vlan", interface.vlan);
  statement.bind(":network",
                 interface.network ? std::optional(interface.network->name) : std::nullopt);
  const auto addresses = ip_addresses_text(interface.addresses);
  statement.bind(":address",
                 addresses.empty() ? std::nullopt : std::optional<std::string_view>(addresses));
}

}  // namespace

void Inventory::add_interface(const HostName& vm_name, const Interface& interface) {
  write(
      "add host interface",
      [&] {
        const auto insert = db_->prepare(R"sql(
            INSERT INTO interface (host, name, kind, source, mac, model, vlan, address, network)
            VALUES (:host, :name, :kind, :source, :mac, :model, :vlan, :address, :network))sql");
        bind_interface(*insert, *db_, require_vm(vm_name), interface);
        insert->execute();
      },
      [&](const db::Failure& failure) { explain_interface(*db_, vm_name, interface, failure); });
}

void Inventory::set_interface(const HostName& vm_name, const Interface& interface) {
  write(
      "set host interface",
      [&] {
        const Vm owner = require_vm(vm_name);
        const auto update = db_->prepare(R"sql(
            UPDATE interface SET kind = :kind, source = :source, mac = :mac, model = :model,
                                 vlan = :vlan, address = :address, network = :network
            WHERE host = :host AND name = :name)sql");
        bind_interface(*update, *db_, owner, interface);
        if (update->execute() == 0) no_interface(owner, interface.name);
      },
      [&](const db::Failure& failure) { explain_interface(*db_, vm_name, interface, failure); });
}

void Inventory::remove_interface(const HostName& vm_name, const std::string& name) {
  write("remove host interface", [&] {
    const auto remove = db_->prepare("DELETE FROM interface WHERE host = :host AND name = :name");
    remove->bind(":host", vm_name.str());
    remove->bind(":name", name);
    if (remove->execute() == 0) no_interface(require_vm(vm_name), name);
  });
}

Interface Inventory::require_interface(const HostName& vm_name, const std::string& name) {
  const auto vm = require_vm(vm_name);
  const auto at = std::ranges::find(vm.interfaces, name, &Interface::name);
  if (at == vm.interfaces.end()) no_interface(vm, name);
  return *at;
}

}  // namespace cluster
