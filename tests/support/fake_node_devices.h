#pragma once

#include <map>
#include <string>
#include <utility>

#include "tests/support/fake_sysfs.h"
#include "virt/node_devices.h"

namespace cluster::agent {

/// NodeDevices that do to a FakeSysfs what the kernel does to /sys, but for the acts that go wrong.
class FakeNodeDevices : public virt::NodeDevices {
 public:
  enum class Fate {
    refuse,    ///< throws and changes nothing
    lie,       ///< claims success and changes nothing
    half,      ///< unbinds the driver, then throws
    leftover,  ///< does it, but leaves driver_override behind
    hang,      ///< never returns
    die,       ///< ends the process
  };

  /// What vm_devices() answers, where it does not go wrong by the name of "ask for VMs".
  inline static const std::vector<virt::VmDevice> kVmDevices{{"rocks-33", "0000:05:00.0"},
                                                             {"web server", "0000:06:00.0"}};

  /// What goes wrong: {"detach 0000:02:00.1", Fate::refuse}.
  using Plot = std::map<std::string, Fate>;

  FakeNodeDevices(FakeSysfs& sysfs, Plot plot, virt::Mode mode, virt::StepListener on_step)
      : sysfs_(sysfs), plot_(std::move(plot)), mode_(mode), on_step_(std::move(on_step)) {}

  std::string_view through() const override { return "fake"; }
  std::vector<virt::VmDevice> vm_devices() override;
  void detach(const PciAddress& pci) override { act("detach", pci, "vfio-pci"); }
  void attach(const PciAddress& pci) override { act("attach", pci, ""); }

 private:
  void act(const std::string& verb, const PciAddress& pci, const std::string& only);

  FakeSysfs& sysfs_;
  Plot plot_;
  virt::Mode mode_;
  virt::StepListener on_step_;
};

}  // namespace cluster::agent
