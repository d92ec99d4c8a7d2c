#include "frontend/vms/vm_disk.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

constexpr int kMaxSizeGib = 1 << 20;  // a PiB
constexpr std::array<std::string_view, 5> kBuses{"virtio", "scsi", "sata", "ide", "usb"};
constexpr std::array<std::string_view, 2> kFormats{"raw", "qcow2"};

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw Error(Fault::usage, "disk=" + quote(text) + ": " + why);
}

// "vda", "sdb", "hdc": libvirt's target names.
bool is_device(std::string_view text) {
  return text.size() >= 3 && text.size() <= 8 && text[1] == 'd' &&
         std::string_view("vshu").find(text[0]) != std::string_view::npos &&
         std::ranges::all_of(text.substr(2), [](char c) { return c >= 'a' && c <= 'z'; });
}

DiskSource source_of(const std::string& text, std::string_view word) {
  try {
    return parse_disk_source(word);
  } catch (const Error&) {
    refuse(text, "want file:PATH, phy:PATH or cdrom:PATH");
  }
}

VmDisk parse_disk(const std::string& text) {
  const auto fields = split(text, ',');
  if (fields.size() < 3 || fields.size() > 4) {
    refuse(text, "want SOURCE:PATH,DEVICE,BUS, like file:/vm/disk.img,vda,virtio");
  }
  const auto colon = fields[0].find(':');
  VmDisk disk{source_of(text, fields[0].substr(0, colon)),
              std::string(fields[0].substr(colon + 1)),
              std::string(fields[1]),
              std::string(fields[2]),
              "",
              {}};
  if (!disk.path.starts_with('/') || std::ranges::any_of(disk.path, is_control)) {
    refuse(text, "want an absolute path");
  }
  if (!is_device(disk.target))
    refuse(text, "device " + quote(disk.target) + ": want vda, vdb, ...");
  if (std::ranges::find(kBuses, disk.bus) == kBuses.end()) {
    refuse(text, "bus " + quote(disk.bus) + ": want virtio, scsi, sata, ide or usb");
  }
  if (disk.source == DiskSource::cdrom && disk.bus == "virtio") {
    refuse(text, "a CD-ROM has no bus virtio: want sata, scsi, ide or usb");
  }
  disk.format = fields.size() == 4              ? std::string(fields[3])
                : disk.path.ends_with(".qcow2") ? "qcow2"
                                                : "raw";
  if (std::ranges::find(kFormats, disk.format) == kFormats.end()) {
    refuse(text, "format " + quote(disk.format) + ": want raw or qcow2");
  }
  if (disk.source == DiskSource::cdrom && disk.format != "raw")
    refuse(text, "a CD-ROM has the format raw");
  return disk;
}

}  // namespace

std::vector<VmDisk> parse_disks(const std::vector<std::string>& texts) {
  std::vector<VmDisk> disks;
  std::set<std::string> targets;
  for (const auto& text : texts) {
    disks.push_back(parse_disk(text));
    if (!targets.insert(disks.back().target).second) {
      refuse(text, "the VM has a " + disks.back().target + " already");
    }
  }
  return disks;
}

void set_sizes(std::vector<VmDisk>& disks, const std::vector<std::string>& sizes) {
  if (sizes.size() > disks.size()) {
    throw Error(Fault::usage, "disksize: given " + std::to_string(sizes.size()) + " times for " +
                                  std::to_string(disks.size()) + " disks");
  }
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (disks[i].source == DiskSource::cdrom && !sizes[i].empty()) {
      throw Error(Fault::usage, "disksize=" + quote(sizes[i]) + ": " + disks[i].target +
                                    " is a CD-ROM, whose size is that of its image");
    }
    disks[i].size_gib = parse_optional_int("disksize", sizes[i], 1, kMaxSizeGib);
  }
}

VmDisk default_disk(const HostName& vm) {
  return {
      DiskSource::file, "/var/lib/libvirt/images/" + vm.str() + ".vda", "vda", "virtio", "raw", 36};
}

std::string disk_text(const VmDisk& disk) {
  return std::string(name(disk.source)) + ":" + disk.path + "," + disk.target + "," + disk.bus +
         "," + disk.format;
}

}  // namespace cluster::frontend
