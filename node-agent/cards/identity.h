#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "node-agent/cards/cards.h"
#include "node-agent/kernel/regions.h"

namespace cluster::agent {

/// The PCIe link of a function (Documentation/ABI/testing/sysfs-bus-pci, current_link_speed).
struct Link {
  std::optional<std::string> speed;      ///< "8.0 GT/s PCIe"; lower than the most when idle
  std::optional<long long> width;        ///< lanes
  std::optional<std::string> max_speed;  ///< of the card, whatever the slot has
  std::optional<long long> max_width;
};

/// The facts that tell a function from others of its kind, and the facts that a VM will need for
/// it.
struct FunctionIdentity {
  std::optional<std::string> subsystem_vendor;  ///< "1458"
  std::optional<std::string> subsystem_device;  ///< "37c4"
  std::optional<std::string> revision;          ///< "a1"
  std::vector<Region> bars{};                   ///< those it has, in their order
  std::vector<std::string> reset_methods{};     ///< "flr", "bus", in the order they are tried
  Link link{};
};

/// The number that the maker gave this very card.
struct Serial {
  std::optional<std::string> serial;  ///< "00-4b-1c-ff-ff-2d-b0-48", the PCIe Device Serial Number
  std::optional<std::string> uuid;    ///< "GPU-6ab2...", of NVIDIA's driver while it has the card
};

/// The facts that tell a card from others of its model.
struct CardIdentity {
  Serial serial;
  std::optional<long long> numa_node;
  std::optional<std::string> slot;  ///< name of the physical slot, "4", printed on the board
  std::vector<FunctionIdentity> functions;  ///< of each function of the card
};

/// Reads the function from its attributes and `resource`. This does not take long and wakes no
/// card.
FunctionIdentity read_identity(const Sysfs& sysfs, const PciAddress& pci);

/// Its ids alone; the rest is empty.
FunctionIdentity read_ids(const Sysfs& sysfs, const PciAddress& pci);

/// Reads the serial number from the attribute `serial_number` where the kernel has it (6.18), else
/// from the extended capability 0003 in `config`, which only root can read. A serial number of 0
/// counts as none. The UUID is from /proc/driver/nvidia/gpus/ADDRESS/information below `proc`.
Serial read_serial(const Sysfs& sysfs, const std::filesystem::path& proc, const Card& card);

/// The physical slot of the function, "4"; nothing when the firmware tells none.
std::optional<std::string> read_slot(const Sysfs& sysfs, const PciAddress& pci);

/// The identity of a card with all its functions.
CardIdentity read_identity(const Sysfs& sysfs, const std::filesystem::path& proc, const Card& card);

}  // namespace cluster::agent
