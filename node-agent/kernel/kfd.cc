#include "node-agent/kernel/kfd.h"

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

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

}  // namespace

fs::path kfd_folder(const Sysfs& sysfs) { return sysfs.root() / "class/kfd/kfd"; }

std::optional<std::string> kfd_gpu(const Sysfs& sysfs, const PciAddress& pci) {
  const auto location = pci.bus << 8U | pci.slot << 3U | pci.function;
  std::error_code none;
  for (fs::directory_iterator at(kfd_folder(sysfs) / "topology/nodes", none), end;
       !none && at != end; at.increment(none)) {
    const auto text = read_or_empty(at->path() / "properties");
    if (property(text, "location_id") != location) continue;
    if (property(text, "domain").value_or(0) != pci.domain) continue;
    auto gpu = read_or_empty(at->path() / "gpu_id");
    if (!gpu.empty() && gpu != "0") return gpu;  // 0 is a node of CPUs
  }
  return std::nullopt;
}

std::optional<bool> uses_kfd_gpu(const Sysfs& sysfs, pid_t pid, const std::string& gpu) {
  const auto process = kfd_folder(sysfs) / "proc" / std::to_string(pid);
  const auto memory = read_or_empty(process / ("vram_" + gpu));
  if (memory.empty()) return std::nullopt;
  if (memory != "0") return true;
  std::error_code none;
  for (fs::directory_iterator at(process / "queues", none), end; !none && at != end;
       at.increment(none)) {
    if (read_or_empty(at->path() / "gpuid") == gpu) return true;
  }
  return false;
}

}  // namespace cluster::agent
