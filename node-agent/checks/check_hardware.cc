#include <algorithm>
#include <array>

#include "core/file.h"
#include "core/text.h"
#include "node-agent/checks/checks.h"
#include "node-agent/guard/bus.h"
#include "node-agent/kernel/config_space.h"
#include "node-agent/kernel/quiet_read.h"
#include "node-agent/kernel/regions.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

bool is_display(const PciFunction& function) {
  return function.device_class >> 8U == 0x03 || function.device_class >> 8U == 0x12;
}

std::string mib(std::uint64_t bytes) { return std::to_string(bytes >> 20U) + " MiB"; }

int numa_nodes(const Sysfs& sysfs) {
  int count = 0;
  for (const auto& entry : entries_quietly(sysfs.root() / "devices/system/node")) {
    const auto name = entry.filename().native();
    if (name.starts_with("node") && parse_number(name.substr(4))) ++count;
  }
  return count;
}

// A card may lose its power when it is idle: that is the kernel's default (d3cold_allowed), and no
// trouble. One that answers has power; kernels before 5.11 show no power_state.
CheckAnswer stays_powered(const Subject& subject) {
  const auto& sysfs = subject.input.sysfs;
  for (const auto& function : subject.card.functions) {
    const auto& pci = function.pci;
    const auto state = sysfs.attribute(pci, "power_state");
    if (state == "D3cold") {
      return warned(pci.sysfs() + " is without power (D3cold)",
                    "echo 0 >" + (sysfs.device_path(pci) / "d3cold_allowed").native());
    }
    if (!state && !has_fallen_off(sysfs, pci)) return does_not_show("power_state", pci);
  }
  return passed("it has power");
}

// "region 1 of 0000:02:00.0 (256 MiB)"
std::string words(const Region& region, const PciAddress& pci) {
  const auto size = region.size();
  return "region " + std::to_string(region.number) + " of " + pci.sysfs() +
         (size ? " (" + mib(*size) + ")" : "");
}

// A region of 32 bits leaves no trace when it got no address. The registers of NVIDIA's GPUs are in
// such a one, region 0.
bool lacks_registers(const PciFunction& function, const std::vector<Region>& all) {
  constexpr std::uint16_t kNvidia = 0x10de;
  return function.vendor == kNvidia && is_display(function) &&
         std::ranges::none_of(all, [](const Region& one) { return one.number == 0; });
}

// No driver of today needs a region of ports.
CheckAnswer has_addresses(const Subject& subject) {
  constexpr std::string_view kFix =
      "turn on Above 4G Decoding in the firmware, or boot with pci=realloc";
  const auto& sysfs = subject.input.sysfs;
  for (const auto& function : subject.card.functions) {
    const auto& pci = function.pci;
    if (!sysfs.attribute(pci, "resource")) return does_not_show("resource", pci);
    const auto all = regions(sysfs, pci);
    for (const auto& region : all) {
      if (region.placed() || !region.is_memory()) continue;
      return failed(words(region, pci) + " has no address", std::string(kFix));
    }
    // Whoever draws or computes has memory.
    if (is_display(function) && std::ranges::none_of(all, &Region::is_memory)) {
      return failed("no region of " + pci.sysfs() + " has an address", std::string(kFix));
    }
    if (!subject.card.slice && lacks_registers(function, all)) {
      return failed("region 0 of " + pci.sysfs() + ", its registers, has no address",
                    "reboot with the card plugged in, or boot with pci=realloc (hpmmiosize=256M "
                    "where it is plugged in later)");
    }
  }
  return passed("every region has an address");
}

CheckAnswer bar_size(const Subject& subject) {
  const auto& sysfs = subject.input.sysfs;
  for (const auto& function : subject.card.functions) {
    for (const auto& region : regions(sysfs, function.pci)) {
      const auto name = "resource" + std::to_string(region.number) + "_resize";
      if (!fs::exists(sysfs.device_path(function.pci) / name)) continue;
      return passed(words(region, function.pci) + " can be resized");
    }
  }
  // Kernels before 6.1 have no such attribute.
  for (const auto& function : subject.card.functions) {
    const auto can = has_capability(sysfs, function.pci, ExtendedCapability::resizable_bar);
    if (!can) return cannot_tell("whether a region can be resized", function.pci);
    if (*can) return passed("a region of " + function.pci.sysfs() + " can be resized");
  }
  return passed("no region can be resized");
}

// The kernel marks a shadow that the firmware left (pci_fixup_video of arch/x86/pci/fixup.c).
CheckAnswer has_rom(const Subject& subject) {
  const auto& sysfs = subject.input.sysfs;
  bool any = false;
  for (const auto& function : subject.card.functions) {
    if (!sysfs.attribute(function.pci, "resource")) return does_not_show("resource", function.pci);
    const auto rom = rom_region(sysfs, function.pci);
    any = any || rom;
    if (!rom || !rom->is_shadow()) continue;
    return warned("the host sees a shadow of the ROM of " + function.pci.sysfs(),
                  "give the VM the ROM as a file, <rom file='...'/>, or none, <rom bar='off'/>");
  }
  return passed(any ? "its ROM is its own" : "it has no ROM");
}

CheckAnswer has_numa_node(const Subject& subject) {
  const auto& sysfs = subject.input.sysfs;
  const auto node = sysfs.attribute(subject.card.pci(), "numa_node");
  const auto nodes = numa_nodes(sysfs);
  if (nodes == 0) {
    return unknown("the kernel does not show the NUMA nodes of the host",
                   "boot a kernel with CONFIG_NUMA");
  }
  if (nodes == 1) return passed("the host has one NUMA node");
  if (!node || *node == "-1") {
    return unknown("the firmware does not tell its NUMA node", "update the firmware");
  }
  return passed("it is on NUMA node " + *node);
}

constexpr std::array kHardwareChecks{
    CardCheck{"D15", "it is without power (D3cold)", stays_powered, {}, true},
    CardCheck{"D18", "its regions have addresses", has_addresses, {}, true},
    CardCheck{"D19", "resizable regions", bar_size, {}, true},
    CardCheck{"D20", "a shadowed ROM", has_rom, {}, true},
    CardCheck{"D21", "NUMA node on a host with several", has_numa_node},
};

}  // namespace

std::optional<bool> is_first_display(const Sysfs& sysfs, const PciFunction& function) {
  constexpr std::uint16_t kVga = 0x0300;  // others have no such attribute (drivers/pci/pci-sysfs.c)
  if (function.device_class != kVga) return false;
  const auto first = sysfs.attribute(function.pci, "boot_vga");
  if (!first) return std::nullopt;
  return *first == "1";
}

CheckAnswer does_not_show(std::string_view attribute, const PciAddress& pci) {
  return unknown("the kernel shows no " + std::string(attribute) + " of " + pci.sysfs(),
                 "lspci -s " + pci.sysfs() + " shows whether it is still there");
}

std::span<const CardCheck> hardware_checks() { return kHardwareChecks; }

}  // namespace cluster::agent
