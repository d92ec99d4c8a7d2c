#pragma once

#include <cstdint>
#include <vector>

#include "core/pci_address.h"
#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

/// The memory of one region of a function, as the host's firmware or kernel placed it.
struct Region {
  int number = 0;           ///< 0..5; a 64-bit region takes two numbers
  std::uint64_t start = 0;  ///< 0 when it was not placed
  std::uint64_t end = 0;    ///< inclusive
  std::uint64_t flags = 0;  ///< include/linux/ioport.h: 0x100 ports, 0x200 memory, 0x20000000 unset

  bool operator==(const Region&) const = default;
};

/// The regions that a function has (`resource`, Documentation/PCI/sysfs-pci.rst).
std::vector<Region> regions(const Sysfs& sysfs, const PciAddress& pci);

}  // namespace cluster::agent
