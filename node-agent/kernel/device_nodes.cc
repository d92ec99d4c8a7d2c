#include "node-agent/kernel/device_nodes.h"

#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/kernel/device_tree.h"
#include "node-agent/kernel/driver_nodes.h"
#include "node-agent/kernel/kfd.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// "DEVNAME=dri/card0" of `uevent` is /dev/dri/card0.
std::string path_of_node(const fs::path& folder) {
  const auto uevent = read_file(folder / "uevent").value_or("");
  for (const auto line : split(uevent, '\n')) {
    if (line.starts_with("DEVNAME=")) return "/dev/" + std::string(line.substr(8));
  }
  return "/dev/" + folder.filename().native();
}

void add_node(const fs::path& folder, std::vector<DeviceNode>& nodes) {
  if (auto node = node_in(folder)) nodes.push_back(std::move(*node));
}

// Those of one device by iommufd.
void add_vfio_devices(const fs::path& device, std::vector<DeviceNode>& nodes) {
  for (const auto& entry : entries_quietly(device / "vfio-dev")) add_node(entry, nodes);
}

void add_nodes(const DeviceTree& tree, std::vector<DeviceNode>& nodes) {
  for (const auto& folder : tree.nodes) add_node(folder, nodes);
}

// The DRM nodes of a partition lie below a platform device, beside the render node that KFD names.
void add_partition(const Sysfs& sysfs, unsigned render_minor, std::vector<DeviceNode>& nodes) {
  const auto has_it = [&](const DeviceNode& node) { return node.number.minor == render_minor; };
  if (std::ranges::any_of(nodes, has_it)) return;
  const auto name = "renderD" + std::to_string(render_minor);
  std::error_code none;
  const auto real = fs::canonical(sysfs.root() / "class/drm" / name, none);
  if (!none) {
    add_nodes(device_tree(sysfs, real.parent_path()), nodes);
    return;
  }
  constexpr unsigned kDrm = 226;  // Documentation/admin-guide/devices.txt
  nodes.push_back({"/dev/dri/" + name, {S_IFCHR, kDrm, render_minor}, {}});
}

}  // namespace

// `dev` is "226:0". Of a disk in a bcache, `bcache/dev` is the folder of the device that is built
// on it.
std::optional<DeviceNode> node_in(const fs::path& folder) {
  std::error_code none;
  if (!fs::is_regular_file(folder / "dev", none)) return std::nullopt;
  const auto text = read_file(folder / "dev");
  if (!text) return std::nullopt;
  const auto parts = split(trim(*text), ':');
  if (parts.size() != 2) return std::nullopt;
  const auto major = parse_number(parts[0]);
  const auto minor = parse_number(parts[1]);
  if (!major || !minor) return std::nullopt;
  return DeviceNode{path_of_node(folder),
                    {static_cast<mode_t>(is_block(folder) ? S_IFBLK : S_IFCHR),
                     static_cast<unsigned>(*major), static_cast<unsigned>(*minor)},
                    folder};
}

std::vector<DeviceNode> device_nodes(const Sysfs& sysfs, const fs::path& proc,
                                     const PciAddress& pci) {
  std::vector<DeviceNode> nodes;
  add_nodes(device_tree(sysfs, pci), nodes);
  const auto gpus = kfd_gpus(sysfs, pci);
  if (!gpus.empty()) add_node(kfd_folder(sysfs), nodes);
  for (const auto& gpu : gpus) {
    if (gpu.render_minor) add_partition(sysfs, *gpu.render_minor, nodes);
  }
  std::ranges::move(driver_nodes(sysfs, proc, pci), std::back_inserter(nodes));
  return nodes;
}

std::vector<DeviceNode> vfio_nodes(const Sysfs& sysfs, const PciAddress& pci) {
  const auto device = sysfs.device_path(pci);
  auto nodes = vfio_nodes(sysfs, device);
  for (const auto& entry : entries_quietly(device)) {
    std::error_code none;
    const bool virtual_function = entry.filename().native().starts_with("virtfn");
    if (!virtual_function && !fs::exists(entry / "mdev_type", none)) continue;
    std::ranges::move(vfio_nodes(sysfs, entry), std::back_inserter(nodes));
  }
  for (const auto& other : entries_quietly(device / "iommu_group/devices")) {
    if (other.filename() != pci.sysfs()) add_vfio_devices(other, nodes);
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
  add_vfio_devices(device, nodes);
  return nodes;
}

}  // namespace cluster::agent
