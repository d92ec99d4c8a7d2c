// Lists of cards, which may be long: their rows are read as text, and no more of them than is
// shown.
#include <algorithm>

#include "core/owned_rows.h"
#include "db/engine.h"
#include "db/inventory.h"
#include "db/only_hosts.h"

namespace cluster {

TextRows Inventory::host_gpus(const OnlyHosts& only) {
  const db::OnlyThese these(only);
  TextRows rows(4);
  OwnedRows owned;
  read("list host gpu", [&] {
    const auto query =
        db_->prepare("SELECT host, name, shown, given FROM host_gpu WHERE " + these.in("host"));
    these.bind(*query);
    while (query->step()) {
      const auto owner = query->text(0);
      if (!these.has(owner)) continue;
      owned.add(owner, number_in(query->text(1)));
      for (int column = 0; column < 4; ++column) rows.add(query->text(column));
    }
  });
  rows.reorder(owned.order());
  return rows;
}

// The first function of a card is the least text that begins with its address. SQLite does not ask
// a grouped query for some hosts alone, so the condition stands in both.
void Inventory::each_card(const OnlyHosts& only, const std::function<void(const CardRow&)>& with) {
  const db::OnlyThese these(only);
  read("list host gpu", [&] {
    const auto query = db_->prepare(R"sql(
        SELECT gpu.host, gpu.name, gpu.pci, gpu.missing, vm_gpu.vm, seen.first, seen.functions,
               gpu.numa_node, gpu.physical_slot, gpu.serial, gpu.uuid, gpu.model,
               coalesce(gpu.failing, host.failing), gpu.present_seen, gpu.failing_seen,
               gpu.synced_seen
        FROM gpu JOIN host ON host.name = gpu.host
        LEFT JOIN (SELECT host, gpu, CAST(count(*) AS INTEGER) AS functions,
                          min(pci || ' ' || vendor || ':' || device || ' ' ||
                              coalesce(CAST(iommu_group AS TEXT), '')) AS first
                   FROM gpu_function WHERE )sql" +
                                    these.in("host") + R"sql( GROUP BY host, gpu) AS seen
          ON seen.host = gpu.host AND seen.gpu = gpu.name
        LEFT JOIN vm_gpu ON vm_gpu.container = gpu.host AND vm_gpu.gpu = gpu.name AND
                            vm_gpu.slice IS NULL
        WHERE )sql" + these.in("gpu.host"));
    these.bind(*query);
    while (query->step()) {
      if (!these.has(query->text(0))) continue;
      auto first = query->text(5);
      first.remove_prefix(std::min(first.size(), first.find(' ') + 1));
      const auto blank = first.find(' ');
      const bool was_seen = !first.empty();
      with({query->text(0), query->text(1), query->text(2), query->text(4), first.substr(0, blank),
            was_seen ? first.substr(blank + 1) : std::string_view(), query->text(8), query->text(9),
            query->text(10), query->text(11), query->text(12), query->text(13), query->text(14),
            query->text(15), query->number(6), query->maybe_number(7), query->number(3) != 0});
    }
  });
}

void Inventory::each_slice(const OnlyHosts& only,
                           const std::function<void(const SliceRow&)>& with) {
  const db::OnlyThese these(only);
  read("list host gpu", [&] {
    const auto query = db_->prepare(
        R"sql(
        SELECT gpu_slice.host, 0, gpu_slice.gpu, gpu_slice.number, gpu_slice.pci, vm_gpu.vm,
               gpu_slice.type
        FROM gpu_slice LEFT JOIN vm_gpu ON vm_gpu.container = gpu_slice.host AND
          vm_gpu.gpu = gpu_slice.gpu AND vm_gpu.slice = gpu_slice.number WHERE )sql" +
        these.in("gpu_slice.host") + R"sql(
        UNION ALL SELECT container, 1, gpu, slice, NULL, vm, NULL FROM gpu_in_vm
        WHERE slice IS NOT NULL AND present = 0 AND )sql" +
        these.in("container") + R"sql(
        UNION ALL SELECT mdev.host, 2, mdev.parent, NULL, mdev.uuid, vm_gpu.vm, mdev.type
        FROM mdev LEFT JOIN vm_gpu ON vm_gpu.container = mdev.host AND vm_gpu.uuid = mdev.uuid
        WHERE )sql" +
        these.in("mdev.host") + R"sql(
        UNION ALL SELECT container, 3, NULL, NULL, uuid, vm, NULL FROM gpu_in_vm
        WHERE uuid IS NOT NULL AND present = 0 AND )sql" +
        these.in("container") + " ORDER BY 1, 2, 3, 4, 5");
    these.bind(*query);
    while (query->step()) {
      if (!these.has(query->text(0))) continue;
      const int kind = query->number(1);
      with({query->text(0), query->text(2), query->maybe_number(3), query->text(4), query->text(5),
            query->text(6), kind >= 2, kind % 2 == 0});
    }
  });
}

}  // namespace cluster
