#pragma once

#include <optional>
#include <vector>

#include "core/error.h"
#include "node-agent/binding/device_worker.h"
#include "node-agent/environment.h"
#include "node-agent/kernel/sysfs.h"
#include "node-agent/streams.h"

namespace cluster::agent {

/// The devices of the running VMs, as libvirt knows them where its daemon answers. A child that
/// does nothing else asks libvirt, so a daemon that is stuck does not delay any card.
class RunningVms {
 public:
  /// All four arguments must outlive it. `err` gets the warning of devices_or_warning().
  RunningVms(const Environment& environment, const Sysfs& sysfs, const Settings& settings,
             Stream& err);

  /// Throws Error(unreachable) when there is no answer in time, else Error(io). Each later call
  /// throws the same again, without asking.
  std::vector<virt::VmDevice> devices();

  /// The same for a guard. A VM that runs has its handle of vfio open, and we see that in any case.
  /// So when libvirt does not answer, this warns once and returns no devices.
  std::vector<virt::VmDevice> devices_or_warning();

  /// The version of libvirt, 9000000 for 9.0.0; nothing where it is not there. Throws as devices()
  /// does.
  std::optional<unsigned long> libvirt_version();

  /// True if libvirt was asked and gave no answer in time.
  bool silent() const { return failure_ && failure_->fault() == Fault::unreachable; }

 private:
  Stream& err_;
  DeviceWorker worker_;
  std::optional<Error> failure_;
  bool warned_ = false;
};

}  // namespace cluster::agent
