#pragma once

#include <map>
#include <string>
#include <utility>

#include "tests/support/fake_sysfs.h"
#include "virt/node_devices.h"

namespace cluster::agent {

/// NodeDevices that change a FakeSysfs as the kernel changes /sys, except for acts that should
/// fail.
class FakeNodeDevices : public virt::NodeDevices {
 public:
  enum class Fate {
    refuse,    ///< throws and changes nothing
    lie,       ///< claims success and changes nothing
    half,      ///< unbinds the driver, then throws
    leftover,  ///< does it, but leaves driver_override behind
    hang,      ///< never returns: its driver does not let go, as __device_release_driver() waits
    wait,      ///< never returns, and has not begun: libvirt is stuck with another card
    die,       ///< ends the process
  };

  /// vm_devices() answers this unless told otherwise. Its name among the acts is "ask for VMs".
  inline static const std::vector<virt::VmDevice> kVmDevices{{"rocks-33", "0000:05:00.0"},
                                                             {"web server", "0000:06:00.0"}};

  /// The acts that should fail: {"detach 0000:02:00.1", Fate::refuse}.
  using Plot = std::map<std::string, Fate>;

  FakeNodeDevices(FakeSysfs& sysfs, Plot plot, virt::Mode mode, virt::StepListener on_step,
                  std::vector<virt::VmDevice> vm_devices = kVmDevices)
      : sysfs_(sysfs),
        plot_(std::move(plot)),
        mode_(mode),
        on_step_(std::move(on_step)),
        vm_devices_(std::move(vm_devices)) {}

  std::string_view through() const override { return "fake"; }
  std::vector<virt::VmDevice> vm_devices() override;
  void detach(const PciAddress& pci) override { act("detach", pci, "vfio-pci"); }
  void attach(const PciAddress& pci) override { act("attach", pci, ""); }
  void set_driver_override(const PciAddress& pci, const std::string& driver) override;

 private:
  void act(const std::string& verb, const PciAddress& pci, const std::string& only);

  FakeSysfs& sysfs_;
  Plot plot_;
  virt::Mode mode_;
  virt::StepListener on_step_;
  std::vector<virt::VmDevice> vm_devices_;
};

}  // namespace cluster::agent
