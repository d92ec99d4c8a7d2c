#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/inventory.h"
#include "db/only_hosts.h"
#include "db/refusals.h"

namespace cluster {
namespace {

void insert_disks(db::Connection& db, const HostName& vm, const std::vector<VmDisk>& disks) {
  const auto insert = db.prepare(R"sql(
      INSERT INTO vm_disk (vm, target, source, path, bus, format, size_gib, cache, io, discard,
                           serial, made, image, image_how, iothread)
      VALUES (:vm, :target, :source, :path, :bus, :format, :size_gib, :cache, :io, :discard,
              :serial, :made, :image, :image_how, :iothread))sql");
  const auto maybe = [](std::string_view text) {
    return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
  };
  for (const auto& disk : disks) {
    insert->bind(":vm", vm.str());
    insert->bind(":target", disk.target);
    insert->bind(":source", cluster::name(disk.source));
    insert->bind(":path", disk.path);
    insert->bind(":bus", disk.bus);
    insert->bind(":format", disk.format);
    insert->bind(":size_gib", disk.size_gib);
    insert->bind(":cache", maybe(disk.cache));
    insert->bind(":io", maybe(disk.io));
    insert->bind(":discard", maybe(disk.discard));
    insert->bind(":serial", maybe(disk.serial));
    insert->bind(":made", disk.made ? 1 : 0);
    insert->bind(":image", maybe(disk.image));
    insert->bind(":image_how", maybe(disk.image.empty() ? "" : disk.backing ? "backing" : "copy"));
    insert->bind(":iothread", disk.iothread);
    insert->execute();
  }
}

// The disks that are not, just as they are, among `others`.
std::vector<VmDisk> those_without(const std::vector<VmDisk>& disks,
                                  const std::vector<VmDisk>& others) {
  std::vector<VmDisk> some;
  std::ranges::copy_if(disks, std::back_inserter(some), [&](const VmDisk& disk) {
    return std::ranges::find(others, disk) == others.end();
  });
  return some;
}

// Says why `vm` cannot run on `container`, if the container is the reason.
void explain_container(const HostName& vm, const HostName& container, const db::Failure& failure) {
  if (failure.constraint == "vm_container_fkey") {
    throw Error(Fault::not_found, "host " + quote(container.str()) + " is not in the inventory");
  }
  if (failure.why == db::Why::rule) {  // vm_is_not_a_container, vm_moves_to_no_vm
    throw Error(Fault::usage, "host " + quote(container.str()) +
                                  " is a VM: want a physical host to run " + quote(vm.str()));
  }
}

// Says which row or rule refused a new VM.
void explain_vm(db::Connection& db, const Vm& vm, const db::Failure& failure) {
  explain_container(vm.name, vm.container, failure);
  if (failure.constraint == "vm_host_appliance_fkey") {
    throw Error(Fault::exists, "host " + quote(vm.name.str()) +
                                   " is in the inventory already, with appliance " +
                                   appliance_of(db, vm.name));
  }
  if (failure.why != db::Why::unique) return;
  const auto other = db.prepare(R"sql(
      SELECT host, container FROM vm WHERE host = :host OR uuid = :uuid
      ORDER BY CASE host WHEN :host THEN 0 ELSE 1 END)sql");
  other->bind(":host", vm.name.str());
  other->bind(":uuid", vm.uuid);
  if (!other->step()) return explain_host_name(db, vm.name);
  if (other->text(0) == vm.name.str()) {
    throw Error(Fault::exists, "VM " + quote(vm.name.str()) + " is in the inventory already, on " +
                                   quote(other->text(1)));
  }
  throw Error(Fault::exists, "uuid " + vm.uuid + " is that of VM " + quote(other->text(0)));
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
            INSERT INTO vm (host, container, uuid, memory_mib, cpus, fabric, libvirt_name)
            VALUES (:host, :container, :uuid, :memory_mib, :cpus, :fabric, :libvirt_name))sql");
        insert->bind(":host", vm.name.str());
        insert->bind(":container", vm.container.str());
        insert->bind(":uuid", vm.uuid);
        insert->bind(":memory_mib", vm.memory_mib);
        insert->bind(":cpus", vm.cpus);
        insert->bind(":fabric", vm.fabric);
        insert->bind(":libvirt_name", vm.libvirt_name.empty()
                                          ? std::nullopt
                                          : std::optional<std::string_view>(vm.libvirt_name));
        insert->execute();
        insert_disks(*db_, vm.name, vm.disks);
      },
      [&](const db::Failure& failure) { explain_vm(*db_, vm, failure); });
}

void Inventory::set_vm(const Vm& vm) {
  write("set host vm", [&] {
    const auto update = db_->prepare(R"sql(
        UPDATE vm SET memory_mib = :memory_mib, cpus = :cpus, fabric = :fabric
        WHERE host = :host)sql");
    update->bind(":host", vm.name.str());
    update->bind(":memory_mib", vm.memory_mib);
    update->bind(":cpus", vm.cpus);
    update->bind(":fabric", vm.fabric);
    if (update->execute() == 0) {
      throw Error(Fault::not_found, "VM " + quote(vm.name.str()) + " is not in the inventory");
    }
    // A disk that stays as it is keeps its row: the history has only what changed, and what came
    // before can be undone.
    const auto before = require_vm(vm.name).disks;
    const auto remove = db_->prepare("DELETE FROM vm_disk WHERE vm = :vm AND target = :target");
    for (const auto& disk : those_without(before, vm.disks)) {
      remove->bind(":vm", vm.name.str());
      remove->bind(":target", disk.target);
      remove->execute();
    }
    insert_disks(*db_, vm.name, those_without(vm.disks, before));
  });
}

void Inventory::set_images_made(const HostName& vm, const std::vector<std::string>& paths) {
  write("start host vm", [&] {
    const auto update = db_->prepare(
        "UPDATE vm_disk SET made = 1 WHERE vm = :vm AND source = 'file' AND path = :path");
    for (const auto& path : paths) {
      update->bind(":vm", vm.str());
      update->bind(":path", path);
      update->execute();
    }
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
      [&](const db::Failure& failure) {
        if (failure.constraint == "vm_gpu_vm_container_fkey") {
          throw Error(Fault::refused, "VM " + quote(name.str()) + " holds a card of host " +
                                          quote(vm->container.str()));
        }
        explain_container(name, container, failure);
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
      [&](const db::Failure& failure) {
        if (failure.constraint != "vm_gpu_vm_container_fkey") return;
        const auto vm = require_vm(name);
        const auto [device, held_as] = vm.gpus.empty()
                                           ? std::pair(vm.slices[0].device, vm.slices[0].name)
                                           : std::pair(vm.gpus[0].gpu.str(), vm.gpus[0].name);
        throw Error(Fault::refused, "VM " + quote(name.str()) + " still holds " + device +
                                        " of host " + quote(vm.container.str()) +
                                        ": first `cluster remove host gpu " + name.str() + " " +
                                        held_as.str() + "`");
      });
}

Vm Inventory::require_vm(const HostName& name) {
  for (auto& vm : vms(OnlyHosts{{name}})) {
    if (vm.name == name) return std::move(vm);
  }
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

OnlyHosts vm_names(const std::vector<Vm>& vms) {
  OnlyHosts names{std::in_place};
  for (const auto& vm : vms) names->push_back(vm.name);
  return names;
}

std::map<HostName, HostName> Inventory::containers(const OnlyHosts& only) {
  const db::OnlyThese these(only);
  std::map<HostName, HostName> containers;
  read("list host vm", [&] {
    const auto query = db_->prepare("SELECT host, container FROM vm WHERE " + these.in("host"));
    these.bind(*query);
    while (query->step()) {
      if (!these.has(query->text(0))) continue;
      containers.emplace(HostName(query->text(0)), HostName(query->text(1)));
    }
  });
  return containers;
}

}  // namespace cluster
