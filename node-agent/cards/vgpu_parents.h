#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/cards/cards.h"

namespace cluster::agent {

/// The interface that offers a vGPU to a VM: the kernel's mediated devices, or, with NVIDIA's
/// drivers for Linux 6.8 and later, the driver of a virtual function itself.
enum class VgpuInterface { mdev, vendor_vfio };

/// The name of an interface in JSON and in the record of slices: "mdev", "vendor-vfio".
std::string_view name(VgpuInterface interface);

/// A device from which vGPUs can be made. The same host may have both interfaces, so each parent is
/// asked which one it has.
///   mdev         `mdev_supported_types` (Documentation/driver-api/vfio-mediated-device.rst)
///   vendor-vfio  `nvidia/creatable_vgpu_types` and `nvidia/current_vgpu_type` of a virtual
///   function
///                (NVIDIA Virtual GPU Software User Guide, vendor-specific VFIO framework)
struct VgpuParent {
  std::string name;  ///< "gpupci1", "gpupci1.0"; "mtty", of a parent that is no PCI device
  VgpuInterface interface = VgpuInterface::mdev;
  std::filesystem::path folder;   ///< in sysfs
  std::optional<PciAddress> pci;  ///< nothing of a parent that is no PCI device
};

/// A type of vGPU that a parent can make.
struct VgpuType {
  std::string id;           ///< "nvidia-558", "mtty-1"; "1145" with vendor-vfio
  std::string name;         ///< "NVIDIA A40-4Q"; may be empty
  std::string api;          ///< "vfio-pci"
  long long available = 0;  ///< the number that can still be made now
};

/// A vGPU that exists, whoever made it.
struct Vgpu {
  std::string id;  ///< its UUID; with vendor-vfio the name of its slice
  VgpuParent parent;
  std::string type;
};

/// The parents of the host: cards, their slices, and parents of mediated devices that are no PCI
/// device, by their names in /sys/class/mdev_bus; in this order.
std::vector<VgpuParent> vgpu_parents(const std::vector<Card>& cards, const Sysfs& sysfs);

/// The parents that `target` stands for: all for "all"; for the name of a card, the card and its
/// slices. Empty when there is no such parent.
std::vector<VgpuParent> pick_parents(std::vector<VgpuParent> parents, std::string_view target);

/// The types of a parent, by name of the type. Each vGPU that is made changes the number that can
/// still be made, so the caller reads this just before.
std::vector<VgpuType> vgpu_types(const VgpuParent& parent);

/// The types in `creatable_vgpu_types`, which has one line "1145 : NVIDIA L40S-4Q" for each. Any
/// other line, such as a title, is no type.
std::vector<VgpuType> parse_creatable(std::string_view text, bool free);

/// The vGPUs that are made from the parent.
std::vector<Vgpu> vgpus_of(const VgpuParent& parent);

/// True if the driver of this virtual function itself gives it to VMs, as a vendor-vfio vGPU:
/// vfio-pci could not run it.
bool is_vendor_vfio(const Sysfs& sysfs, const PciAddress& pci);

/// The folder of the vGPU in sysfs, with `iommu_group`. For a mediated device it is the device's
/// folder on the bus of mediated devices, else the folder of its virtual function.
std::filesystem::path vgpu_folder(const Sysfs& sysfs, const VgpuParent& parent,
                                  const std::string& id);

}  // namespace cluster::agent
