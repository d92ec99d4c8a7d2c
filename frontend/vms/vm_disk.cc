#include "frontend/vms/vm_disk.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <span>

#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

constexpr int kMaxSizeGib = 1 << 20;  // a PiB
constexpr int kMostIothreads = 64;    // each is a thread of QEMU
constexpr std::array<std::string_view, 5> kBuses{"virtio", "scsi", "sata", "ide", "usb"};
constexpr std::array<std::string_view, 2> kFormats{"raw", "qcow2"};

// "a, b or c" of a list without `but`.
std::string either_of(std::span<const std::string_view> list, std::string_view but = "") {
  std::vector<std::string> words(list.begin(), list.end());
  std::erase(words, but);
  const auto last = words.back();
  words.pop_back();
  return words.empty() ? last : joined(words, ", ") + " or " + last;
}

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

// A key of a disk that its text may have at the end, and the words that it takes; none: any text.
struct DiskKey {
  std::string_view name;
  std::string VmDisk::*field;
  std::vector<std::string_view> words;
};

const std::vector<DiskKey>& disk_keys() {
  static const std::vector<DiskKey> keys{
      {"cache", &VmDisk::cache, {"none", "writeback", "writethrough", "directsync", "unsafe"}},
      {"io", &VmDisk::io, {"native", "threads", "io_uring"}},
      {"discard", &VmDisk::discard, {"unmap", "ignore"}},
      {"serial", &VmDisk::serial, {}},
  };
  return keys;
}

// The characters that libvirt takes in a <serial>, https://libvirt.org/formatdomain.html; QEMU
// shows the guest 20 of a virtio disk.
bool is_serial(std::string_view text) {
  constexpr std::size_t kMax = 36;
  return !text.empty() && text.size() <= kMax && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_-. +").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

// Throws when `disk` cannot be made of its image.
void check_image(const std::string& text, const VmDisk& disk) {
  if (disk.image.empty()) {
    if (disk.backing) refuse(text, "how=backing goes with image= only");
    return;
  }
  if (disk.source != DiskSource::file) refuse(text, "image= goes with file: only");
  if (!disk.image.starts_with('/') || disk.image.find(',') != std::string::npos ||
      std::ranges::any_of(disk.image, is_control)) {
    refuse(text, "image=" + quote(disk.image) + ": want an absolute path without commas");
  }
  if (disk.image == disk.path) refuse(text, "its image is the disk itself");
  if (disk.backing && disk.format != "qcow2") {
    refuse(text, "how=backing goes with the format qcow2 only");
  }
}

bool is_backing(const std::string& text, std::string_view how) {
  if (how != "copy" && how != "backing") {
    refuse(text, "how=" + quote(how) + ": want copy or backing");
  }
  return how == "backing";
}

int iothread_of(const std::string& text, std::string_view word) {
  const auto number = parse_number(word);
  if (!number || *number < 1 || *number > kMostIothreads) {
    refuse(text, "iothread " + quote(word) + ": want a number from 1 to " +
                     std::to_string(kMostIothreads));
  }
  return static_cast<int>(*number);
}

void set_key(const std::string& text, std::string_view word, VmDisk& disk) {
  const auto at = word.find('=');
  const auto name = word.substr(0, at);
  const auto value = at == std::string_view::npos ? "" : word.substr(at + 1);
  if (name == "made" && at != std::string_view::npos) {
    if (value != "yes" && value != "no") refuse(text, "made=" + quote(value) + ": want yes or no");
    disk.made = value == "yes";
    return;
  }
  if (name == "image" && at != std::string_view::npos) {
    disk.image = value;
    return;
  }
  if (name == "how" && at != std::string_view::npos) {
    disk.backing = is_backing(text, value);
    return;
  }
  if (name == "iothread" && at != std::string_view::npos) {
    disk.iothread = iothread_of(text, value);
    return;
  }
  const auto key = std::ranges::find(disk_keys(), name, &DiskKey::name);
  if (at == std::string_view::npos || key == disk_keys().end()) {
    refuse(text, quote(word) +
                     ": want cache=, io=, discard=, serial=, iothread=, image=, how= or "
                     "made=");
  }
  const bool known = key->words.empty() ? is_serial(value)
                                        : std::ranges::find(key->words, value) != key->words.end();
  if (!known) {
    refuse(text, std::string(name) + " " + quote(value) + ": want " +
                     (key->words.empty() ? "1 to 36 letters, digits, blanks and _-.+"
                                         : joined({key->words.begin(), key->words.end()}, ", ")));
  }
  disk.*(key->field) = value;
}

VmDisk parse_disk(const std::string& text) {
  auto fields = split(text, ',');
  std::vector<std::string_view> keys;
  while (fields.size() > 3 && fields.back().find('=') != std::string_view::npos) {
    keys.push_back(fields.back());
    fields.pop_back();
  }
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
    refuse(text, "bus " + quote(disk.bus) + ": want " + either_of(kBuses));
  }
  if (disk.source == DiskSource::cdrom && disk.bus == "virtio") {
    refuse(text, "a CD-ROM has no bus virtio: want " + either_of(kBuses, "virtio"));
  }
  disk.format = fields.size() == 4              ? std::string(fields[3])
                : disk.path.ends_with(".qcow2") ? "qcow2"
                                                : "raw";
  if (std::ranges::find(kFormats, disk.format) == kFormats.end()) {
    refuse(text, "format " + quote(disk.format) + ": want " + either_of(kFormats));
  }
  if (disk.source == DiskSource::cdrom && disk.format != "raw")
    refuse(text, "a CD-ROM has the format raw");
  for (const auto& key : keys) set_key(text, key, disk);
  if (disk.io == "native" && disk.cache != "none" && disk.cache != "directsync") {
    refuse(text, "io=native goes with cache=none or cache=directsync only");
  }
  if (disk.iothread && disk.bus != "virtio") {
    refuse(text, "iothread= goes with the bus virtio only");
  }
  check_image(text, disk);
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
    // Two disks that write to one image destroy it. Several CD-ROMs may show the same.
    const auto same = std::ranges::find_if(disks, [&](const VmDisk& other) {
      return other.path == disks.back().path && other.source != DiskSource::cdrom;
    });
    if (disks.back().source != DiskSource::cdrom && same != disks.end() - 1) {
      refuse(text, "the VM has " + disks.back().path + " already, as " + same->target);
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
    disks[i].size_gib = sizes[i].empty()
                            ? std::nullopt
                            : std::optional(parse_size("disksize", sizes[i], 'G', 1, kMaxSizeGib));
  }
}

void set_image(std::vector<VmDisk>& disks, const std::optional<std::string>& image,
               const std::optional<std::string>& how) {
  const auto refuse_key = [&](const std::string& why) {
    throw Error(Fault::usage,
                image ? "image=" + quote(*image) + ": " + why : "how=" + quote(*how) + ": " + why);
  };
  const auto disk = std::ranges::find(disks, DiskSource::file, &VmDisk::source);
  if (disk == disks.end()) refuse_key("the VM has no disk that is a file");
  if (disk->made) {
    refuse_key(disk->target + " was made already, and is not made anew (made=no in disk= lets it)");
  }
  if (image) disk->image = *image;
  if (how) disk->backing = is_backing(disk->path, *how);
  if (disk->image.empty() && how) refuse_key("want image= as well");
  if (disk->image.empty()) disk->backing = false;
  check_image(disk_text(*disk), *disk);
}

void set_cdrom(std::vector<VmDisk>& disks, const std::string& image,
               const std::vector<virt::Drive>& there) {
  const auto is_cdrom = [](const VmDisk& disk) { return disk.source == DiskSource::cdrom; };
  const auto drive = std::ranges::find_if(disks, is_cdrom);
  if (image == "none") {
    if (drive != disks.end()) disks.erase(drive);
    return;
  }
  if (!image.starts_with('/') || std::ranges::any_of(image, is_control)) {
    throw Error(Fault::usage,
                "cdrom=" + quote(image) + ": want an absolute path on the container, or none");
  }
  if (drive != disks.end()) {
    drive->path = image;
    return;
  }
  const auto is_ours = [&](const std::string& target) {
    return std::ranges::find(disks, target, &VmDisk::target) != disks.end();
  };
  const auto empty = std::ranges::find_if(
      there, [&](const virt::Drive& one) { return one.cdrom && !is_ours(one.target); });
  if (empty != there.end()) {
    disks.push_back({DiskSource::cdrom, image, empty->target, empty->bus, "raw", {}});
    return;
  }
  // A disk "hda" has the place of "sda" on the same bus.
  const auto is_free = [&](const char* target) {
    const auto place = virt::drive_place("sata", target);
    return !is_ours(target) && std::ranges::none_of(disks, [&](const VmDisk& one) {
      return virt::drive_place(one.bus, one.target) == place;
    }) && std::ranges::none_of(there, [&](const virt::Drive& one) {
      return one.target == target || one.place == place;
    });
  };
  for (const char* target : {"sda", "sdb", "sdc", "sdd", "sde"}) {
    if (!is_free(target)) continue;
    disks.push_back({DiskSource::cdrom, image, target, "sata", "raw", {}});
    return;
  }
  throw Error(Fault::refused,
              "cdrom=: sda to sde are disks already: want disk=cdrom:" + image + ",DEVICE,BUS");
}

VmDisk default_disk(const HostName& vm) {
  return {
      DiskSource::file, "/var/lib/libvirt/images/" + vm.str() + ".vda", "vda", "virtio", "raw", 36};
}

std::string disk_text(const VmDisk& disk, bool with_state) {
  auto text = std::string(name(disk.source)) + ":" + disk.path + "," + disk.target + "," +
              disk.bus + "," + disk.format;
  for (const auto& key : disk_keys()) {
    const auto& value = disk.*(key.field);
    if (!value.empty()) text += "," + std::string(key.name) + "=" + value;
  }
  if (disk.iothread) text += ",iothread=" + std::to_string(*disk.iothread);
  if (!disk.image.empty()) text += ",image=" + disk.image + (disk.backing ? ",how=backing" : "");
  return text + (with_state && disk.made ? ",made=yes" : "");
}

}  // namespace cluster::frontend
