#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/kernel/mounts.h"
#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

/// A disk, a partition, or what is built on one.
struct BlockDevice {
  std::string number;            ///< "259:1"
  std::string path;              ///< "/dev/nvme0n1p1"
  std::string alias;             ///< "/dev/mapper/vg-data"; empty when it has none
  std::filesystem::path folder;  ///< in sysfs
  bool on_top = false;           ///< built on another one of the stack
  std::string file;              ///< of a loop device: the file that it shows as a disk
};

/// Some disks with all that is built on them, to any depth:
/// - what holds them (`holders` in sysfs): device mapper (LVM, LUKS, multipath), md, drbd;
/// - the devices of a bcache, by the disk and by the cache (Documentation/admin-guide/bcache.rst);
/// - loop devices of a disk or of a file on one (/sys/block/loop0/loop/backing_file);
/// - and the partitions of all those.
class BlockStack {
 public:
  /// `disks` are folders of sysfs with `dev`. `mounts` tells on which file system a file lies.
  BlockStack(const Sysfs& sysfs, const std::vector<std::filesystem::path>& disks,
             const std::vector<Mount>& mounts);

  /// From the disks upwards.
  const std::vector<BlockDevice>& devices() const { return devices_; }

  /// The device that a table calls by this path; nullptr when it is not in the stack.
  const BlockDevice* find(std::string_view path) const;

  /// The device that the mount needs, also as a member of a file system of several devices (btrfs,
  /// bcachefs) or for its journal; nullptr when none is in the stack.
  const BlockDevice* under(const Mount& mount) const;

  /// The device itself, or the one that holds the file in any mount namespace.
  const BlockDevice* below_file(std::string_view file) const;

  /// The members of a btrfs that the kernel has mounted (/sys/fs/btrfs).
  std::vector<const BlockDevice*> btrfs_members() const;

 private:
  struct Member {
    std::string path;    ///< of any device of a btrfs with a device of the stack
    std::string number;  ///< of that device of the stack
  };

  bool add(const std::filesystem::path& folder, bool on_top, const std::string& file = "");
  void add_bcache(const std::filesystem::path& folder);
  bool add_loops();
  void find_members();
  const BlockDevice* find_name(std::string_view path) const;
  const BlockDevice* find_number(std::string_view number) const;

  const Sysfs& sysfs_;
  const std::vector<Mount>& mounts_;
  std::vector<BlockDevice> devices_;
  std::vector<Member> members_;
};

}  // namespace cluster::agent
