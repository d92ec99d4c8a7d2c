#include "node-agent/guard/framebuffer.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "node-agent/guard/guards.h"
#include "node-agent/kernel/quiet_read.h"
#include "node-agent/kernel/regions.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

bool is_display(const PciFunction& function) { return function.device_class >> 8U == 0x03; }

std::string first_letters(std::string_view name) {
  constexpr std::size_t kAlike = 3;
  return lower(name.substr(0, kAlike));
}

// A driver claims a region by a name that begins as its own does: "nvidia" and "nvidiafb",
// "mgag200" and "mgadrmfb_vram", "vmwgfx" and "vmwgfx probe", "NovaCore" and "nova-core/bar0",
// "vfio-pci" and "vfio sub-page reserved". So does the core of vfio for each of its drivers, as
// "nvgrace-gpu-vfio-pci" is one.
bool is_of_driver(std::string_view name, const PciFunction& function) {
  if (!function.driver) return false;
  const bool of_vfio = function.driver->find("vfio") != std::string::npos;
  return first_letters(name) == first_letters(*function.driver) ||
         (of_vfio && name.starts_with("vfio"));
}

bool overlap(const Region& region, const MemoryRange& range) {
  return range.start <= region.end && range.end >= region.start;
}

// The first line below that of the region itself which is neither the region, "0000:02:00.0", nor
// of its driver.
const MemoryRange* stranger_in(const Region& region, const std::vector<MemoryRange>& memory,
                               const PciFunction& function) {
  const MemoryRange* own = nullptr;
  for (const auto& range : memory) {
    if (own != nullptr && range.depth <= own->depth) own = nullptr;
    if (last_pci(range.name)) {
      const bool is_own = range.name == function.pci.sysfs() && overlap(region, range);
      if (own == nullptr && is_own) own = &range;
      continue;
    }
    if (own != nullptr && !is_of_driver(range.name, function)) return &range;
  }
  return nullptr;
}

// Since Linux 6.9 the device of a firmware's framebuffer is below its function:
// "efi-framebuffer.0".
std::optional<std::string> platform_child(const Sysfs& sysfs, const PciFunction& function) {
  for (const auto& entry : entries_quietly(sysfs.device_path(function.pci))) {
    const auto name = entry.filename().native();
    if (name.find("-framebuffer.") == std::string::npos) continue;
    std::error_code none;
    if (fs::is_symlink(fs::symlink_status(entry / "driver", none))) return name;
  }
  return std::nullopt;
}

// A user other than root sees no addresses in /proc/iomem, only the names.
bool is_hidden(const std::vector<MemoryRange>& memory) {
  return std::ranges::none_of(memory, [](const auto& range) { return range.end != 0; });
}

Reasons probe_framebuffer(const Subject& subject) {
  const auto& input = subject.input;
  const auto memory = memory_ranges(input.proc);
  Reasons reasons;
  for (const auto& function : subject.card.functions) {
    const auto found = firmware_framebuffer(input.sysfs, memory, function);
    if (!found) continue;
    const auto place =
        found->region ? "in region " + std::to_string(*found->region) + " of " : "on ";
    reasons.push_back({.what = "the firmware's framebuffer (" + found->name + ") is " + place +
                               function.pci.sysfs(),
                       .fix = "boot with initcall_blacklist=sysfb_init, or unbind its driver below "
                              "/sys/bus/platform/drivers"});
  }
  const bool any =
      std::ranges::any_of(memory, [](const auto& range) { return is_firmware_name(range.name); });
  if (reasons.empty() && any && is_hidden(memory)) {
    return {{.what = "only root sees in /proc/iomem whether a framebuffer is in its memory",
             .needs_root = true}};
  }
  return reasons;
}

}  // namespace

bool is_firmware_name(std::string_view name) {
  constexpr std::array<std::string_view, 12> kNames{
      "BOOTFB",  "efifb", "vesafb", "simplefb",           "simpledrm", "efidrm",
      "vesadrm", "ofdrm", "offb",   "simple-framebuffer", "vga16fb",   "efi-framebuffer"};
  return std::ranges::find(kNames, name) != kNames.end();
}

std::optional<FirmwareFramebuffer> firmware_framebuffer(const Sysfs& sysfs,
                                                        const std::vector<MemoryRange>& memory,
                                                        const PciFunction& function) {
  const bool hidden = is_hidden(memory);
  for (const auto& region : placed_regions(sysfs, function.pci)) {
    if (hidden || !region.is_memory()) continue;
    for (const auto& range : memory) {
      if (is_firmware_name(range.name) && overlap(region, range)) {
        return FirmwareFramebuffer{range.name, region.number};
      }
    }
    if (!is_display(function)) continue;
    if (const auto* range = stranger_in(region, memory, function)) {
      return FirmwareFramebuffer{range->name, region.number};
    }
  }
  const auto child = platform_child(sysfs, function);
  return child ? std::optional(FirmwareFramebuffer{*child, std::nullopt}) : std::nullopt;
}

constinit const Guard kFramebufferGuard{.name = "framebuffer",
                                        .help = "the firmware's framebuffer lies in its memory",
                                        .probe = probe_framebuffer,
                                        .of_neighbours = true,
                                        .at_boot = AtBoot::nothing,
                                        .for_vms_alone = false};

}  // namespace cluster::agent
