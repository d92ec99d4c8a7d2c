#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/pci_address.h"
#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

/// The function that a device in sysfs belongs to, at any depth below it: the last PCI address on
/// the real path. Nothing for a device that is below no PCI function.
std::optional<PciAddress> pci_parent(const std::filesystem::path& device);

/// The same for a path that is already real.
std::optional<PciAddress> last_pci(const std::filesystem::path& real);

/// A framebuffer of the kernel, /dev/fb0 (Documentation/fb/framebuffer.rst).
struct Framebuffer {
  int number = 0;
  std::optional<PciAddress> pci;  ///< nothing when a platform driver has it, such as efifb
};

/// Every framebuffer, by number.
std::vector<Framebuffer> framebuffers(const Sysfs& sysfs);

/// The numbers of the framebuffers over which the kernel's command line spreads its consoles:
/// `fbcon=map:01` (Documentation/fb/fbcon.rst). Empty where it leaves the choice to the kernel.
std::set<int> mapped_framebuffers(const std::filesystem::path& proc);

/// A bound console of the kernel (/sys/class/vtconsole, Documentation/driver-api/console.rst).
struct BoundConsole {
  std::string name;         ///< "vtcon1"
  bool framebuffer = true;  ///< "(M) frame buffer device"; else "(S) VGA+", the text mode of VGA
};

/// The console that is bound and shows something; nothing when there is only the dummy.
std::optional<BoundConsole> bound_console(const Sysfs& sysfs);

/// A line of /proc/iomem: "  e0000000-e02fffff : BOOTFB".
struct MemoryRange {
  std::uint64_t start = 0;
  std::uint64_t end = 0;  ///< inclusive; 0 when only root may see the addresses
  std::string name;       ///< "0000:02:00.0" of a region, or of who has claimed it
  std::size_t depth = 0;  ///< blanks before it; a line belongs to the last one with fewer blanks
};

/// /proc/iomem; empty where there is none.
std::vector<MemoryRange> memory_ranges(const std::filesystem::path& proc);

}  // namespace cluster::agent
