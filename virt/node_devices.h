#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/pci_address.h"

namespace cluster::virt {

/// Hears of each step just before it is taken. The step is spelled as the shell line that would do
/// the same: "echo 0000:02:00.0 > /sys/bus/pci/drivers_probe". The listener may throw to stop
/// there.
using StepListener = std::function<void(const std::string& step)>;

/// Says if the steps are taken, or only told to the listener.
enum class Mode { act, dry_run };

/// A device of the host that a VM has.
struct VmDevice {
  std::string vm;      ///< "rocks-33"
  std::string device;  ///< "0000:02:00.0", or the UUID of a mediated device
  bool saved = false;  ///< the VM does not run: libvirt has its memory on disk (managed save)

  bool operator==(const VmDevice&) const = default;
};

/// Takes one PCI function from its host driver to the stub driver of passthrough (vfio-pci), or
/// gives it back. An answer without an exception is a claim, not a proof: who calls reads the
/// driver back.
class NodeDevices {
 public:
  NodeDevices() = default;
  NodeDevices(const NodeDevices&) = delete;
  NodeDevices& operator=(const NodeDevices&) = delete;
  virtual ~NodeDevices() = default;

  /// The way that is used: "libvirt" or "sysfs".
  virtual std::string_view through() const = 0;

  /// The devices of running and of saved VMs, as far as this side knows of VMs. Throws Error(io).
  virtual std::vector<VmDevice> vm_devices() { return {}; }

  /// The version of libvirt, 9000000 for 9.0.0; nothing where this side does not go by libvirt.
  virtual std::optional<unsigned long> libvirt_version() { return std::nullopt; }

  /// Throws Error(io) when it was not done, or not completely.
  virtual void detach(const PciAddress& pci) = 0;

  /// A function that a host driver has is not rebound. A driver_override that names another driver
  /// than the stub driver stays, and says which driver takes the function. Throws Error(io) as
  /// detach() does.
  virtual void attach(const PciAddress& pci) = 0;

  /// Names the only driver that may take the function at the next probe
  /// (Documentation/ABI/testing/sysfs-bus-pci). Throws Error(io).
  virtual void set_driver_override(const PciAddress& pci, const std::string& driver) = 0;
};

}  // namespace cluster::virt
