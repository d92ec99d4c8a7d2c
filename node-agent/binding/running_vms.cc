#include "node-agent/binding/running_vms.h"

namespace cluster::agent {

RunningVms::RunningVms(const Environment& environment, const Sysfs& sysfs, const Settings& settings,
                       Stream& err)
    : err_(err),
      worker_(
          [&environment, &sysfs, &settings](virt::StepListener listener) {
            return environment.open_devices(sysfs, settings, virt::Mode::dry_run,
                                            std::move(listener));
          },
          environment.act_deadline, [](const std::string&) {}, environment.vms_patience) {}

std::vector<virt::VmDevice> RunningVms::devices() {
  if (failure_) throw Error(*failure_);
  try {
    return worker_.vm_devices();
  } catch (const Error& error) {
    failure_ = error;
    throw;
  }
}

std::optional<unsigned long> RunningVms::libvirt_version() {
  devices();
  return worker_.libvirt_version();
}

std::vector<virt::VmDevice> RunningVms::devices_or_warning() {
  try {
    return devices();
  } catch (const Error& error) {
    if (!warned_) {
      err_ << "gpupci: warning: the running VMs are not known: " << error.what()
           << "; only open handles of vfio are looked at\n";
    }
    warned_ = true;
    return {};
  }
}

}  // namespace cluster::agent
