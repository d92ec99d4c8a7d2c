#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/cards/vgpu_parents.h"
#include "node-agent/state/slice_record.h"

namespace cluster::agent {

/// A vGPU in the list of `gpupci --vgpus`.
struct ListedVgpu {
  std::string id;
  LeasedVgpu leased;
  std::string_view state;  ///< "present"; "missing"; "foreign", not made by gpupci
};

/// The vGPUs that exist on a host with these cards, then those that only the record has (`slices`,
/// see slice_record.h). Throws Error(io).
std::vector<ListedVgpu> all_vgpus(const std::filesystem::path& slices, const Sysfs& sysfs,
                                  const std::vector<Card>& cards);

}  // namespace cluster::agent
