#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/inventory.h"
#include "db/refusals.h"

namespace cluster {

std::string device_words(const std::string& device) {
  if (is_uuid(device)) return "mediated device " + device;
  return (device.find('.') == std::string::npos ? "card " : "slice ") + device;
}

[[noreturn]] void no_card(db::Connection& db, const HostName& host, const std::string& card) {
  std::vector<std::pair<GpuName, std::string>> cards;
  const auto query = db.prepare("SELECT name, pci FROM gpu WHERE host = :host");
  query->bind(":host", host.str());
  while (query->step()) cards.emplace_back(GpuName(query->text(0)), query->string(1));
  std::ranges::sort(cards);
  std::vector<std::string> have;
  for (const auto& [name, pci] : cards) have.push_back(name.str() + " " + pci);
  throw Error(
      Fault::not_found,
      "host " + quote(host.str()) + " has no card " + card + " in the inventory (" +
          (have.empty() ? "it has none: `cluster add host gpu`" : "it has " + joined(have, ", ")) +
          ")");
}

namespace {

// A row of vm_gpu that is to be stored: the whole card `gpu`, a slice of it, or a mediated device.
struct Given {
  std::optional<std::string> gpu;
  std::optional<int> slice;
  std::optional<std::string> uuid;

  std::string device() const {
    if (uuid) return *uuid;
    return *gpu + (slice ? "." + std::to_string(*slice) : "");
  }
};

bool has_function(const GpuCard& card, const PciAddress& pci) {
  return std::ranges::find(card.functions, pci, &GpuFunction::pci) != card.functions.end();
}

// The device that `card` stands for on the container.
Given given(Inventory& inventory, db::Connection& db, const HostName& container,
            const CardRef& card) {
  if (const auto* mdev = std::get_if<MdevRef>(&card)) return {{}, {}, mdev->uuid};
  const auto cards = inventory.gpu_cards(container);
  if (const auto* name = std::get_if<SliceName>(&card)) {
    if (std::ranges::find(cards, name->card, &GpuCard::name) == cards.end()) {
      no_card(db, container, name->card.str());
    }
    return {name->card.str(), name->slice, {}};
  }
  // A virtual function may be in the slot of its card. When a card was only typed, any of its
  // functions stands for it.
  const auto& pci = std::get<PciAddress>(card);
  for (const auto& one : cards) {
    const auto slice = std::ranges::find(one.slices, pci, &GpuSlice::pci);
    if (slice != one.slices.end()) return {one.name.str(), slice->number, {}};
  }
  for (const auto& one : cards) {
    if (one.functions.empty() ? one.pci.same_slot(pci) : has_function(one, pci)) {
      return {one.name.str(), {}, {}};
    }
  }
  no_card(db, container, pci.libvirt());
}

// Refuses a device that another domain of the container has, as the container said last.
void refuse_elsewhere(Inventory& inventory, const Vm& vm, const Given& device) {
  const auto all = inventory.domain_devices(OnlyHosts{{vm.container}});
  const auto domains = all.find(vm.container);
  if (domains == all.end()) return;
  const auto there = inventory.devices({vm.container}).at(0);
  const auto is_meant = [&](const CardElsewhere& one) {
    if (one.uuid == vm.uuid || !device.gpu || one.gpu.str() != *device.gpu) return false;
    return !device.slice || (one.slice ? one.slice == device.slice : !is_uuid(one.device));
  };
  const auto found = std::ranges::find_if(there.elsewhere, is_meant);
  const auto by_uuid = std::ranges::find_if(domains->second, [&](const DomainDevices& one) {
    return device.uuid && one.uuid != vm.uuid &&
           std::ranges::find(one.devices, *device.uuid) != one.devices.end();
  });
  const bool known = found != there.elsewhere.end();
  if (!known && by_uuid == domains->second.end()) return;
  const auto& uuid = known ? found->uuid : by_uuid->uuid;
  const auto& domain = known ? found->domain : by_uuid->domain;
  const auto& seen = known ? found->seen : by_uuid->seen;
  const auto& host = vm.container.str();
  const auto vms = inventory.vms(OnlyHosts{{vm.container}});
  const auto ours = std::ranges::find(vms, uuid, &Vm::uuid);
  const auto what = device_words(device.device()) + " of host " + quote(host) + " is in ";
  const std::string free = "take it from that (virsh edit) and `cluster discover host vm " + host +
                           "` (seen " + seen + ")";
  if (ours != vms.end()) {
    throw Error(Fault::refused, what + "VM " + quote(ours->name.str()) +
                                    " by hand, in libvirt there: give it to that VM, or " + free);
  }
  throw Error(Fault::refused,
              what + quote(domain) + ", a VM there that is not in the inventory: take that in " +
                  "(`cluster discover host vm " + host + " import=yes`), or " + free);
}

// Finds the row or rule that refused to give `device` of its container to `vm` as `name`.
void explain_assign(db::Connection& db, const Vm& vm, const GpuName& name, const Given& device,
                    const db::Failure& failure) {
  const auto what = device_words(device.device()) + " of host " + quote(vm.container.str());
  const auto other = db.prepare(R"sql(
      WITH one (gpu, place) AS (
        SELECT coalesce(:gpu, (SELECT gpu FROM mdev WHERE host = :container AND uuid = :uuid)),
               coalesce(:gpu || '.' || :slice, :gpu,
                        (SELECT parent FROM mdev WHERE host = :container AND uuid = :uuid)))
      SELECT other.vm, other.name, other.device
      FROM gpu_in_vm AS other, one
      WHERE container = :container AND (other.vm <> :vm OR other.name <> :name) AND
            (device = :device OR
             (other.gpu = one.gpu AND
              ((:slice IS NULL AND :uuid IS NULL) OR
               (other.slice IS NULL AND other.uuid IS NULL) OR
               (other.place = one.place AND (:uuid IS NULL OR other.uuid IS NULL)))))
      ORDER BY CASE device WHEN :device THEN 0 ELSE 1 END)sql");
  other->bind(":vm", vm.name.str());
  other->bind(":name", name.str());
  other->bind(":container", vm.container.str());
  other->bind(":device", device.device());
  other->bind(":gpu", device.gpu);
  other->bind(":slice", device.slice);
  other->bind(":uuid", device.uuid);
  if (other->step()) {
    const auto holder = quote(other->string(0));
    const auto as = other->string(1);
    const auto held = other->string(2);
    if (held == device.device()) {
      throw Error(Fault::exists, what + " is in VM " + holder + " already, as " + as);
    }
    throw Error(Fault::exists, what + " cannot be given: " + device_words(held) + " is in VM " +
                                   holder + ", as " + as);
  }
  const auto same_name = db.prepare("SELECT device FROM gpu_in_vm WHERE vm = :vm AND name = :name");
  same_name->bind(":vm", vm.name.str());
  same_name->bind(":name", name.str());
  if (same_name->step()) {
    throw Error(Fault::exists, "VM " + quote(vm.name.str()) + " has a " + name.str() +
                                   " already, " + same_name->string(0) + " of host " +
                                   quote(vm.container.str()));
  }
  if (failure.constraint != "mdev_is_of_the_container") return;
  const auto elsewhere =
      db.prepare("SELECT host FROM mdev WHERE uuid = :uuid AND host <> :container");
  elsewhere->bind(":uuid", *device.uuid);
  elsewhere->bind(":container", vm.container.str());
  if (elsewhere->step()) {
    throw Error(Fault::refused, device_words(*device.uuid) + " is of host " +
                                    quote(elsewhere->string(0)) + ", not of " +
                                    quote(vm.container.str()));
  }
}

}  // namespace

void Inventory::assign_gpu(const HostName& vm_name, const GpuName& name, const CardRef& card) {
  std::optional<Vm> vm;
  Given device;
  write(
      "add host gpu",
      [&] {
        vm = require_vm(vm_name);
        device = given(*this, *db_, vm->container, card);
        refuse_elsewhere(*this, *vm, device);
        const auto insert = db_->prepare(R"sql(
            INSERT INTO vm_gpu (vm, name, container, gpu, slice, uuid)
            VALUES (:vm, :name, :container, :gpu, :slice, :uuid))sql");
        insert->bind(":vm", vm_name.str());
        insert->bind(":name", name.str());
        insert->bind(":container", vm->container.str());
        insert->bind(":gpu", device.gpu);
        insert->bind(":slice", device.slice);
        insert->bind(":uuid", device.uuid);
        insert->execute();
      },
      [&](const db::Failure& failure) { explain_assign(*db_, *vm, name, device, failure); });
}

void Inventory::reassign_gpu(const HostName& vm, const GpuName& name, const CardRef& card) {
  write("set host gpu", [&] {
    const auto held = db_->prepare("SELECT device FROM gpu_in_vm WHERE vm = :vm AND name = :name");
    held->bind(":vm", vm.str());
    held->bind(":name", name.str());
    if (held->step() &&
        held->text(0) == given(*this, *db_, require_vm(vm).container, card).device()) {
      return;  // it has that one: the history has only what changed
    }
    unassign_gpu(vm, name);
    assign_gpu(vm, name, card);
  });
}

void Inventory::unassign_gpu(const HostName& vm, const GpuName& name) {
  write("remove host gpu", [&] {
    const auto remove = db_->prepare("DELETE FROM vm_gpu WHERE vm = :vm AND name = :name");
    remove->bind(":vm", vm.str());
    remove->bind(":name", name.str());
    if (remove->execute() == 0) {
      throw Error(Fault::not_found, "VM " + quote(vm.str()) + " has no card " + name.str());
    }
  });
}

}  // namespace cluster
