#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "db/card_words.h"
#include "db/engine.h"
#include "db/inventory.h"

namespace cluster {
namespace {

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

// A virtual function is given as a slice of its card, and is no card beside it.
void refuse_slice(db::Connection& db, const Gpu& gpu) {
  const auto slice = db.prepare(R"sql(
      SELECT gpu || '.' || number FROM gpu_slice WHERE host = :host AND pci = :pci)sql");
  slice->bind(":host", gpu.host.str());
  slice->bind(":pci", gpu.pci.libvirt());
  if (slice->step()) {
    throw Error(Fault::exists, gpu.pci.libvirt() + " of host " + quote(gpu.host.str()) +
                                   " is slice " + slice->string(0) + " already");
  }
}

// Takes out what `table` has of the card.
void forget(db::Connection& db, const std::string& table, const HostName& host,
            const GpuName& name) {
  const auto remove = db.prepare("DELETE FROM " + table + " WHERE host = :host AND gpu = :name");
  remove->bind(":host", host.str());
  remove->bind(":name", name.str());
  remove->execute();
}

}  // namespace

void Inventory::add_gpu(const Gpu& gpu) {
  write(
      "add host gpu",
      [&] {
        refuse_slice(*db_, gpu);
        const auto insert =
            db_->prepare("INSERT INTO gpu (host, name, pci) VALUES (:host, :name, :pci)");
        insert->bind(":host", gpu.host.str());
        insert->bind(":name", gpu.name.str());
        insert->bind(":pci", gpu.pci.libvirt());
        insert->execute();
      },
      [&](const db::Failure&) { explain_gpu(*this, gpu); });
}

void Inventory::set_gpu(const Gpu& gpu) {
  bool found = false;
  write(
      "set host gpu",
      [&] {
        refuse_slice(*db_, gpu);
        // Another address may be another card: what was known of it is to be discovered anew.
        for (const std::string table : {"gpu_function", "gpu_slice", "mdev"}) {
          forget(*db_, table, gpu.host, gpu.name);
        }
        const auto update = db_->prepare(R"sql(
            UPDATE gpu SET pci = :pci, model = NULL, serial = NULL, uuid = NULL,
                           physical_slot = NULL, numa_node = NULL, missing = 0,
                           failing = NULL
            WHERE host = :host AND name = :name)sql");
        update->bind(":host", gpu.host.str());
        update->bind(":name", gpu.name.str());
        update->bind(":pci", gpu.pci.libvirt());
        found = update->execute() > 0;
      },
      [&](const db::Failure&) { explain_gpu(*this, gpu); });
  if (!found) no_card(*this, gpu.host, gpu.name.str());
}

void Inventory::remove_gpu(const HostName& host, const GpuName& name) {
  bool found = false;
  write("remove host gpu", [&] {
    // The foreign key would not know of mediated devices.
    const auto held = db_->prepare(R"sql(
        SELECT vm, name, device FROM gpu_in_vm WHERE container = :host AND gpu = :gpu)sql");
    held->bind(":host", host.str());
    held->bind(":gpu", name.str());
    if (held->step()) {
      const auto device = held->string(2);
      throw Error(Fault::refused, device_words(device) + " of host " + quote(host.str()) +
                                      " is in VM " + quote(held->string(0)) +
                                      ": first `cluster remove host gpu " + held->string(0) + " " +
                                      held->string(1) + "`");
    }
    forget(*db_, "mdev", host, name);  // no foreign key: it may be of a device that is no card
    const auto remove = db_->prepare("DELETE FROM gpu WHERE host = :host AND name = :name");
    remove->bind(":host", host.str());
    remove->bind(":name", name.str());
    found = remove->execute() > 0;
  });
  if (!found) no_card(*this, host, name.str());
}

namespace {

template <typename Row>
void sort_by_owner(std::vector<Row>& rows) {
  std::ranges::sort(rows, [](const Row& left, const Row& right) {
    return left.host == right.host ? left.name < right.name
                                   : natural_less(left.host.str(), right.host.str());
  });
}

}  // namespace

std::vector<HostGpu> Inventory::host_gpus() {
  std::vector<HostGpu> gpus;
  read("list host gpu", [&] {
    const auto query = db_->prepare("SELECT host, name, shown, given FROM host_gpu");
    while (query->step()) {
      gpus.push_back(
          {HostName(query->text(0)), GpuName(query->text(1)), query->string(2), query->string(3)});
    }
  });
  sort_by_owner(gpus);
  return gpus;
}

std::vector<Gpu> Inventory::gpus() {
  std::vector<Gpu> gpus;
  read("list host gpu", [&] {
    const auto query = db_->prepare("SELECT host, name, pci FROM gpu");
    while (query->step()) {
      gpus.push_back(
          {HostName(query->text(0)), GpuName(query->text(1)), PciAddress::parse(query->text(2))});
    }
  });
  sort_by_owner(gpus);
  return gpus;
}

}  // namespace cluster
