#include "node-agent/kernel/device_nodes.h"

#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/kernel/kfd.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// "DEVNAME=dri/card0" of `uevent` is /dev/dri/card0.
std::string node_path(const fs::path& folder) {
  const auto uevent = read_file(folder / "uevent").value_or("");
  for (const auto line : split(uevent, '\n')) {
    if (line.starts_with("DEVNAME=")) return "/dev/" + std::string(line.substr(8));
  }
  return "/dev/" + folder.filename().native();
}

bool is_block(const fs::path& folder) {
  std::error_code missing;
  return fs::read_symlink(folder / "subsystem", missing).filename() == "block";
}

// `dev` is "226:0".
void add_node(const fs::path& folder, std::vector<DeviceNode>& nodes) {
  // Of a disk in a bcache, `bcache/dev` is the folder of the device that is built on it.
  std::error_code none;
  if (!fs::is_regular_file(folder / "dev", none)) return;
  const auto text = read_file(folder / "dev");
  if (!text) return;
  const auto parts = split(trim(*text), ':');
  if (parts.size() != 2) return;
  const auto major = parse_number(parts[0]);
  const auto minor = parse_number(parts[1]);
  if (!major || !minor) return;
  nodes.push_back({node_path(folder),
                   {static_cast<mode_t>(is_block(folder) ? S_IFBLK : S_IFCHR),
                    static_cast<unsigned>(*major), static_cast<unsigned>(*minor)},
                   folder});
}

// nvme0c1n2 is a path to the disk nvme0n2: drivers/nvme/host/multipath.c gives both their names.
std::optional<std::string> disk_of_path(std::string_view name) {
  if (!name.starts_with("nvme")) return std::nullopt;
  const auto controller = name.find('c', 4);
  const auto space = name.find('n', 4);
  if (controller == std::string_view::npos || space == std::string_view::npos) return std::nullopt;
  if (space < controller) return std::nullopt;
  return std::string(name.substr(0, controller)) + std::string(name.substr(space));
}

// Another function below a bridge, "0000:03:00.0", is not part of this function.
bool is_other_function(std::string_view name) {
  return name.size() >= 12 && name[name.size() - 2] == '.' && name[name.size() - 5] == ':';
}

void walk(const Sysfs& sysfs, const fs::path& folder, std::vector<DeviceNode>& nodes) {
  std::error_code gone;
  for (fs::directory_iterator at(folder, gone), end; !gone && at != end; at.increment(gone)) {
    std::error_code ignored;
    if (at->is_symlink(ignored) || !at->is_directory(ignored)) continue;
    const auto name = at->path().filename().native();
    if (name == "power" || name == "vfio-dev" || name.starts_with("input")) continue;
    if (is_other_function(name)) continue;
    add_node(at->path(), nodes);
    walk(sysfs, at->path(), nodes);
    if (const auto disk = disk_of_path(name)) {
      const auto head = sysfs.root() / "class/block" / *disk;
      add_node(head, nodes);
      walk(sysfs, head, nodes);
    }
  }
}

// A line of /proc/devices: "195 nvidia-frontend".
std::optional<unsigned> character_major(const fs::path& proc, std::string_view name) {
  const auto devices = read_file(proc / "devices").value_or("");
  for (const auto line : split(devices, '\n')) {
    const auto words = split(trim(line), ' ');
    if (words.size() != 2 || words[1] != name) continue;
    if (const auto number = parse_number(words[0])) return static_cast<unsigned>(*number);
  }
  return std::nullopt;
}

// Since driver 555 it is called "nvidia". The number 195 is assigned to it in
// Documentation/admin-guide/devices.txt.
unsigned nvidia_major(const fs::path& proc) {
  if (const auto number = character_major(proc, "nvidia-frontend")) return *number;
  return character_major(proc, "nvidia").value_or(195);
}

// The line "Device Minor: \t 0" of a file of the driver.
std::optional<unsigned> minor_in(const fs::path& path, std::string_view key) {
  const auto file = read_file(path);
  if (!file) return std::nullopt;
  for (const auto line : split(*file, '\n')) {
    if (!line.starts_with(key)) continue;
    if (const auto number = parse_number(trim(line.substr(key.size())))) {
      return static_cast<unsigned>(*number);
    }
  }
  return std::nullopt;
}

// The nodes of the slices (MIG) of /dev/nvidia0. The line "DeviceFileMinor: 3" is in
// capabilities/gpu0/mig/gi1/access and, for a compute instance, in .../gi1/ci0/access.
void add_mig_nodes(const fs::path& proc, unsigned gpu, std::vector<DeviceNode>& nodes) {
  const auto major = character_major(proc, "nvidia-caps");
  if (!major) return;
  std::error_code none;
  const auto folder = proc / "driver/nvidia/capabilities" / ("gpu" + std::to_string(gpu));
  for (fs::recursive_directory_iterator at(folder, none), end; !none && at != end;
       at.increment(none)) {
    if (at->path().filename() != "access") continue;
    if (const auto minor = minor_in(at->path(), "DeviceFileMinor:")) {
      nodes.push_back(
          {"/dev/nvidia-caps/nvidia-cap" + std::to_string(*minor), {S_IFCHR, *major, *minor}, {}});
    }
  }
}

}  // namespace

std::vector<DeviceNode> device_nodes(const Sysfs& sysfs, const fs::path& proc,
                                     const PciAddress& pci) {
  std::vector<DeviceNode> nodes;
  walk(sysfs, sysfs.device_path(pci), nodes);
  const auto information = proc / "driver/nvidia/gpus" / pci.sysfs() / "information";
  if (const auto minor = minor_in(information, "Device Minor:")) {
    nodes.push_back(
        {"/dev/nvidia" + std::to_string(*minor), {S_IFCHR, nvidia_major(proc), *minor}, {}});
    add_mig_nodes(proc, *minor, nodes);
  }
  if (kfd_gpu(sysfs, pci)) add_node(kfd_folder(sysfs), nodes);
  return nodes;
}

std::vector<DeviceNode> vfio_nodes(const Sysfs& sysfs, const PciAddress& pci) {
  const auto device = sysfs.device_path(pci);
  auto nodes = vfio_nodes(sysfs, device);
  std::error_code gone;
  for (fs::directory_iterator at(device, gone), end; !gone && at != end; at.increment(gone)) {
    std::error_code none;
    const bool virtual_function = at->path().filename().native().starts_with("virtfn");
    if (!virtual_function && !fs::exists(at->path() / "mdev_type", none)) continue;
    std::ranges::move(vfio_nodes(sysfs, at->path()), std::back_inserter(nodes));
  }
  return nodes;
}

std::vector<DeviceNode> vfio_nodes(const Sysfs& sysfs, const fs::path& device) {
  std::vector<DeviceNode> nodes;
  std::error_code missing;
  const auto group = fs::read_symlink(device / "iommu_group", missing).filename();
  // Without an IOMMU, vfio calls its groups noiommu-N.
  for (const auto* prefix : {"", "noiommu-"}) {
    if (!missing) add_node(sysfs.root() / "class/vfio" / (prefix + group.native()), nodes);
  }
  for (fs::directory_iterator at(device / "vfio-dev", missing), end; !missing && at != end;
       at.increment(missing)) {
    add_node(at->path(), nodes);
  }
  return nodes;
}

}  // namespace cluster::agent
