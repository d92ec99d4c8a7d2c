#pragma once

#include <cstdint>

#include "node-agent/guard/guard.h"

namespace cluster::agent {

/// The memory of one region of a function, as the host's firmware or kernel placed it.
struct Region {
  int number = 0;           ///< 0..5; a 64-bit region takes two numbers
  std::uint64_t start = 0;  ///< 0 when it was not placed
  std::uint64_t end = 0;    ///< inclusive
  std::uint64_t flags = 0;  ///< include/linux/ioport.h: 0x100 ports, 0x200 memory, 0x20000000 unset

  bool operator==(const Region&) const = default;
};

/// The regions of a function that it has (`resource`, Documentation/PCI/sysfs-pci.rst).
std::vector<Region> regions(const Sysfs& sysfs, const PciAddress& pci);

/// Whether the host's console is on the card: the firmware started with it (`boot_vga`) and a
/// framebuffer has a console (/sys/class/vtconsole, Documentation/driver-api/fbdev or console.rst).
Culprits console_users(const Card& card, const GuardInput& input);

/// The framebuffers that the firmware left in the memory of the card and a generic driver uses
/// (/proc/iomem; names from drivers/firmware/sysfb*.c, drivers/video/fbdev and drivers/gpu/drm/
/// tiny). Where there is one and its place is not shown, to others than root, that is told instead.
Culprits framebuffer_users(const Card& card, const GuardInput& input);

}  // namespace cluster::agent
