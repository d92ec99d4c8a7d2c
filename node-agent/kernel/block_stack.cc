#include "node-agent/kernel/block_stack.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <set>

#include "core/text.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// "DEVNAME=nvme0n1" of `uevent`, else the name of the folder, in which ! stands for /.
std::string node_path(const fs::path& folder) {
  const auto uevent = read_quietly(folder / "uevent");
  for (const auto line : split(uevent, '\n')) {
    if (line.starts_with("DEVNAME=")) return "/dev/" + std::string(trim(line.substr(8)));
  }
  auto name = folder.filename().native();
  std::ranges::replace(name, '!', '/');
  return "/dev/" + name;
}

// The loop devices that the kernel knows. /sys/block leaves out partitions, which are no loop.
std::set<std::string> loops_of(const Sysfs& sysfs) {
  std::set<std::string> names;
  for (const auto* folder : {"block", "class/block"}) {
    for (const auto& path : entries_quietly(sysfs.root() / folder)) {
      const auto name = path.filename().native();
      if (name.starts_with("loop")) names.insert(name);
    }
    if (!names.empty()) break;
  }
  return names;
}

std::string_view without_end(std::string_view text, std::string_view end) {
  return text.ends_with(end) ? text.substr(0, text.size() - end.size()) : text;
}

}  // namespace

BlockStack::BlockStack(const Sysfs& sysfs, const std::vector<fs::path>& disks,
                       const std::vector<Mount>& mounts)
    : sysfs_(sysfs), mounts_(mounts) {
  for (const auto& disk : disks) add(disk, false);
  if (devices_.empty()) return;
  do {
    find_members();
  } while (add_loops());
}

bool BlockStack::add(const fs::path& folder, bool on_top, const std::string& file) {
  const auto number = read_quietly(folder / "dev");
  if (number.empty() || find_number(number) != nullptr) return false;
  BlockDevice device{number, node_path(folder), "", folder, on_top, file};
  const auto mapped = read_quietly(folder / "dm/name");
  if (!mapped.empty()) device.alias = "/dev/mapper/" + mapped;
  devices_.push_back(std::move(device));
  for (const auto& holder : entries_quietly(folder / "holders")) add(holder, true);
  for (const auto& part : entries_quietly(folder)) {
    if (fs::exists(part / "partition")) add(part, on_top);
  }
  add_bcache(folder / "bcache");
  return true;
}

// `dev` is a link to the device that is built on a disk. `set` is one to /sys/fs/bcache/UUID, which
// has a folder bdev0 with such a `dev` for each disk that a cache serves.
void BlockStack::add_bcache(const fs::path& folder) {
  const auto add_device = [&](const fs::path& link) {
    std::error_code none;
    const auto device = fs::canonical(link, none);
    if (!none) add(device, true);
  };
  add_device(folder / "dev");
  for (const auto& served : entries_quietly(folder / "set")) {
    if (served.filename().native().starts_with("bdev")) add_device(served / "dev");
  }
}

// Returns true when there was another one: its own disk may hold the file of the next.
bool BlockStack::add_loops() {
  bool more = false;
  for (const auto& name : loops_of(sysfs_)) {
    auto folder = sysfs_.root() / "block" / name;
    if (!fs::exists(folder)) folder = sysfs_.root() / "class/block" / name;
    const auto file = read_quietly(folder / "loop/backing_file");
    if (file.empty() || below_file(without_end(file, " (deleted)")) == nullptr) continue;
    more = add(folder, true, file) || more;
  }
  return more;
}

void BlockStack::find_members() {
  members_.clear();
  for (const auto& one : entries_quietly(sysfs_.root() / "fs/btrfs")) {
    std::vector<std::string> paths;
    const BlockDevice* ours = nullptr;
    for (const auto& device : entries_quietly(one / "devices")) {
      paths.push_back("/dev/" + device.filename().native());
      const auto* found = find(paths.back());
      if (found == nullptr) found = find_number(read_quietly(device / "dev"));
      if (found != nullptr) ours = found;
    }
    if (ours == nullptr) continue;
    for (auto& path : paths) members_.push_back({std::move(path), ours->number});
  }
}

const BlockDevice* BlockStack::find_number(std::string_view number) const {
  const auto found = std::ranges::find(devices_, number, &BlockDevice::number);
  return found == devices_.end() ? nullptr : &*found;
}

const BlockDevice* BlockStack::find_name(std::string_view path) const {
  for (const auto& device : devices_) {
    if (device.path == path || (!device.alias.empty() && device.alias == path)) return &device;
  }
  return nullptr;
}

const BlockDevice* BlockStack::find(std::string_view path) const {
  if (const auto* device = find_name(path)) return device;
  struct stat status {};
  if (!path.starts_with("/dev/") || ::stat(std::string(path).c_str(), &status) != 0 ||
      !S_ISBLK(status.st_mode)) {
    return nullptr;
  }
  return find_number(std::to_string(major(status.st_rdev)) + ":" +
                     std::to_string(minor(status.st_rdev)));
}

const BlockDevice* BlockStack::under(const Mount& mount) const {
  if (const auto* device = find_number(mount.number)) return device;
  // A bcachefs names all of its devices, "/dev/sda:/dev/sdb".
  for (const auto source : split(mount.source, ':')) {
    if (!source.starts_with('/')) continue;
    // The number of a device of its own says it all; a stat for each mount would take long.
    const bool is_numbered = !mount.number.starts_with("0:");
    if (const auto* device = is_numbered ? find_name(source) : find(source)) return device;
    const auto member = std::ranges::find(members_, source, &Member::path);
    if (member != members_.end()) return find_number(member->number);
  }
  // The journal of an XFS is on another device: "logdev=/dev/sdb".
  for (const auto option : split(mount.options, ',')) {
    const auto value = option.substr(std::min(option.find("=/dev/"), option.size()));
    if (value.empty()) continue;
    if (const auto* device = find(unescaped(value.substr(1)))) return device;
  }
  return nullptr;
}

const BlockDevice* BlockStack::below_file(std::string_view file) const {
  if (const auto* device = find(file)) return device;
  std::set<pid_t> spaces;
  for (const auto& mount : mounts_) {
    if (!spaces.insert(mount.pid).second) continue;
    const auto* place = mount_of(mounts_, file, mount.pid);
    const auto* device = place == nullptr ? nullptr : under(*place);
    if (device != nullptr) return device;
  }
  return nullptr;
}

std::vector<const BlockDevice*> BlockStack::btrfs_members() const {
  std::vector<const BlockDevice*> found;
  for (const auto& member : members_) {
    const auto* device = find_number(member.number);
    if (std::ranges::find(found, device) == found.end()) found.push_back(device);
  }
  return found;
}

}  // namespace cluster::agent
