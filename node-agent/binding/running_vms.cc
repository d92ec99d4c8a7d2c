#include "node-agent/binding/running_vms.h"

#include "node-agent/actions/card_list.h"

namespace cluster::agent {

RunningVms::RunningVms(const Call& call, const Node& node)
    : err_(call.err),
      worker_(
          [&call, &node](virt::StepListener listener) {
            return call.environment.open_devices(node.sysfs(), node.settings(),
                                                 virt::Mode::rehearse, std::move(listener));
          },
          call.environment.act_deadline, [](const std::string&) {}) {}

std::vector<virt::VmDevice> RunningVms::devices() {
  if (failure_) throw Error(*failure_);
  try {
    return worker_.vm_devices();
  } catch (const Error& error) {
    failure_ = error;
    throw;
  }
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
