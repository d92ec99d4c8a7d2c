#pragma once

#include <optional>
#include <vector>

#include "core/error.h"
#include "node-agent/binding/device_worker.h"
#include "node-agent/environment.h"
#include "node-agent/kernel/sysfs.h"
#include "node-agent/streams.h"

namespace cluster::agent {

/// What the running VMs have, by libvirt where its daemon answers. It is asked in a child that does
/// nothing else, so that a daemon which is stuck holds up no card.
class RunningVms {
 public:
  /// All four have to outlive it. `err` gets the warning of devices_or_warning().
  RunningVms(const Environment& environment, const Sysfs& sysfs, const Settings& settings,
             Stream& err);

  /// Throws Error(unreachable) when there is no answer in time, else Error(io); after that the same
  /// again, without asking.
  std::vector<virt::VmDevice> devices();

  /// For a guard: a VM that runs has its handle of vfio open, which is seen in any case. So where
  /// nobody can be asked there is a warning, once, and nothing to tell.
  std::vector<virt::VmDevice> devices_or_warning();

  /// Whether libvirt was asked and gave no answer in time.
  bool silent() const { return failure_ && failure_->fault() == Fault::unreachable; }

 private:
  Stream& err_;
  DeviceWorker worker_;
  std::optional<Error> failure_;
  bool warned_ = false;
};

}  // namespace cluster::agent
