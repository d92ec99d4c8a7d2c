#include "node-agent/kernel/driver_nodes.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/kernel/kfd.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// Minors of NVIDIA's first character device that belong to no GPU (nvidia-modprobe-utils.h).
constexpr unsigned kNvidiaModeset = 254;
constexpr unsigned kNvidiaControl = 255;

struct CharacterDriver {
  std::string name;
  unsigned major = 0;
};

// The lines "195 nvidia-frontend" in the first part of /proc/devices.
std::vector<CharacterDriver> character_drivers(const fs::path& proc) {
  std::vector<CharacterDriver> found;
  const auto devices = read_file(proc / "devices").value_or("");
  for (const auto line : split(devices, '\n')) {
    if (line.starts_with("Block")) break;
    const auto words = split(trim(line), ' ');
    const auto number = words.size() == 2 ? parse_number(words[0]) : std::nullopt;
    if (number) found.push_back({std::string(words[1]), static_cast<unsigned>(*number)});
  }
  return found;
}

std::optional<unsigned> character_major(const fs::path& proc, std::string_view name) {
  const auto drivers = character_drivers(proc);
  const auto found = std::ranges::find(drivers, name, &CharacterDriver::name);
  return found == drivers.end() ? std::nullopt : std::optional(found->major);
}

// Since driver 555 it is called "nvidia". The number 195 is assigned to it in
// Documentation/admin-guide/devices.txt.
unsigned nvidia_major(const fs::path& proc) {
  if (const auto number = character_major(proc, "nvidia-frontend")) return *number;
  return character_major(proc, "nvidia").value_or(195);
}

// The line "Device Minor: \t 0" of a file of the driver.
std::optional<unsigned> number_in(const fs::path& path, std::string_view key) {
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

std::optional<unsigned> nvidia_minor(const fs::path& proc, const PciAddress& pci) {
  return number_in(proc / "driver/nvidia/gpus" / pci.sysfs() / "information", "Device Minor:");
}

std::optional<unsigned> switch_minor(const fs::path& proc, const PciAddress& pci) {
  return number_in(proc / "driver/nvidia-nvswitch/devices" / pci.sysfs() / "information",
                   "Device Instance:");
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
    if (const auto minor = number_in(at->path(), "DeviceFileMinor:")) {
      nodes.push_back(
          {"/dev/nvidia-caps/nvidia-cap" + std::to_string(*minor), {S_IFCHR, *major, *minor}, {}});
    }
  }
}

// NVIDIA's GPUs of the host, whatever driver they are on.
bool is_only_nvidia(const Sysfs& sysfs) {
  int count = 0;
  for (const auto& pci : sysfs.functions()) {
    if (read_quietly(sysfs.device_path(pci) / "vendor") != "0x10de") continue;
    const auto device_class = read_quietly(sysfs.device_path(pci) / "class");
    if (device_class.starts_with("0x03") && !sysfs.is_virtual(pci)) ++count;
  }
  return count == 1;
}

void add_shared_nodes(const fs::path& proc, std::vector<DeviceNode>& nodes) {
  const auto major = nvidia_major(proc);
  nodes.push_back({"/dev/nvidiactl", {S_IFCHR, major, kNvidiaControl}, {}});
  nodes.push_back({"/dev/nvidia-modeset", {S_IFCHR, major, kNvidiaModeset}, {}});
  if (const auto uvm = character_major(proc, "nvidia-uvm")) {
    nodes.push_back({"/dev/nvidia-uvm", {S_IFCHR, *uvm, 0}, {}});
    nodes.push_back({"/dev/nvidia-uvm-tools", {S_IFCHR, *uvm, 1}, {}});
  }
}

std::string plain(std::string text) {
  std::ranges::replace(text, '-', '_');
  return text;
}

// What NVIDIA's driver and the modules that are built on it have beside the nodes above: IMEX
// channels, GPUDirect Storage (nvidia-fs), GDRCopy (gdrdrv), vGPU ...
void add_nvidia_modules(const Sysfs& sysfs, const fs::path& proc, std::vector<NodeRange>& ranges) {
  const auto modules = entries_quietly(sysfs.root() / "module/nvidia/holders");
  for (const auto& one : character_drivers(proc)) {
    // Of these the nodes of a GPU, of a switch and of a slice are known by their minors.
    constexpr std::array<std::string_view, 4> kKnown{"nvidia", "nvidia-frontend", "nvidia-nvswitch",
                                                     "nvidia-caps"};
    if (std::ranges::find(kKnown, one.name) != kKnown.end()) continue;
    const bool is_built_on_it = std::ranges::any_of(modules, [&](const fs::path& module) {
      return plain(one.name) == plain(module.filename().native());
    });
    if (is_built_on_it || one.name.starts_with("nvidia-")) ranges.push_back({one.name, one.major});
  }
}

// "mydriver", "mydriver-ctl" and "mydriver0" are devices of "mydriver".
bool is_called_after(const std::string& name, const std::string& driver) {
  if (driver.size() < 3 || !name.starts_with(driver)) return false;
  if (name.size() == driver.size()) return true;
  const char next = name[driver.size()];
  return next == '_' || is_digit(next);
}

// Partitions of AMD's GPUs that KFD does not name.
void add_unknown_partitions(const Sysfs& sysfs, std::vector<NodeRange>& ranges) {
  const auto named = kfd_render_minors(sysfs);
  for (const auto& device : entries_quietly(sysfs.root() / "bus/platform/devices")) {
    if (!device.filename().native().starts_with("amdgpu_xcp")) continue;
    std::vector<NodeRange> nodes;
    bool known = false;
    for (const auto& drm : entries_quietly(device / "drm")) {
      const auto node = node_in(drm);
      if (!node) continue;
      known = known || named.contains(node->number.minor);
      nodes.push_back({node->path, node->number.major, node->number.minor, node->number.minor});
    }
    if (!known) ranges.insert(ranges.end(), nodes.begin(), nodes.end());
  }
}

}  // namespace

std::vector<DeviceNode> driver_nodes(const Sysfs& sysfs, const fs::path& proc,
                                     const PciAddress& pci) {
  std::vector<DeviceNode> nodes;
  if (const auto minor = nvidia_minor(proc, pci)) {
    nodes.push_back(
        {"/dev/nvidia" + std::to_string(*minor), {S_IFCHR, nvidia_major(proc), *minor}, {}});
    add_mig_nodes(proc, *minor, nodes);
    if (is_only_nvidia(sysfs)) add_shared_nodes(proc, nodes);
  }
  const auto major = character_major(proc, "nvidia-nvswitch");
  const auto minor = switch_minor(proc, pci);
  if (major && minor) {
    nodes.push_back(
        {"/dev/nvidia-nvswitch" + std::to_string(*minor), {S_IFCHR, *major, *minor}, {}});
  }
  if (sysfs.driver(pci) == "ccp") {
    if (auto sev = node_in(sysfs.root() / "class/misc/sev")) nodes.push_back(std::move(*sev));
  }
  return nodes;
}

std::vector<NodeRange> unplaced_nodes(const Sysfs& sysfs, const fs::path& proc,
                                      const PciAddress& pci, const std::vector<DeviceNode>& known) {
  const auto driver = sysfs.driver(pci);
  std::vector<NodeRange> ranges;
  if (!driver || driver->find("vfio") != std::string::npos) return ranges;
  if (*driver == "nvidia") {
    if (!nvidia_minor(proc, pci)) {
      ranges.push_back({"nvidia", nvidia_major(proc), 0, kNvidiaModeset - 1});
    } else if (is_only_nvidia(sysfs)) {
      add_nvidia_modules(sysfs, proc, ranges);
    }
    return ranges;
  }
  if (*driver == "nvidia-nvswitch") {
    const auto major = character_major(proc, "nvidia-nvswitch");
    // The last one is the node that all switches share, nvidia-nvswitchctl.
    if (major && !switch_minor(proc, pci)) ranges.push_back({*driver, *major, 0, 254});
    return ranges;
  }
  if (*driver == "amdgpu") add_unknown_partitions(sysfs, ranges);
  std::error_code none;
  const auto module =
      fs::read_symlink(sysfs.driver_path(*driver) / "module", none).filename().native();
  for (const auto& one : character_drivers(proc)) {
    const auto has_major = [&](const DeviceNode& node) {
      return node.number.type == S_IFCHR && node.number.major == one.major;
    };
    if (std::ranges::any_of(known, has_major)) continue;
    const auto name = plain(one.name);
    if (is_called_after(name, plain(*driver)) || is_called_after(name, plain(module))) {
      ranges.push_back({one.name, one.major});
    }
  }
  return ranges;
}

}  // namespace cluster::agent
