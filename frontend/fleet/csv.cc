#include "core/csv.h"

#include <array>
#include <map>

#include "frontend/fleet/card_words.h"
#include "frontend/fleet/fleet_format.h"

// A row for each card, slice and other mediated device, and one for a host or a VM without any: no
// host and no VM is lost. It is RFC 4180, as --format csv of the lists is.
namespace cluster::frontend {
namespace {

constexpr std::array<std::string_view, 27> kColumns{
    "host",    "appliance",   "rack",    "rank",   "address",     "maintenance", "gpu",
    "slice",   "kind",        "state",   "vm",     "vm_gpu",      "vm_pci_bus",  "domain",
    "pci_bus", "id",          "model",   "serial", "uuid",        "type",        "numa_node",
    "driver",  "iommu_group", "failing", "seen",   "driver_seen", "failing_seen"};

// The cells that a row has, by their column; the others are empty.
using Row = std::map<std::string_view, std::string>;

std::string_view kind_name(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::gpu:
      return "gpu";
    case DeviceKind::nvme:
      return "nvme";
    case DeviceKind::nvswitch:
      return "nvswitch";
    case DeviceKind::other:
      return "other";
    case DeviceKind::unknown:
      break;
  }
  return "";
}

class Rows {
 public:
  Rows() {
    for (const auto column : kColumns) text_ += (text_.empty() ? "" : ",") + std::string(column);
    text_ += "\n";
  }

  void add(const FleetHost& host) {
    const Row of_host = cells_of(host.host, host.seen);
    for (const auto& card : host.cards) {
      add(cells_of(of_host, card));
      for (const auto& slice : card.slices) {
        auto row = cells_of(of_host, slice);
        row["gpu"] = card.card.name.str();
        row["failing"] = card.failing.value_or("");
        row["seen"] = card.card.told.seen.value_or("");
        add(row);
      }
    }
    for (const auto& slice : host.others) {
      auto row = cells_of(of_host, slice);
      row["gpu"] = slice.parent;  // what it is on, as `list host gpu` has it
      add(row);
    }
    if (host.cards.empty() && host.others.empty()) add(of_host);
  }

  void add(const FleetVm& vm) {
    if (!vm.devices.empty()) return;  // it is in the rows of its devices
    auto row = cells_of(vm.host, {});
    row["host"] = vm.vm.container.str();
    row["vm"] = vm.vm.name.str();
    row["address"] = vm.address.value_or("");
    add(row);
  }

  std::string take() { return std::move(text_); }

 private:
  static Row cells_of(const Host& host, const std::optional<std::string>& seen) {
    Row row{{"host", host.name.str()},
            {"appliance", host.appliance},
            {"rack", digits(host.rack)},
            {"rank", digits(host.rank)},
            {"seen", seen.value_or("")},
            {"address", host.address.value_or("")},
            {"failing", host.failing.value_or("")}};
    if (host.maintenance)
      row["maintenance"] = host.maintenance->empty() ? "yes" : *host.maintenance;
    return row;
  }

  static void add_place(Row& row, const std::optional<FleetPlace>& place) {
    if (!place) return;
    row["vm"] = place->vm.str();
    row["vm_gpu"] = place->name.str();
    row["vm_pci_bus"] = place->guest ? place->guest->libvirt() : "";
  }

  static Row cells_of(const Row& of_host, const FleetCard& one) {
    auto row = of_host;
    const auto& card = one.card;
    row["gpu"] = card.name.str();
    row["kind"] = kind_name(one.kind);
    row["state"] = name(one.state);
    add_place(row, one.place);
    row["domain"] = one.domain.value_or("");
    row["pci_bus"] = card.pci.libvirt();
    row["model"] = card.model.value_or("");
    row["serial"] = card.serial.value_or("");
    row["uuid"] = card.uuid.value_or("");
    row["numa_node"] = digits(card.numa_node);
    row["driver"] = card.told.driver.value_or("");
    row["driver_seen"] = card.told.driver_seen.value_or("");
    row["failing"] = one.failing.value_or("");
    row["failing_seen"] = card.told.failing_seen.value_or("");
    row["seen"] = card.told.seen.value_or("");
    if (card.functions.empty()) return row;
    row["id"] = ids_of(card);
    row["iommu_group"] = digits(card.functions.front().iommu_group);
    return row;
  }

  static Row cells_of(const Row& of_host, const FleetSlice& slice) {
    auto row = of_host;
    row["slice"] = slice.name;
    row["state"] = name(slice.state);
    add_place(row, slice.place);
    row["domain"] = slice.domain.value_or("");
    row["pci_bus"] = slice.pci ? slice.pci->libvirt() : "";
    row["uuid"] = slice.is_mdev ? slice.name : "";
    row["type"] = slice.type.value_or("");
    return row;
  }

  void add(const Row& row) {
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      const auto at = row.find(kColumns[i]);
      text_ += (i == 0 ? "" : ",") + (at == row.end() ? "" : csv_field(at->second));
    }
    text_ += "\n";
  }

  std::string text_;
};

}  // namespace

FleetReport fleet_as_csv(const Fleet& fleet) {
  Rows rows;
  for (const auto& host : fleet.hosts) rows.add(host);
  for (const auto& vm : fleet.vms) rows.add(vm);
  return {rows.take()};
}

}  // namespace cluster::frontend
