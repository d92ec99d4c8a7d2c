#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/guard/guards.h"
#include "node-agent/kernel/block_exports.h"
#include "node-agent/kernel/block_stack.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

std::string name(const BlockDevice& disk) {
  return disk.alias.empty() ? disk.path : disk.path + " (" + name_as_word(disk.alias) + ")";
}

// The volume group of "vg--1-data", in which a doubled dash is one of a name.
std::string volume_group(std::string_view mapped) {
  std::string group;
  for (std::size_t at = 0; at < mapped.size(); ++at) {
    const bool dash = mapped[at] == '-';
    if (dash && mapped.substr(at + 1, 1) != "-") break;
    group += mapped[at];
    if (dash) ++at;
  }
  return group;
}

// The command that takes apart what is built on a disk.
std::string way_to_stop(const BlockDevice& device) {
  const auto file = device.folder.filename().native();
  if (!device.file.empty()) return "losetup -d " + device.path;
  if (fs::exists(device.folder / "md")) return "mdadm --stop " + device.path;
  if (fs::exists(device.folder / "bcache")) {
    return "echo 1 >" + name_as_word("/sys/block/" + file + "/bcache/stop");
  }
  if (file.starts_with("drbd")) return "drbdadm down its resource";
  const auto mapped = name_as_word(device.alias.empty() ? device.path : device.alias);
  const auto kind = read_quietly(device.folder / "dm/uuid");
  if (kind.starts_with("CRYPT-")) return "cryptsetup close " + mapped;
  if (kind.starts_with("mpath-")) return "multipath -f " + mapped;
  if (kind.starts_with("LVM-") && !device.alias.empty()) {
    const auto name = fs::path(device.alias).filename().native();
    return "vgchange -an " + name_as_word(volume_group(name));
  }
  return "dmsetup remove " + mapped + " or vgchange -an its volume group";
}

// Finds what the host does with the disks of a card (an NVMe for GPUDirect Storage, a disk on a USB
// controller): mounts of a disk and of what is built on it, in every mount namespace; swap; those
// stacks themselves; parts of the kernel that use a disk without a claim; and whatever else has
// claimed it (a btrfs member, ZFS): open(2) with O_EXCL says so.
class Disks {
 public:
  explicit Disks(const Subject& subject) : subject_(subject), input_(subject.input) {}

  Reasons users() {
    look_at_ports();
    std::vector<fs::path> folders;
    for (const auto& tree : subject_.trees()) {
      folders.insert(folders.end(), tree.disks.begin(), tree.disks.end());
    }
    if (!folders.empty()) mounts_ = all_mounts(input_.proc);
    const BlockStack stack(input_.sysfs, folders, mounts_);
    if (stack.devices().empty()) {
      if (has_controller()) look_at_exports(stack);
      return std::move(reasons_);
    }
    look_at_mounts(stack);
    look_at_swaps(stack);
    look_at_stack(stack);
    look_at_exports(stack);
    look_at_pools(stack);
    // A claim tells less than the other reasons, so we look for it last.
    if (reasons_.empty()) look_at_claims(stack);
    return std::move(reasons_);
  }

 private:
  void say(std::string what, std::string fix) {
    reasons_.push_back({.what = std::move(what), .fix = std::move(fix)});
  }

  void look_at_mounts(const BlockStack& stack) {
    std::set<const BlockDevice*> mounted;
    for (const auto& mount : mounts_) {
      const auto* disk = stack.under(mount);
      if (disk == nullptr) continue;
      // A mount of ours is often seen in other namespaces as well, and leaves them with ours.
      if (!mounted.insert(disk).second && mount.pid != 0) continue;
      auto what = name(*disk) + " is mounted on " + quoted_name(mount.point);
      const bool is_root = mount.point == "/";
      const auto unmount = "umount " + name_as_word(mount.point);
      auto fix = is_root ? "keep it, the host runs from it" : unmount;
      if (mount.pid != 0) {
        const auto process = ProcessTable(input_.proc).describe(mount.pid);
        what += " in the mount namespace of " + described(process);
        fix = way_to_stop(process);
        if (!is_root) fix += ", or nsenter -t " + std::to_string(mount.pid) + " -m " + unmount;
      }
      say(std::move(what), std::move(fix));
    }
    for (const auto* disk : stack.btrfs_members()) {
      if (mounted.contains(disk)) continue;
      say(name(*disk) + " belongs to a btrfs that the kernel has mounted",
          "unmount that btrfs (btrfs filesystem show names its devices)");
    }
  }

  // "/my\\040swap (deleted)  file  1048572 0 -2"
  void look_at_swaps(const BlockStack& stack) {
    const auto table = read_file(input_.proc / "swaps").value_or("");
    for (const auto line : split(table, '\n')) {
      auto path = unescaped(line.substr(0, line.find_first_of(" \t")));
      constexpr std::string_view kDeleted = " (deleted)";  // the name alone: it is still in use
      if (path.ends_with(kDeleted)) path.resize(path.size() - kDeleted.size());
      if (!path.starts_with('/')) continue;
      if (const auto* disk = stack.find(path)) {
        say("the host swaps to " + name(*disk), "swapoff " + disk->path);
      } else if (const auto* under = stack.below_file(path)) {
        say("the host swaps to the file " + quoted_name(path) + " on " + name(*under),
            "swapoff " + name_as_word(path));
      }
    }
  }

  void look_at_stack(const BlockStack& stack) {
    for (const auto& device : stack.devices()) {
      if (!device.on_top) continue;
      const auto built = device.file.empty() ? name(device) + " is built on a disk of it"
                                             : name(device) + " shows " + quoted_name(device.file) +
                                                   ", which is on a disk of it";
      if (!fs::exists(device.folder / "partition")) say(built, way_to_stop(device));
    }
  }

  void look_at_exports(const BlockStack& stack) {
    for (const auto& one : block_exports(input_.sysfs)) {
      const auto* disk = stack.find(one.disk);
      if (disk == nullptr && !is_controller(one.disk)) continue;
      const auto place = "/sys" / one.place.lexically_relative(input_.sysfs.root());
      say("the " + one.by + " has " + (disk == nullptr ? one.disk : name(*disk)) + " (" +
              quoted_name(place.native()) + ")",
          "take it out there");
    }
  }

  // The disks themselves may be anywhere.
  void look_at_ports() {
    for (const auto& member : subject_.members()) {
      for (const auto& one : port_exports(input_.sysfs, member.pci)) {
        const auto place = "/sys" / one.place.lexically_relative(input_.sysfs.root());
        say("the " + one.by + " gives disks to others by a port of " + member.pci.sysfs() + " (" +
                quoted_name(place.native()) + ")",
            "turn it off there");
      }
    }
  }

  // A zpool takes its disks for itself; udev has seen whose they are.
  void look_at_pools(const BlockStack& stack) {
    if (!fs::exists(input_.proc / "spl/kstat/zfs")) return;
    for (const auto& device : stack.devices()) {
      const auto facts = read_quietly(input_.runtime / "udev/data" / ("b" + device.number));
      std::string pool;
      bool member = false;
      for (const auto line : split(facts, '\n')) {
        member = member || line == "E:ID_FS_TYPE=zfs_member";
        if (line.starts_with("E:ID_FS_LABEL=")) pool = line.substr(14);
      }
      if (!member || pool.empty() || pool.find('/') != std::string::npos) continue;
      if (!fs::exists(input_.proc / "spl/kstat/zfs" / pool)) continue;
      say(name(device) + " belongs to the ZFS pool " + quoted_name(pool),
          "zpool export " + name_as_word(pool));
    }
  }

  void look_at_claims(const BlockStack& stack) {
    for (const auto& device : stack.devices()) {
      const auto claim = claim_on(device);
      if (claim == Claim::taken) {
        say("the kernel has claimed " + device.path + " (for a file system or a pool)",
            "release it there");
      } else if (claim == Claim::not_told) {
        reasons_.push_back(
            {.what = "only root can ask the kernel whether it has claimed " + device.path,
             .needs_root = true});
      }
    }
  }

  enum class Claim { none, taken, not_told };

  // A container has a /dev of its own, in which the node may be missing: then that of the host's
  // first process is asked. A node of another number is another disk.
  Claim claim_on(const BlockDevice& disk) const {
    for (const auto& path : {disk.path, (input_.proc / "1/root").native() + disk.path}) {
      struct stat status {};
      if (::stat(path.c_str(), &status) != 0 || !S_ISBLK(status.st_mode)) continue;
      if (std::to_string(major(status.st_rdev)) + ":" + std::to_string(minor(status.st_rdev)) !=
          disk.number) {
        continue;
      }
      const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC));
      if (file) return Claim::none;
      if (errno == EBUSY) return Claim::taken;
      if (::geteuid() != 0 && (errno == EACCES || errno == EPERM)) return Claim::not_told;
    }
    return Claim::none;
  }

  // An NVMe controller without disks can be exported as a whole.
  bool has_controller() const {
    return std::ranges::any_of(subject_.members(), [&](const PciFunction& one) {
      return fs::exists(input_.sysfs.device_path(one.pci) / "nvme");
    });
  }

  bool is_controller(const fs::path& node) const {
    return std::ranges::any_of(subject_.members(), [&](const PciFunction& one) {
      return fs::exists(input_.sysfs.device_path(one.pci) / "nvme" / node.filename());
    });
  }

  const Subject& subject_;
  const GuardInput& input_;
  std::vector<Mount> mounts_;
  Reasons reasons_;
};

Reasons probe_disk(const Subject& subject) { return Disks(subject).users(); }

}  // namespace

constinit const Guard kDiskGuard{
    .name = "disk",
    .help =
        "a disk of it or of its IOMMU group, at any depth below a function, is mounted in any "
        "mount namespace, swapped to (a swap file on it too), exported by nvmet or LIO, claimed, "
        "or below device mapper, md, bcache or a loop device; or nvmet or LIO give disks to others "
        "by a port of Fibre Channel or InfiniBand of it",
    .probe = probe_disk,
    .of_neighbours = true,
    .at_boot = AtBoot::left_out,
    .for_vms_alone = false,
    .again = true};

}  // namespace cluster::agent
