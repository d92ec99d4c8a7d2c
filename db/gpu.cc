#include <SQLiteCpp/Statement.h>
#include <sqlite3.h>

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "db/inventory.h"

namespace cluster {
namespace {

[[noreturn]] void no_card(Inventory& inventory, const HostName& host, const std::string& card) {
  std::vector<std::string> have;
  for (const auto& gpu : inventory.gpus()) {
    if (gpu.host == host) have.push_back(gpu.name.str() + " " + gpu.pci.libvirt());
  }
  throw Error(
      Fault::not_found,
      "host " + quote(host.str()) + " has no card " + card + " in the inventory (" +
          (have.empty() ? "it has none: `cluster add host gpu`" : "it has " + joined(have, ", ")) +
          ")");
}

// Finds out what refused the card of a physical host.
void explain_gpu(Inventory& inventory, const Gpu& gpu) {
  const std::string host = quote(gpu.host.str());
  const auto hosts = inventory.hosts();
  const auto row = std::ranges::find(hosts, gpu.host, &Host::name);
  if (row == hosts.end()) {
    throw Error(Fault::not_found, "host " + host + " is not in the inventory");
  }
  if (row->appliance == "vm") {
    throw Error(Fault::usage,
                "host " + host + " is a VM without a container: `cluster add host vm`");
  }
  if (gpu.name.number() == 0) {
    throw Error(Fault::usage, "not a card name for host " + host +
                                  ": 'gpupci' is a VM's (want gpupci1, gpupci2, ...)");
  }
  const auto gpus = inventory.gpus();
  for (const auto& other : gpus) {
    if (other.host == gpu.host && other.pci.same_slot(gpu.pci) && other.name != gpu.name) {
      throw Error(Fault::exists, "card " + gpu.pci.libvirt() + " of host " + host + " is " +
                                     other.name.str() + " already");
    }
  }
  for (const auto& other : gpus) {
    if (other.host == gpu.host && other.name == gpu.name) {
      throw Error(Fault::exists, "host " + host + " has a " + gpu.name.str() + " already, " +
                                     other.pci.libvirt() + " (`cluster set host gpu` changes it)");
    }
  }
}

// The name on the container of the card that `card` means.
GpuName find_card(Inventory& inventory, const HostName& container, const CardRef& card) {
  const auto* pci = std::get_if<PciAddress>(&card);
  const auto* name = std::get_if<GpuName>(&card);
  for (const auto& gpu : inventory.gpus()) {
    if (gpu.host != container) continue;
    if (pci != nullptr ? gpu.pci.same_slot(*pci) : gpu.name == *name) return gpu.name;
  }
  no_card(inventory, container, pci != nullptr ? pci->libvirt() : name->str());
}

// Finds out what refused to give `gpu` of its container to `vm` as `name`.
void explain_assignment(Inventory& inventory, const Vm& vm, const GpuName& name,
                        const GpuName& gpu) {
  for (const auto& other : inventory.vms()) {
    if (other.container != vm.container) continue;
    for (const auto& held : other.gpus) {
      if (held.gpu == gpu && (other.name != vm.name || held.name != name)) {
        throw Error(Fault::exists, "card " + gpu.str() + " of host " + quote(vm.container.str()) +
                                       " is in VM " + quote(other.name.str()) + " already, as " +
                                       held.name.str());
      }
    }
  }
  for (const auto& held : vm.gpus) {
    if (held.name == name) {
      throw Error(Fault::exists, "VM " + quote(vm.name.str()) + " has a " + name.str() +
                                     " already, " + held.gpu.str() + " of host " +
                                     quote(vm.container.str()));
    }
  }
}

}  // namespace

void Inventory::add_gpu(const Gpu& gpu) {
  write(
      "add host gpu",
      [&] {
        SQLite::Statement insert(db_,
                                 "INSERT INTO gpu (host, name, pci) VALUES (:host, :name, :pci)");
        insert.bind(":host", gpu.host.str());
        insert.bind(":name", gpu.name.str());
        insert.bind(":pci", gpu.pci.libvirt());
        insert.exec();
      },
      [&](int) { explain_gpu(*this, gpu); });
}

void Inventory::set_gpu(const Gpu& gpu) {
  bool found = false;
  write(
      "set host gpu",
      [&] {
        // Another address may be another card: what was known of it is to be discovered anew.
        SQLite::Statement forget(db_, R"sql(
            DELETE FROM gpu_function WHERE host = :host AND gpu = :name)sql");
        forget.bind(":host", gpu.host.str());
        forget.bind(":name", gpu.name.str());
        forget.exec();
        SQLite::Statement update(db_, R"sql(
            UPDATE gpu SET pci = :pci, model = NULL, serial = NULL, uuid = NULL,
                           physical_slot = NULL, numa_node = NULL, missing = 0,
                           failing = NULL
            WHERE host = :host AND name = :name)sql");
        update.bind(":host", gpu.host.str());
        update.bind(":name", gpu.name.str());
        update.bind(":pci", gpu.pci.libvirt());
        found = update.exec() > 0;
      },
      [&](int) { explain_gpu(*this, gpu); });
  if (!found) no_card(*this, gpu.host, gpu.name.str());
}

void Inventory::remove_gpu(const HostName& host, const GpuName& name) {
  bool found = false;
  write(
      "remove host gpu",
      [&] {
        SQLite::Statement remove(db_, "DELETE FROM gpu WHERE host = :host AND name = :name");
        remove.bind(":host", host.str());
        remove.bind(":name", name.str());
        found = remove.exec() > 0;
      },
      [&](int) {
        for (const auto& vm : vms()) {
          for (const auto& held : vm.gpus) {
            if (vm.container != host || held.gpu != name) continue;
            throw Error(Fault::refused, "card " + name.str() + " of host " + quote(host.str()) +
                                            " is in VM " + quote(vm.name.str()) +
                                            ": first `cluster remove host gpu " + vm.name.str() +
                                            " " + held.name.str() + "`");
          }
        }
      });
  if (!found) no_card(*this, host, name.str());
}

void Inventory::assign_gpu(const HostName& vm_name, const GpuName& name, const CardRef& card) {
  const Vm vm = require_vm(vm_name);
  const GpuName gpu = find_card(*this, vm.container, card);
  write(
      "add host gpu",
      [&] {
        SQLite::Statement insert(db_, R"sql(
            INSERT INTO vm_gpu (vm, name, container, gpu)
            VALUES (:vm, :name, :container, :gpu))sql");
        insert.bind(":vm", vm.name.str());
        insert.bind(":name", name.str());
        insert.bind(":container", vm.container.str());
        insert.bind(":gpu", gpu.str());
        insert.exec();
      },
      [&](int) { explain_assignment(*this, vm, name, gpu); });
}

void Inventory::reassign_gpu(const HostName& vm_name, const GpuName& name, const CardRef& card) {
  const Vm vm = require_vm(vm_name);
  const GpuName gpu = find_card(*this, vm.container, card);
  write(
      "set host gpu",
      [&] {
        SQLite::Statement update(db_,
                                 "UPDATE vm_gpu SET gpu = :gpu WHERE vm = :vm AND name = :name");
        update.bind(":vm", vm.name.str());
        update.bind(":name", name.str());
        update.bind(":gpu", gpu.str());
        if (update.exec() == 0) {
          throw Error(Fault::not_found,
                      "VM " + quote(vm.name.str()) + " has no card " + name.str());
        }
      },
      [&](int) { explain_assignment(*this, vm, name, gpu); });
}

void Inventory::unassign_gpu(const HostName& vm, const GpuName& name) {
  write("remove host gpu", [&] {
    SQLite::Statement remove(db_, "DELETE FROM vm_gpu WHERE vm = :vm AND name = :name");
    remove.bind(":vm", vm.str());
    remove.bind(":name", name.str());
    if (remove.exec() == 0) {
      throw Error(Fault::not_found, "VM " + quote(vm.str()) + " has no card " + name.str());
    }
  });
}

namespace {

std::vector<Gpu> sorted_gpus(SQLite::Statement& query) {
  std::vector<Gpu> gpus;
  while (query.executeStep()) {
    gpus.push_back({HostName(query.getColumn(0).getString()),
                    GpuName(query.getColumn(1).getString()),
                    PciAddress::parse(query.getColumn(2).getString())});
  }
  std::ranges::sort(gpus, [](const Gpu& left, const Gpu& right) {
    return left.host == right.host ? left.name < right.name
                                   : natural_less(left.host.str(), right.host.str());
  });
  return gpus;
}

}  // namespace

std::vector<HostGpu> Inventory::host_gpus() {
  std::vector<HostGpu> gpus;
  read("list host gpu", [&] {
    SQLite::Statement query(db_, "SELECT host, name, pci FROM host_gpu");
    gpus = sorted_gpus(query);
  });
  return gpus;
}

std::vector<Gpu> Inventory::gpus() {
  std::vector<Gpu> gpus;
  read("list host gpu", [&] {
    SQLite::Statement query(db_, "SELECT host, name, pci FROM gpu");
    gpus = sorted_gpus(query);
  });
  return gpus;
}

}  // namespace cluster
