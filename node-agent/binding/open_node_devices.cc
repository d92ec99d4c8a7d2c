#include "node-agent/binding/open_node_devices.h"

#include <utility>

#include "node-agent/binding/modprobe.h"
#include "node-agent/binding/sysfs_node_devices.h"
#include "node-agent/kernel/modules_alias.h"
#include "virt/libvirt_node_devices.h"

namespace cluster::agent {
namespace {

std::filesystem::path running_aliases() { return modules_alias_file("/lib/modules", "/proc"); }

class Tidy : public virt::NodeDevices {
 public:
  Tidy(std::unique_ptr<virt::NodeDevices> libvirt, const Sysfs& sysfs, const Settings& settings,
       virt::Mode mode, const virt::StepListener& on_step)
      : libvirt_(std::move(libvirt)),
        sysfs_(sysfs),
        settings_(settings),
        mode_(mode),
        by_hand_(sysfs, settings, running_aliases(), modprobe, mode, on_step) {}

  std::string_view through() const override { return libvirt_->through(); }

  std::vector<virt::VmDevice> vm_devices() override { return libvirt_->vm_devices(); }

  std::optional<unsigned long> libvirt_version() override { return libvirt_->libvirt_version(); }

  void detach(const PciAddress& pci) override { libvirt_->detach(pci); }

  void attach(const PciAddress& pci) override {
    const auto driver = sysfs_.driver(pci);
    const bool away = !driver || settings_.is_stub(*driver);
    const auto only = sysfs_.driver_override(pci);
    // libvirt would clear it and let any driver take the function.
    if (away && !only.empty() && !settings_.is_stub(only)) return by_hand_.attach(pci);
    if (away) libvirt_->attach(pci);
    // libvirt clears it too, so a dry run has nothing to add.
    if (!away || mode_ == virt::Mode::act) by_hand_.clear_driver_override(pci);
  }

  void set_driver_override(const PciAddress& pci, const std::string& driver) override {
    by_hand_.set_driver_override(pci, driver);
  }

 private:
  std::unique_ptr<virt::NodeDevices> libvirt_;
  const Sysfs& sysfs_;
  const Settings& settings_;
  virt::Mode mode_;
  SysfsNodeDevices by_hand_;
};

}  // namespace

std::unique_ptr<virt::NodeDevices> tidy(std::unique_ptr<virt::NodeDevices> libvirt,
                                        const Sysfs& sysfs, const Settings& settings,
                                        virt::Mode mode, const virt::StepListener& on_step) {
  return std::make_unique<Tidy>(std::move(libvirt), sysfs, settings, mode, on_step);
}

std::unique_ptr<virt::NodeDevices> open_node_devices(const Sysfs& sysfs, const Settings& settings,
                                                     virt::Mode mode,
                                                     const virt::StepListener& on_step) {
  if (settings.stub_driver == "vfio-pci") {
    auto libvirt = virt::open_libvirt_node_devices("qemu:///system", mode, on_step);
    if (libvirt) return tidy(std::move(libvirt), sysfs, settings, mode, on_step);
  }
  return open_sysfs_devices(sysfs, settings, mode, on_step);
}

std::unique_ptr<virt::NodeDevices> open_sysfs_devices(const Sysfs& sysfs, const Settings& settings,
                                                      virt::Mode mode,
                                                      const virt::StepListener& on_step) {
  return std::make_unique<SysfsNodeDevices>(sysfs, settings, running_aliases(), modprobe, mode,
                                            on_step);
}

}  // namespace cluster::agent
