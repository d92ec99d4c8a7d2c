#include "db/gpu_rows.h"

#include <algorithm>
#include <optional>

#include "core/text.h"

namespace cluster::db {
namespace {

// A list of sizes as it is stored, "16 131072 32"; nothing when there are none.
std::optional<std::string> text_of(const std::vector<int>& sizes) {
  std::vector<std::string> words;
  for (const int size : sizes) words.push_back(std::to_string(size));
  return words.empty() ? std::nullopt : std::optional(joined(words, " "));
}

// All columns of the table.
std::vector<std::string> all_card_columns() {
  auto columns = card_columns();
  columns.emplace_back("synced_seen");
  return columns;
}

}  // namespace

const std::vector<std::string>& card_columns() {
  static const std::vector<std::string> columns{
      "host", "name",          "pci",         "model",        "serial",
      "uuid", "physical_slot", "numa_node",   "missing",      "failing",
      "wish", "driver",        "driver_seen", "present_seen", "failing_seen"};
  return columns;
}

void bind_card(RowBinder& bind, const HostName& host, const GpuCard& card) {
  bind(host.str());
  bind(card.name.str());
  bind(card.pci.libvirt());
  bind(card.model);
  bind(card.serial);
  bind(card.uuid);
  bind(card.physical_slot);
  bind(card.numa_node);
  bind(card.missing ? 1 : 0);
  bind(card.failing);
  bind(card.wish ? std::optional(name(*card.wish)) : std::nullopt);
  bind(card.told.driver);
  bind(card.told.driver_seen);
  bind(card.told.seen);
  bind(card.told.failing_seen);
}

void GpuRows::add_parts(const HostName& host, const GpuCard& card) {
  for (const auto& function : card.functions) functions_.push_back({{&host, &card}, &function});
  for (const auto& slice : card.slices) slices_.push_back({{&host, &card}, &slice});
}

void GpuRows::sort_by_host() {
  const auto by_host = [](auto& rows) {
    std::ranges::stable_sort(rows, [](const auto& one, const auto& other) {
      return one.of.host->str() < other.of.host->str();
    });
  };
  by_host(cards_);
  by_host(functions_);
  by_host(slices_);
}

void GpuRows::insert(Connection& db, AddedRows* added) const {
  static const BatchInsert cards("gpu", all_card_columns());
  static const BatchInsert functions(
      "gpu_function", {"host", "gpu", "pci", "class", "vendor", "device", "subsystem_vendor",
                       "subsystem_device", "iommu_group", "bar_mib", "bars"});
  static const BatchInsert slices("gpu_slice", {"host", "gpu", "number", "pci", "type"});
  const auto bind_card_row = [&](RowBinder& bind, std::size_t i) {
    bind_card(bind, *cards_[i].of.host, *cards_[i].of.card);
    bind(std::optional<std::string_view>());
  };
  const auto bind_function = [&](RowBinder& bind, std::size_t i) {
    const auto& [of, one] = functions_[i];
    bind(of.host->str());
    bind(of.card->name.str());
    bind(one->pci.libvirt());
    bind(one->device_class);
    bind(one->vendor);
    bind(one->device);
    bind(one->subsystem_vendor);
    bind(one->subsystem_device);
    bind(one->iommu_group);
    bind(one->bar_mib);
    bind(text_of(one->bars));
  };
  const auto bind_slice = [&](RowBinder& bind, std::size_t i) {
    const auto& [of, one] = slices_[i];
    bind(of.host->str());
    bind(of.card->name.str());
    bind(one->number);
    bind(one->pci.libvirt());
    bind(one->type);
  };
  cards.add(db, cards_.size(), bind_card_row, added);
  functions.add(db, functions_.size(), bind_function, added);
  slices.add(db, slices_.size(), bind_slice, added);
}

}  // namespace cluster::db
