#include <algorithm>
#include <unordered_map>

#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/inventory.h"

namespace cluster {
namespace {

void insert_disks(db::Connection& db, const Vm& vm) {
  const auto insert = db.prepare(R"sql(
      INSERT INTO vm_disk (vm, target, source, path, bus, format, size_gib)
      VALUES (:vm, :target, :source, :path, :bus, :format, :size_gib))sql");
  for (const auto& disk : vm.disks) {
    insert->bind(":vm", vm.name.str());
    insert->bind(":target", disk.target);
    insert->bind(":source", disk.source);
    insert->bind(":path", disk.path);
    insert->bind(":bus", disk.bus);
    insert->bind(":format", disk.format);
    insert->bind(":size_gib", disk.size_gib);
    insert->execute();
  }
}

const Host* find_host(const std::vector<Host>& hosts, const HostName& name) {
  const auto at = std::ranges::find(hosts, name, &Host::name);
  return at == hosts.end() ? nullptr : &*at;
}

// Throws when `container` is none.
void explain_container(Inventory& inventory, const HostName& vm, const HostName& container) {
  const auto hosts = inventory.hosts();
  const Host* host = find_host(hosts, container);
  if (host == nullptr) {
    throw Error(Fault::not_found, "host " + quote(container.str()) + " is not in the inventory");
  }
  if (host->appliance == "vm") {
    throw Error(Fault::usage, "host " + quote(container.str()) +
                                  " is a VM: want a physical host to run " + quote(vm.str()));
  }
}

// Finds out what refused a new VM.
void explain_vm(Inventory& inventory, const Vm& vm) {
  explain_container(inventory, vm.name, vm.container);
  const auto hosts = inventory.hosts();
  for (const auto& other : inventory.vms()) {
    if (other.name == vm.name) {
      throw Error(Fault::exists, "VM " + quote(vm.name.str()) +
                                     " is in the inventory already, on " +
                                     quote(other.container.str()));
    }
    if (other.uuid == vm.uuid) {
      throw Error(Fault::exists, "uuid " + vm.uuid + " is that of VM " + quote(other.name.str()));
    }
  }
  if (const Host* host = find_host(hosts, vm.name); host != nullptr && host->appliance != "vm") {
    throw Error(Fault::exists, "host " + quote(vm.name.str()) +
                                   " is in the inventory already, with appliance " +
                                   host->appliance);
  }
}

}  // namespace

void Inventory::add_vm(const Vm& vm) {
  write(
      "add host vm",
      [&] {
        const auto host = db_->prepare(R"sql(
            INSERT INTO host (name, appliance) VALUES (:name, 'vm')
            ON CONFLICT (name) DO NOTHING)sql");
        host->bind(":name", vm.name.str());
        host->execute();
        const auto insert = db_->prepare(R"sql(
            INSERT INTO vm (host, container, uuid, memory_mib, cpus)
            VALUES (:host, :container, :uuid, :memory_mib, :cpus))sql");
        insert->bind(":host", vm.name.str());
        insert->bind(":container", vm.container.str());
        insert->bind(":uuid", vm.uuid);
        insert->bind(":memory_mib", vm.memory_mib);
        insert->bind(":cpus", vm.cpus);
        insert->execute();
        insert_disks(*db_, vm);
      },
      [&](const db::Failure&) { explain_vm(*this, vm); });
}

void Inventory::set_vm(const Vm& vm) {
  write("set host vm", [&] {
    const auto update = db_->prepare(R"sql(
        UPDATE vm SET memory_mib = :memory_mib, cpus = :cpus WHERE host = :host)sql");
    update->bind(":host", vm.name.str());
    update->bind(":memory_mib", vm.memory_mib);
    update->bind(":cpus", vm.cpus);
    if (update->execute() == 0) {
      throw Error(Fault::not_found, "VM " + quote(vm.name.str()) + " is not in the inventory");
    }
    const auto remove = db_->prepare("DELETE FROM vm_disk WHERE vm = :vm");
    remove->bind(":vm", vm.name.str());
    remove->execute();
    insert_disks(*db_, vm);
  });
}

void Inventory::move_vm(const HostName& name, const HostName& container) {
  std::optional<Vm> vm;
  write(
      "set host vm",
      [&] {
        vm = require_vm(name);
        const auto update = db_->prepare("UPDATE vm SET container = :container WHERE host = :host");
        update->bind(":container", container.str());
        update->bind(":host", name.str());
        update->execute();
      },
      [&](const db::Failure&) {
        if (!vm->gpus.empty() || !vm->slices.empty()) {
          throw Error(Fault::refused, "VM " + quote(name.str()) + " holds a card of host " +
                                          quote(vm->container.str()));
        }
        explain_container(*this, name, container);
      });
}

void Inventory::remove_vm(const HostName& name) {
  write(
      "remove host vm",
      [&] {
        const auto vm = db_->prepare("DELETE FROM vm WHERE host = :name");
        vm->bind(":name", name.str());
        if (vm->execute() == 0) {
          throw Error(Fault::not_found, "VM " + quote(name.str()) + " is not in the inventory");
        }
        const auto host = db_->prepare("DELETE FROM host WHERE name = :name");
        host->bind(":name", name.str());
        host->execute();
      },
      [&](const db::Failure&) {
        for (const auto& vm : vms()) {
          if (vm.name != name || (vm.gpus.empty() && vm.slices.empty())) continue;
          const auto [device, held_as] = vm.gpus.empty()
                                             ? std::pair(vm.slices[0].device, vm.slices[0].name)
                                             : std::pair(vm.gpus[0].gpu.str(), vm.gpus[0].name);
          throw Error(Fault::refused, "VM " + quote(name.str()) + " still holds " + device +
                                          " of host " + quote(vm.container.str()) +
                                          ": first `cluster remove host gpu " + name.str() + " " +
                                          held_as.str() + "`");
        }
      });
}

std::vector<Vm> Inventory::vms(const std::optional<HostName>& container) {
  const auto on = container ? std::optional(container->str()) : std::nullopt;
  std::vector<Vm> vms;
  std::unordered_map<std::string, std::size_t> places;
  const auto owner = [&](const db::Statement& query) -> Vm& {
    return vms[places.at(query.string(0))];
  };
  read("list host vm", [&] {
    const auto query = db_->prepare(R"sql(
        SELECT host, container, uuid, memory_mib, cpus FROM vm
        WHERE container = coalesce(:on, container))sql");
    query->bind(":on", on);
    while (query->step()) {
      places.emplace(query->string(0), vms.size());
      vms.push_back({HostName(query->text(0)),
                     HostName(query->text(1)),
                     query->string(2),
                     query->number(3),
                     query->number(4),
                     {},
                     {}});
    }
    const auto disks = db_->prepare(R"sql(
        SELECT vm, source, path, target, bus, format, size_gib
        FROM vm_disk JOIN vm ON vm.host = vm_disk.vm
        WHERE container = coalesce(:on, container) ORDER BY target)sql");
    disks->bind(":on", on);
    while (disks->step()) {
      owner(*disks).disks.push_back({disks->string(1), disks->string(2), disks->string(3),
                                     disks->string(4), disks->string(5), disks->maybe_number(6)});
    }
    read_vm_gpus(vms, on);
    const auto interfaces = db_->prepare(R"sql(
        SELECT host, name, kind, source, mac, model, vlan
        FROM interface JOIN vm USING (host) WHERE container = coalesce(:on, container))sql");
    interfaces->bind(":on", on);
    while (interfaces->step()) {
      owner(*interfaces)
          .interfaces.push_back({interfaces->string(1), interfaces->string(2),
                                 interfaces->string(3), MacAddress::parse(interfaces->text(4)),
                                 interfaces->string(5), interfaces->maybe_number(6)});
    }
  });
  for (auto& vm : vms) {
    std::ranges::sort(vm.interfaces, natural_less, &Interface::name);
  }
  std::ranges::sort(vms, natural_less,
                    [](const Vm& vm) { return std::string_view(vm.name.str()); });
  return vms;
}

Vm Inventory::require_vm(const HostName& name) {
  std::optional<Vm> found;
  read("list host vm", [&] {
    const auto query = db_->prepare("SELECT container FROM vm WHERE host = :host");
    query->bind(":host", name.str());
    if (!query->step()) return;
    for (auto& vm : vms(HostName(query->text(0)))) {
      if (vm.name == name) found = std::move(vm);
    }
  });
  if (found) return *std::move(found);
  throw Error(Fault::not_found, "VM " + quote(name.str()) + " is not in the inventory");
}

bool Inventory::is_vm(const HostName& name) {
  bool found = false;
  read("list host vm", [&] {
    const auto query = db_->prepare("SELECT 1 FROM vm WHERE host = :host");
    query->bind(":host", name.str());
    found = query->step();
  });
  return found;
}

}  // namespace cluster
