#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/kernel/sysfs.h"

namespace cluster::agent {

/// The extended capabilities that are looked for (include/uapi/linux/pci_regs.h).
enum class ExtendedCapability : std::uint16_t {
  error_reporting = 0x0001,
  serial_number = 0x0003,
  resizable_bar = 0x0015,
};

/// The configuration space of a function, of which a user other than root sees the first 64 bytes.
/// Nothing when it cannot be read. The kernel answers only when nobody resets the function, so a
/// child with a deadline reads it (timed_read.h).
std::optional<std::string> config_space(const Sysfs& sysfs, const PciAddress& pci);

/// The same of several functions, in their order, by one child where all of them answer.
std::vector<std::optional<std::string>> config_spaces(const Sysfs& sysfs,
                                                      const std::vector<PciAddress>& functions);

/// True if the function is a PCI Express function, by its configuration space (`config`). Nothing
/// when that cannot be read: a user other than root sees the first 64 bytes of it.
std::optional<bool> is_express(const Sysfs& sysfs, const PciAddress& pci);

/// The same for an extended capability. A function that is not PCI Express has none.
std::optional<bool> has_capability(const Sysfs& sysfs, const PciAddress& pci,
                                   ExtendedCapability wanted);

/// The registers that hold the addresses of a function's regions, six of them; none when they
/// cannot be read, or the function is a bridge.
std::vector<std::uint32_t> base_addresses(const Sysfs& sysfs, const PciAddress& pci);

/// The place where an extended capability begins in all of `config`; nothing when it is not there.
std::optional<std::size_t> find_capability(std::string_view config, ExtendedCapability wanted);

/// The four bytes at `at`, lowest first. They must be inside `config`.
std::uint32_t dword(std::string_view config, std::size_t at);

}  // namespace cluster::agent
