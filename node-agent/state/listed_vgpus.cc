#include "node-agent/state/listed_vgpus.h"

#include <algorithm>

namespace cluster::agent {

std::vector<ListedVgpu> all_vgpus(const std::filesystem::path& slices, const Sysfs& sysfs,
                                  const std::vector<Card>& cards) {
  const SliceRecord record(slices);
  std::vector<ListedVgpu> listed;
  for (const auto& parent : vgpu_parents(cards, sysfs)) {
    for (const auto& vgpu : vgpus_of(parent)) {
      const auto leased = record.find(vgpu.id);
      listed.push_back(
          {vgpu.id,
           leased.value_or(
               LeasedVgpu{.parent = parent.name, .interface = parent.interface, .type = vgpu.type}),
           leased ? "present" : "foreign"});
    }
  }
  for (const auto& [id, leased] : record.vgpus()) {
    if (std::ranges::find(listed, id, &ListedVgpu::id) == listed.end()) {
      listed.push_back({id, leased, "missing"});
    }
  }
  return listed;
}

}  // namespace cluster::agent
