#include "node-agent/kernel/block_exports.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/text.h"
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
  for (const auto& entry : entries_quietly(folder)) {
    if (entry.filename().native().starts_with(start)) expand(entry, rest, visit);
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

// "naa.2100002431000001", "21:00:00:24:31:00:00:01" and "0x2100002431000001" are one name.
std::string digits_of(std::string_view name) {
  if (name.starts_with("naa.")) name.remove_prefix(4);
  if (name.starts_with("0x")) name.remove_prefix(2);
  auto digits = lower(name);
  std::erase(digits, ':');
  return digits;
}

// Of Fibre Channel the name of each port, of InfiniBand its addresses.
void add_port_names(const fs::path& folder, int depth, std::vector<std::string>& names) {
  for (const auto& entry : entries_quietly(folder)) {
    const auto name = entry.filename().native();
    std::error_code none;
    if (fs::is_symlink(entry, none)) continue;
    if (name == "port_name" || folder.filename() == "gids") {
      const auto digits = digits_of(read_quietly(entry));
      if (digits.find_first_not_of('0') != std::string::npos) names.push_back(digits);
    } else if (depth > 0 && fs::is_directory(entry, none)) {
      add_port_names(entry, depth - 1, names);
    }
  }
}

}  // namespace

std::vector<PortExport> port_exports(const Sysfs& sysfs, const PciAddress& pci) {
  constexpr int kDepth = 5;  // infiniband/mlx4_0/ports/1/gids/0, host7/fc_host/host7/port_name
  std::vector<std::string> names;
  add_port_names(sysfs.device_path(pci), kDepth, names);
  std::vector<PortExport> found;
  if (names.empty()) return found;
  const auto is_ours = [&](std::string_view name) {
    return std::ranges::find(names, digits_of(name)) != names.end();
  };
  const auto config = sysfs.root() / "kernel/config";
  for (const auto& fabric : entries_quietly(config / "target")) {
    for (const auto& port : entries_quietly(fabric)) {
      if (!is_ours(port.filename().native())) continue;
      const bool on = std::ranges::any_of(entries_quietly(port), [](const fs::path& group) {
        return read_quietly(group / "enable") == "1";
      });
      if (on) found.push_back({"SCSI target (LIO)", port});
    }
  }
  for (const auto& port : entries_quietly(config / "nvmet/ports")) {
    const auto address = read_quietly(port / "addr_traddr");  // "nn-0x...:pn-0x..."
    const auto name = address.find("pn-");
    if (name == std::string::npos || !is_ours(std::string_view(address).substr(name + 3))) continue;
    if (!entries_quietly(port / "subsystems").empty())
      found.push_back({"NVMe target (nvmet)", port});
  }
  return found;
}

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
