#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/pci_address.h"

namespace cluster::agent {

/// The facts that the kernel gives about one PCI function
/// (Documentation/ABI/testing/sysfs-bus-pci).
struct PciFunction {
  PciAddress pci;
  std::uint16_t device_class = 0;     ///< base class and subclass, 0x0300; no programming interface
  std::uint16_t vendor = 0;           ///< 0x10de
  std::uint16_t device = 0;           ///< 0x1c03
  std::optional<std::string> driver;  ///< "nvidia"; nothing when no driver has it
  std::optional<int> iommu_group;     ///< nothing when the IOMMU is off
};

/// The devices of an IOMMU group.
struct GroupMembers {
  std::vector<PciAddress> functions;  ///< of PCI, by address
  std::vector<std::string> others;    ///< on no PCI bus, by name: "MSFT1000:00", "arm-smmu.0"
};

/// The PCI part of /sys. Its place is a parameter: in tests it is a folder.
class Sysfs {
 public:
  explicit Sysfs(std::filesystem::path root) : root_(std::move(root)) {}

  /// Every PCI function of the host, by address; empty where there is no PCI.
  std::vector<PciAddress> functions() const;

  /// One attribute of a function, "0x030000"; nothing when the function has no such attribute or
  /// has gone.
  std::optional<std::string> attribute(const PciAddress& pci, std::string_view name) const;

  /// Base class and subclass; nothing when the function has gone.
  std::optional<std::uint16_t> device_class(const PciAddress& pci) const;

  /// All the facts about a function. Throws Error(io) when it has gone.
  PciFunction read(const PciAddress& pci) const;

  /// The same; nothing when it has gone, or when one of these facts cannot be read.
  std::optional<PciFunction> find(const PciAddress& pci) const;

  /// The name of the driver that has the function, "vfio-pci".
  std::optional<std::string> driver(const PciAddress& pci) const;

  /// The only driver that may take the function: "vfio-pci"; empty when any driver may. Unlike all
  /// other methods, this one blocks while the function is being bound or unbound. So only a child
  /// with a deadline may call it.
  std::string driver_override(const PciAddress& pci) const;

  /// The virtual functions that are made from a function, by the kernel's numbers of them:
  /// "virtfn0" is a link to the device.
  std::map<int, PciAddress> virtual_functions(const PciAddress& pci) const;

  /// True if it is a virtual function of SR-IOV.
  bool is_virtual(const PciAddress& pci) const;

  /// The devices that share an IOMMU group. The kernel gives them to a VM together or not at all
  /// (Documentation/driver-api/vfio.rst, "Groups, Devices, and IOMMUs").
  GroupMembers group_members(int group) const;

  /// The folder with a link to each device of an IOMMU group.
  std::filesystem::path group_path(int group) const;

  /// The type of its header, 0 for an ordinary function, 1 and 2 for bridges
  /// (include/uapi/linux/pci_regs.h, PCI_HEADER_TYPE). Nothing when it cannot be read, or the
  /// function does not answer. It never changes, so what is once known is not read again.
  std::optional<unsigned> header_type(const PciAddress& pci) const;

  /// Reads the header types of all these functions at once. A child has to read them, and one for
  /// many functions is much cheaper than one for each.
  void learn_header_types(const std::vector<PciAddress>& functions) const;

  /// True if the function is a bridge, by the header of its configuration space, or by its class
  /// where that cannot be read. vfio-pci takes no bridge, and does not mind one in a group.
  bool is_bridge(const PciAddress& pci) const;

  const std::filesystem::path& root() const { return root_; }        ///< /sys
  std::filesystem::path device_path(const PciAddress& pci) const;    ///< .../devices/0000:02:00.0
  std::filesystem::path slots_path() const;                          ///< .../slots, one per place
  std::filesystem::path driver_path(std::string_view driver) const;  ///< .../drivers/vfio-pci
  std::filesystem::path probe_path()
      const;  ///< .../drivers_probe: an address written is probed anew

 private:
  void keep_header_type(const PciAddress& pci, const std::optional<std::string>& config) const;

  std::filesystem::path root_;
  mutable std::map<PciAddress, unsigned> header_types_;
};

}  // namespace cluster::agent
