#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cluster::agent {

/// A line of a mountinfo (proc(5)):
/// "36 35 259:1 / /my\040data rw,noatime shared:1 - ext4 /dev/nvme0n1p1 rw,logdev=/dev/sdb".
struct Mount {
  std::string number;   ///< "259:1"; "0:40" for a btrfs and whatever else has no device of its own
  std::string point;    ///< "/my data"
  std::string type;     ///< "ext4"
  std::string source;   ///< "/dev/nvme0n1p1"
  std::string options;  ///< "rw,logdev=/dev/sdb": those of the file system
  pid_t pid = 0;        ///< a process that sees it, when its mount namespace is not ours
};

/// The mounts in one mountinfo; `pid` is put into each.
std::vector<Mount> mounts_in(std::string_view table, pid_t pid = 0);

/// The mounts of every mount namespace in which a process lives, ours first.
std::vector<Mount> all_mounts(const std::filesystem::path& proc);

/// The mount, among those of one namespace, on which the file lies; nullptr for none.
const Mount* mount_of(const std::vector<Mount>& mounts, std::string_view file, pid_t pid = 0);

/// A name as it is. The kernel spells blanks and line ends in it as "\\040" (proc(5)).
std::string unescaped(std::string_view text);

}  // namespace cluster::agent
