// The cards that can be chosen: by what they are, and by whether they are free.
#include <algorithm>

#include "core/error.h"
#include "db/engine.h"
#include "db/inventory.h"

namespace cluster {

DeviceKind kind_of(const GpuCard& card) {
  const auto kind = [](const GpuFunction& function) {
    return device_kind(function.device_class, function.vendor);
  };
  const auto is_gpu = [&](const auto& function) { return kind(function) == DeviceKind::gpu; };
  if (card.functions.empty()) return DeviceKind::unknown;
  return std::ranges::any_of(card.functions, is_gpu) ? DeviceKind::gpu
                                                     : kind(card.functions.front());
}

std::vector<FreeGpu> Inventory::free_gpus(const std::optional<HostName>& host) {
  std::vector<FreeGpu> gpus;
  read("list host gpu", [&] {
    if (!host) db_->expect_many(true);
    const auto query = db_->prepare(
        "SELECT free_gpu.host, free_gpu.name, free_gpu.model, free_gpu.numa_node "
        "FROM free_gpu " +
        std::string(host ? "WHERE free_gpu.host = :host"
                         : "JOIN host ON host.name = free_gpu.host "
                           "WHERE host.appliance = 'vm-container'"));
    if (host) query->bind(":host", host->str());
    while (query->step()) {
      gpus.push_back({HostName(query->text(0)), GpuName(query->text(1)), query->string(2),
                      query->maybe_number(3)});
    }
    if (!host) db_->expect_many(false);
  });
  std::ranges::sort(gpus, [](const FreeGpu& left, const FreeGpu& right) {
    return left.host == right.host ? left.name < right.name : left.host < right.host;
  });
  return gpus;
}

std::vector<CardTrait> Inventory::card_traits() {
  std::vector<CardTrait> cards;
  read("list host gpu", [&] {
    const auto query = db_->prepare(R"sql(
        SELECT gpu.host, coalesce(gpu.model, ''),
               coalesce(gpu_function.vendor || ':' || gpu_function.device, ''),
               CASE WHEN gpu.failing IS NULL THEN 0 ELSE 1 END
        FROM gpu
        LEFT JOIN gpu_function ON gpu_function.host = gpu.host AND gpu_function.gpu = gpu.name AND
                                  gpu_function.pci = (SELECT min(pci) FROM gpu_function AS one
                                                      WHERE one.host = gpu.host AND
                                                            one.gpu = gpu.name)
        WHERE gpu.missing = 0
        UNION ALL
        SELECT name, '', '', 1 FROM host WHERE failing IS NOT NULL)sql");
    while (query->step()) {
      cards.push_back({HostName(query->text(0)), query->string(1) + " " + query->string(2),
                       query->number(3) != 0});
    }
  });
  return cards;
}

}  // namespace cluster
