#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/inventory.h"
#include "db/refusals.h"

namespace cluster {
namespace {

// Says which row or rule refused the card of a physical host.
void explain_gpu(db::Connection& db, const Gpu& gpu, const db::Failure& failure) {
  const std::string host = quote(gpu.host.str());
  if (failure.why == db::Why::foreign_key) {
    throw Error(Fault::not_found, "host " + host + " is not in the inventory");
  }
  if (failure.why == db::Why::rule) {
    throw Error(Fault::usage,
                "host " + host + " is a VM without a container: `cluster add host vm`");
  }
  if (failure.constraint == "gpu_name_check") {
    throw Error(Fault::usage, "not a card name for host " + host +
                                  ": 'gpupci' is a VM's (want gpupci1, gpupci2, ...)");
  }
  if (failure.why != db::Why::unique) return;
  const auto slot = db.prepare(R"sql(
      SELECT name FROM gpu WHERE host = :host AND slot = :slot AND name <> :name)sql");
  const auto pci = gpu.pci.libvirt();
  slot->bind(":host", gpu.host.str());
  slot->bind(":slot", pci.substr(0, pci.size() - 2));
  slot->bind(":name", gpu.name.str());
  if (slot->step()) {
    throw Error(Fault::exists,
                "card " + pci + " of host " + host + " is " + slot->string(0) + " already");
  }
  const auto name = db.prepare("SELECT pci FROM gpu WHERE host = :host AND name = :name");
  name->bind(":host", gpu.host.str());
  name->bind(":name", gpu.name.str());
  if (!name->step()) return;
  throw Error(Fault::exists, "host " + host + " has a " + gpu.name.str() + " already, " +
                                 name->string(0) + " (`cluster set host gpu` changes it)");
}

// A virtual function is given as a slice of its card; it is not another card.
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

// Removes the rows of the card from `table`.
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
      [&](const db::Failure& failure) { explain_gpu(*db_, gpu, failure); });
}

void Inventory::set_gpu(const Gpu& gpu) {
  write(
      "set host gpu",
      [&] {
        refuse_slice(*db_, gpu);
        // Another address may be another card, so the facts about the old one are removed and have
        // to be discovered again.
        for (const std::string table : {"gpu_function", "gpu_slice", "mdev"}) {
          forget(*db_, table, gpu.host, gpu.name);
        }
        const auto update = db_->prepare(R"sql(
            UPDATE gpu SET pci = :pci, model = NULL, serial = NULL, uuid = NULL,
                           physical_slot = NULL, numa_node = NULL, missing = 0,
                           failing = NULL, driver = NULL, driver_seen = NULL, present_seen = NULL,
                           failing_seen = NULL, synced_seen = NULL
            WHERE host = :host AND name = :name)sql");
        update->bind(":host", gpu.host.str());
        update->bind(":name", gpu.name.str());
        update->bind(":pci", gpu.pci.libvirt());
        if (update->execute() == 0) no_card(*db_, gpu.host, gpu.name.str());
      },
      [&](const db::Failure& failure) { explain_gpu(*db_, gpu, failure); });
}

std::string_view name(GpuWish wish) { return wish == GpuWish::host ? "host" : "detached"; }

GpuWish parse_gpu_wish(const std::string& text) {
  if (text == name(GpuWish::host)) return GpuWish::host;
  if (text == name(GpuWish::detached)) return GpuWish::detached;
  throw Error(Fault::usage, "wish=" + quote(text) + ": want host, detached, or nothing");
}

void Inventory::set_gpu_wish(const HostName& host, const std::vector<GpuName>& cards,
                             const std::optional<GpuWish>& wish) {
  write("set host gpu", [&] {
    const auto held = db_->prepare(R"sql(
        SELECT vm, device FROM gpu_in_vm WHERE container = :host AND gpu = :gpu)sql");
    const auto update = db_->prepare(R"sql(
        UPDATE gpu SET synced_seen = CASE WHEN wish = :wish THEN synced_seen END, wish = :wish
        WHERE host = :host AND name = :gpu)sql");
    for (const auto& card : cards) {
      held->bind(":host", host.str());
      held->bind(":gpu", card.str());
      if (wish == GpuWish::host && held->step()) {
        const auto device = held->string(1);
        if (device == card.str()) {  // a slice of it is run by the driver of the host
          throw Error(Fault::refused, card.str() + " of host " + quote(host.str()) + " is in VM " +
                                          quote(held->string(0)) + ", and so is to be detached");
        }
      }
      held->reset();
      update->bind(":host", host.str());
      update->bind(":gpu", card.str());
      update->bind(":wish", wish ? std::optional<std::string_view>(name(*wish)) : std::nullopt);
      if (update->execute() == 0) no_card(*db_, host, card.str());
    }
  });
}

void Inventory::remove_gpu(const HostName& host, const GpuName& name) {
  write("remove host gpu", [&] {
    // The foreign key knows nothing of mediated devices.
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
    if (remove->execute() == 0) no_card(*db_, host, name.str());
  });
}

}  // namespace cluster
