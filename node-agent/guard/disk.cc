#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <map>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/guard/guards.h"
#include "node-agent/kernel/device_nodes.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

struct Disk {
  std::string path;   // "/dev/nvme0n1p1"
  std::string alias;  // "/dev/mapper/vg-lv"; empty when it has none
  fs::path folder;
  bool on_top = false;  // built on a disk of the card
};

// The kernel spells blanks and line ends of a path as "\\040" (proc(5)).
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto code = text.substr(at + 1, 3);
    const bool escaped = text[at] == '\\' && code.size() == 3 &&
                         code.find_first_not_of("01234567") == std::string_view::npos;
    if (!escaped) {
      out += text[at];
      continue;
    }
    out += static_cast<char>((code[0] - '0') * 64 + (code[1] - '0') * 8 + (code[2] - '0'));
    at += 3;
  }
  return out;
}

// Finds what the host does with the disks of a card (an NVMe for GPUDirect Storage): mounts of the
// disk, of its partitions and of what device mapper (LVM, LUKS, multipath) and md built on them
// (/proc/self/mountinfo), swap (/proc/swaps), those stacks themselves (`holders` in sysfs), and
// whatever else has claimed it in the kernel (a btrfs member, ZFS): open(2) with O_EXCL says so.
class Disks {
 public:
  Disks(const Card& card, const GuardInput& input) : input_(input) {
    for (const auto& function : card.functions) {
      for (const auto& node : device_nodes(input.sysfs, input.proc, function.pci)) {
        if (node.number.type != S_IFBLK) continue;
        const auto number =
            std::to_string(node.number.major) + ":" + std::to_string(node.number.minor);
        add(number, {node.path, "", node.folder, false});
      }
    }
  }

  Reasons users() const {
    Reasons reasons;
    if (disks_.empty()) return reasons;
    look_at_mounts(reasons);
    look_at_swaps(reasons);
    for (const auto& [number, disk] : disks_) {
      if (disk.on_top) reasons.push_back(stack(disk));
    }
    // A claim tells less than the other reasons, so we look for it last.
    if (!reasons.empty()) return reasons;
    for (const auto& [number, disk] : disks_) {
      if (is_claimed(number, disk)) {
        reasons.push_back(
            {.what = "the kernel has claimed " + disk.path + " (for a file system or a pool)",
             .fix = "release it there"});
      }
    }
    return reasons;
  }

 private:
  void add(const std::string& number, const Disk& disk) {
    if (!disks_.emplace(number, disk).second) return;
    std::error_code none;
    for (fs::directory_iterator at(disk.folder / "holders", none), end; !none && at != end;
         at.increment(none)) {
      const auto dev = read_file(at->path() / "dev");
      if (!dev) continue;
      Disk holder{"/dev/" + at->path().filename().native(), "", at->path(), true};
      if (const auto name = read_file(at->path() / "dm/name")) {
        holder.alias = "/dev/mapper/" + std::string(trim(*name));
      }
      add(std::string(trim(*dev)), holder);
    }
  }

  // Finds a device by the name that a table uses for it: btrfs and swap give no number.
  const Disk* find(std::string_view path) const {
    for (const auto& [number, disk] : disks_) {
      if (disk.path == path || (!disk.alias.empty() && disk.alias == path)) return &disk;
    }
    struct stat status {};
    if (!path.starts_with("/dev/") || ::stat(std::string(path).c_str(), &status) != 0 ||
        !S_ISBLK(status.st_mode)) {
      return nullptr;
    }
    const auto disk = disks_.find(std::to_string(major(status.st_rdev)) + ":" +
                                  std::to_string(minor(status.st_rdev)));
    return disk == disks_.end() ? nullptr : &disk->second;
  }

  // "36 35 259:1 / /data rw,noatime shared:1 - ext4 /dev/nvme0n1p1 rw" (proc(5))
  void look_at_mounts(Reasons& reasons) const {
    const auto table = read_file(input_.proc / "self/mountinfo").value_or("");
    for (const auto line : split(table, '\n')) {
      const auto words = split(line, ' ');
      const auto dash = line.find(" - ");
      if (words.size() < 5 || dash == std::string_view::npos) continue;
      const auto by_number = disks_.find(std::string(words[2]));
      const auto* disk = by_number != disks_.end() ? &by_number->second : nullptr;
      const auto source = split(line.substr(dash + 3), ' ');
      if (disk == nullptr && source.size() > 1) disk = find(source[1]);
      if (disk == nullptr) continue;
      const auto place = unescaped(words[4]);
      reasons.push_back({.what = name(*disk) + " is mounted on " + quoted_name(place),
                         .fix = "umount " + name_as_word(place)});
    }
  }

  void look_at_swaps(Reasons& reasons) const {
    const auto table = read_file(input_.proc / "swaps").value_or("");
    for (const auto line : split(table, '\n')) {
      const auto path = split(line, ' ').front();
      if (const auto* disk = path.starts_with("/dev/") ? find(path) : nullptr) {
        reasons.push_back(
            {.what = "the host swaps to " + name(*disk), .fix = "swapoff " + disk->path});
      }
    }
  }

  static std::string name(const Disk& disk) {
    return disk.alias.empty() ? disk.path : disk.path + " (" + name_as_word(disk.alias) + ")";
  }

  static Reason stack(const Disk& disk) {
    const bool raid = !disk.alias.empty() ? false : fs::exists(disk.folder / "md");
    const auto mapped = name_as_word(disk.alias.empty() ? disk.path : disk.alias);
    return {.what = name(disk) + " is built on a disk of it",
            .fix = raid ? "mdadm --stop " + disk.path
                        : "dmsetup remove " + mapped + " or vgchange -an its volume group"};
  }

  // Returns false when the node in /dev is another disk.
  static bool is_claimed(const std::string& number, const Disk& disk) {
    struct stat status {};
    if (::stat(disk.path.c_str(), &status) != 0 || !S_ISBLK(status.st_mode)) return false;
    if (std::to_string(major(status.st_rdev)) + ":" + std::to_string(minor(status.st_rdev)) !=
        number) {
      return false;
    }
    const FileDescriptor file(
        ::open(disk.path.c_str(), O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC));
    return !file && errno == EBUSY;
  }

  const GuardInput& input_;
  std::map<std::string, Disk> disks_;  // by "259:1"
};

Reasons probe(const Subject& subject) { return Disks(subject.card, subject.input).users(); }

}  // namespace

constinit const Guard kDiskGuard{
    .name = "disk",
    .help = "a disk of it is mounted, swapped to, claimed, or below device mapper or md",
    .probe = probe};

}  // namespace cluster::agent
