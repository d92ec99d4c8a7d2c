#include <algorithm>
#include <unordered_map>

#include "core/natural_key.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/inventory.h"
#include "db/only_hosts.h"

namespace cluster {
namespace {

// Collects VMs by name while their parts are read.
class Found {
 public:
  void add(Vm vm) {
    places_.emplace(vm.name.str(), vms_.size());
    vms_.push_back(std::move(vm));
  }

  // The VM of the row; nullptr when it is not wanted.
  Vm* owner(std::string_view name) {
    const auto at = places_.find(std::string(name));
    return at == places_.end() ? nullptr : &vms_[at->second];
  }

  // Returns nothing when all VMs were wanted.
  OnlyHosts names(const OnlyHosts& only) const {
    if (!only) return std::nullopt;
    OnlyHosts names{std::in_place};
    for (const auto& vm : vms_) names->push_back(vm.name);
    return names;
  }

  std::vector<Vm> take() && { return std::move(vms_); }

 private:
  std::vector<Vm> vms_;
  std::unordered_map<std::string, std::size_t> places_;
};

void read_vms(db::Connection& db, const db::OnlyThese& these, Found& found) {
  const std::string all =
      "SELECT host, container, uuid, memory_mib, cpus, fabric, coalesce(libvirt_name, '') FROM vm";
  // These are two queries instead of one with OR: each uses its own index.
  const auto query = db.prepare(these.reads_all() ? all
                                                  : all + " WHERE " + these.in("host") + " UNION " +
                                                        all + " WHERE " + these.in("container"));
  these.bind(*query);
  while (query->step()) {
    if (!these.has(query->text(0)) && !these.has(query->text(1))) continue;
    found.add({HostName(query->text(0)),
               HostName(query->text(1)),
               query->string(2),
               query->number(3),
               query->number(4),
               {},
               {},
               {},
               {},
               query->maybe_number(5),
               query->string(6)});
  }
}

void read_disks(db::Connection& db, const db::OnlyThese& these, Found& found) {
  const auto query = db.prepare(R"sql(
      SELECT vm, source, path, target, bus, format, size_gib, coalesce(cache, ''),
             coalesce(io, ''), coalesce(discard, ''), coalesce(serial, ''), made,
             coalesce(image, ''), coalesce(image_how, ''), iothread
      FROM vm_disk
      WHERE )sql" + these.in("vm") +
                                " ORDER BY vm, target");
  these.bind(*query);
  while (query->step()) {
    auto* vm = found.owner(query->text(0));
    if (vm == nullptr) continue;
    vm->disks.push_back({parse_disk_source(query->text(1)), query->string(2), query->string(3),
                         query->string(4), query->string(5), query->maybe_number(6),
                         query->string(7), query->string(8), query->string(9), query->string(10),
                         query->number(11) != 0, query->string(12), query->text(13) == "backing",
                         query->maybe_number(14)});
  }
}

void read_interfaces(db::Connection& db, const db::OnlyThese& these,
                     const std::map<std::string, Network>& networks, Found& found) {
  const auto query = db.prepare(R"sql(
      SELECT host, name, kind, source, mac, model, vlan, coalesce(address, ''), network
      FROM interface
      WHERE )sql" + these.in("host"));
  these.bind(*query);
  while (query->step()) {
    auto* vm = found.owner(query->text(0));
    if (vm == nullptr) continue;
    vm->interfaces.push_back({query->string(1), parse_interface_kind(query->text(2)),
                              query->string(3), MacAddress::parse(query->text(4)), query->string(5),
                              query->maybe_number(6), parse_ip_addresses(query->text(7))});
    if (!query->is_null(8)) {
      vm->interfaces.back().network = networks.at(query->string(8));
    }
  }
}

void read_gpus(db::Connection& db, const db::OnlyThese& these, Found& found) {
  const auto query = db.prepare(R"sql(
      SELECT vm, name, device, slice, gpu, pci, type, present, uuid FROM gpu_in_vm
      WHERE )sql" + these.in("vm"));
  these.bind(*query);
  while (query->step()) {
    auto* vm = found.owner(query->text(0));
    if (vm == nullptr) continue;
    const GpuName name(query->text(1));
    const auto number = query->maybe_number(3);
    const auto gpu = query->maybe_string(4);
    const auto pci = query->maybe_string(5);
    if (!number && query->is_null(8)) {
      vm->gpus.push_back({name, GpuName(*gpu), PciAddress::parse(*pci)});
      continue;
    }
    vm->slices.push_back(
        {name, query->string(2), number, {}, {}, query->maybe_string(6), query->number(7) != 0});
    if (gpu) vm->slices.back().gpu.emplace(*gpu);
    if (pci) vm->slices.back().pci = PciAddress::parse(*pci);
  }
}

}  // namespace

std::vector<Vm> Inventory::vms(const OnlyHosts& only) {
  Found found;
  read("list host vm", [&] {
    read_vms(*db_, db::OnlyThese(only), found);
    const db::OnlyThese these(found.names(only));
    read_disks(*db_, these, found);
    read_gpus(*db_, these, found);
    std::map<std::string, Network> by_name;
    for (auto& network : networks()) by_name.emplace(network.name, network);
    read_interfaces(*db_, these, by_name, found);
  });
  auto vms = std::move(found).take();
  for (auto& vm : vms) {
    std::ranges::sort(vm.gpus, {}, &VmGpu::name);
    std::ranges::sort(vm.slices, {}, &VmSlice::name);
    std::ranges::sort(vm.interfaces, natural_less, &Interface::name);
  }
  sort_naturally(vms, [](const Vm& vm) -> const std::string& { return vm.name.str(); });
  return vms;
}

}  // namespace cluster
