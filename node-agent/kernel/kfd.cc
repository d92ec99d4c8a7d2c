#include "node-agent/kernel/kfd.h"

#include <algorithm>
#include <iterator>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

std::string read_or_empty(const fs::path& path) {
  try {
    return std::string(trim(read_file(path).value_or("")));
  } catch (const Error&) {
    return "";  // the process has just ended
  }
}

// The line "location_id 768" of `properties`.
std::optional<long long> property(std::string_view text, std::string_view name) {
  for (const auto line : split(text, '\n')) {
    const auto words = split(line, ' ');
    if (words.size() == 2 && words[0] == name) return parse_number(words[1]);
  }
  return std::nullopt;
}

// "drm_render_minor 129"; 0 or -1 for a node without one.
std::optional<unsigned> render_minor(std::string_view text) {
  const auto minor = property(text, "drm_render_minor").value_or(0);
  return minor > 0 ? std::optional(static_cast<unsigned>(minor)) : std::nullopt;
}

template <typename Visit>
void for_each_node(const Sysfs& sysfs, Visit visit) {
  for (const auto& node : entries_quietly(kfd_folder(sysfs) / "topology/nodes")) {
    visit(node, read_or_empty(node / "properties"));
  }
}

}  // namespace

fs::path kfd_folder(const Sysfs& sysfs) { return sysfs.root() / "class/kfd/kfd"; }

std::vector<KfdGpu> kfd_gpus(const Sysfs& sysfs, const PciAddress& pci) {
  constexpr long long kPartition = 0xf0000000;
  std::vector<KfdGpu> exact;
  std::vector<KfdGpu> partitions;
  for_each_node(sysfs, [&](const fs::path& folder, std::string_view text) {
    if (property(text, "domain").value_or(0) != pci.domain) return;
    const auto location = property(text, "location_id").value_or(0) & ~kPartition;
    const long long slot = pci.bus << 8U | pci.slot << 3U;
    if (location < slot || location > slot + 7) return;
    auto id = read_or_empty(folder / "gpu_id");
    if (id.empty() || id == "0") return;  // 0 is a node of CPUs
    const auto function = static_cast<std::uint8_t>(location - slot);
    KfdGpu gpu{std::move(id), render_minor(text)};
    if (function == pci.function) exact.push_back(std::move(gpu));
    // The number of a partition where the slot has no such function of amdgpu.
    else if (pci.function == 0 &&
             sysfs.driver({pci.domain, pci.bus, pci.slot, function}) != "amdgpu") {
      partitions.push_back(std::move(gpu));
    }
  });
  std::ranges::move(partitions, std::back_inserter(exact));
  std::ranges::sort(exact, {}, &KfdGpu::id);
  return exact;
}

std::set<unsigned> kfd_render_minors(const Sysfs& sysfs) {
  std::set<unsigned> minors;
  for_each_node(sysfs, [&](const fs::path&, std::string_view text) {
    if (const auto minor = render_minor(text)) minors.insert(*minor);
  });
  return minors;
}

std::optional<bool> uses_kfd_gpu(const Sysfs& sysfs, pid_t pid, const std::string& gpu) {
  const auto process = kfd_folder(sysfs) / "proc" / std::to_string(pid);
  const auto memory = read_or_empty(process / ("vram_" + gpu));
  if (memory.empty()) return std::nullopt;
  if (memory != "0") return true;
  for (const auto& queue : entries_quietly(process / "queues")) {
    if (read_or_empty(queue / "gpuid") == gpu) return true;
  }
  return false;
}

}  // namespace cluster::agent
