#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/pci_address.h"
#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

/// A region of memory or ports of a function (a base address register), as the host's firmware or
/// kernel placed it.
struct Region {
  int number = 0;           ///< 0..5; a 64-bit region takes two numbers; 6 is the ROM
  std::uint64_t start = 0;  ///< 0 when it was not placed
  std::uint64_t end = 0;    ///< inclusive; 0 when the size is not known either
  std::uint64_t flags = 0;  ///< IORESOURCE_* of include/linux/ioport.h

  bool placed() const;        ///< it has an address
  bool is_memory() const;     ///< else it is of ports
  bool is_64bit() const;      ///< it may be above 4 GiB
  bool prefetchable() const;  ///< memory without side effects of reading, as of a frame buffer
  bool is_shadow() const;     ///< of a ROM: a copy that the firmware left at 0xc0000

  /// In bytes; nothing when the kernel does not tell.
  std::optional<std::uint64_t> size() const;

  bool operator==(const Region&) const = default;
};

/// The regions that a function has, but its ROM (`resource`, Documentation/PCI/sysfs-pci.rst). The
/// kernel shows one for which there was no room as it shows one that does not exist, as zeros; in
/// `config` the bits of its type remain, unless it is one of 32 bits that is not prefetchable. An
/// unplaced region has no start, and may have no size.
std::vector<Region> regions(const Sysfs& sysfs, const PciAddress& pci);

/// Those of them that have an address. `resource` tells them, without a look at `config`.
std::vector<Region> placed_regions(const Sysfs& sysfs, const PciAddress& pci);

/// Its ROM, line 7 of `resource`; nothing when it has none.
std::optional<Region> rom_region(const Sysfs& sysfs, const PciAddress& pci);

}  // namespace cluster::agent
