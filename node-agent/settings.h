#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/pci_address.h"

namespace cluster::agent {

/// The ids by which the kernel knows a model: 144d:a804.
struct PciModel {
  std::uint16_t vendor = 0;
  std::uint16_t device = 0;

  auto operator<=>(const PciModel&) const = default;
};

/// PCI functions that are named by hand: some by address, and all functions of some models.
struct NamedDevices {
  std::vector<PciAddress> addresses;
  std::vector<PciModel> models;

  bool empty() const { return addresses.empty() && models.empty(); }
  bool has(const PciAddress& pci, const PciModel& model) const;
};

/// The content of /etc/gpupci/gpupci.yaml. A node without this file has these defaults:
///   vendors: ["10de", "1002"]                   # four hex digits each
///   classes: ["0300", "0302", "0380", "1200"]   # base class and subclass
///   devices: []                                 # more cards: "0000:03:00.0", "144d:a804"
///   ignore: []                                  # no cards, even if the keys above include them
///   functions: {}                               # "1022:15e3": card, "0000:03:00.2": host
///   stub_driver: vfio-pci                       # holds a card for the VMs; old nodes: pci-stub
struct Settings {
  std::vector<std::uint16_t> vendors{0x10de, 0x1002};  // NVIDIA, AMD
  std::vector<std::uint16_t> classes{0x0300, 0x0302, 0x0380,
                                     0x1200};  // VGA, 3D, display, accelerator
  NamedDevices devices;                        // an NVMe disk for GPUDirect Storage
  NamedDevices ignore;                         // in no card; a slot whose GPU is named is none
  NamedDevices of_card;                        // functions that belong to the card of their slot
  NamedDevices of_host;                        // functions that do not
  std::string stub_driver = "vfio-pci";
  bool stub_driver_is_named = false;  ///< true when the file says it, so that none is looked for

  /// What `functions` says of a function: true if it belongs to the card of its slot, false if not;
  /// nothing when it says nothing. An address counts more than a model.
  std::optional<bool> belongs(const PciAddress& pci, const PciModel& model) const;

  /// True if `driver` holds a function for VMs instead of the host. That is the stub driver, or a
  /// driver that does so on every node (core/stub_driver.h).
  bool is_stub(std::string_view driver) const;
};

/// Reads the settings; a missing file gives the defaults. Throws Error(usage) with FILE:LINE when a
/// key is unknown or given twice, a value has the wrong type, or the text is not YAML. Throws
/// Error(io) when the file cannot be read.
Settings load_settings(const std::filesystem::path& path);

}  // namespace cluster::agent
