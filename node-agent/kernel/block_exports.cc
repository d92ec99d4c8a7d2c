#include "node-agent/kernel/block_exports.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

struct Place {
  std::string_view file;  // below /sys; a part that ends with * stands for every name like that
  std::string_view by;
};

constexpr std::array kPlaces{
    Place{"kernel/config/nvmet/subsystems/*/namespaces/*/device_path", "NVMe target (nvmet)"},
    Place{"kernel/config/nvmet/subsystems/*/passthru/device_path", "NVMe target (nvmet)"},
    Place{"kernel/config/target/core/*/*/udev_path", "SCSI target (LIO)"},
    Place{"kernel/config/target/core/*/*/info", "SCSI target (LIO)"},
    Place{"kernel/config/usb_gadget/*/functions/*/*/file", "USB gadget"},
    Place{"kernel/scst_tgt/devices/*/filename", "SCSI target (SCST)"},
    Place{"block/zram*/backing_dev", "compressed memory (zram)"},
};

// Calls `visit` with each file that the pattern means.
template <typename Visit>
void expand(const fs::path& folder, std::string_view pattern, const Visit& visit) {
  const auto slash = pattern.find('/');
  const auto part = pattern.substr(0, slash);
  const auto rest = slash == std::string_view::npos ? "" : pattern.substr(slash + 1);
  if (!part.ends_with('*')) {
    if (rest.empty()) return visit(folder / part);
    return expand(folder / part, rest, visit);
  }
  const auto start = part.substr(0, part.size() - 1);
  std::error_code none;
  for (fs::directory_iterator at(folder, none), end; !none && at != end; at.increment(none)) {
    if (at->path().filename().native().starts_with(start)) expand(at->path(), rest, visit);
  }
}

// The whole of a file, or what follows "File: " in `info` of a disk of LIO: "TCM FILEIO ID: 0
//        File: /dev/sdb  Size: 1024  Mode: O_DSYNC Async: 0".
std::string_view disk_in(std::string_view text) {
  const auto file = text.find("File: ");
  if (file != std::string_view::npos) {
    text = text.substr(file + 6);
    return text.substr(0, text.find("  Size: "));  // a name may have blanks
  }
  return text.substr(0, text.find('\n'));  // SCST adds a line "[key]"
}

}  // namespace

std::vector<BlockExport> block_exports(const Sysfs& sysfs) {
  std::vector<BlockExport> found;
  for (const auto& place : kPlaces) {
    expand(sysfs.root(), place.file, [&](const fs::path& file) {
      const auto text = read_quietly(file);
      auto disk = std::string(disk_in(text));
      if (!disk.starts_with('/')) return;
      const auto same = [&](const BlockExport& one) {
        return one.place == file.parent_path() && one.disk == disk;
      };
      if (std::ranges::any_of(found, same)) return;
      found.push_back({std::string(place.by), std::move(disk), file.parent_path()});
    });
  }
  return found;
}

}  // namespace cluster::agent
