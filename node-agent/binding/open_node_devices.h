#pragma once

#include <memory>

#include "node-agent/kernel/sysfs.h"
#include "node-agent/settings.h"
#include "virt/node_devices.h"

namespace cluster::agent {

/// The NodeDevices of this host: libvirt's where its daemon answers, else those of sysfs. libvirt
/// knows no stub driver but vfio, so with another setting it is always sysfs. May block: see
/// device_worker.h.
std::unique_ptr<virt::NodeDevices> open_node_devices(const Sysfs& sysfs, const Settings& settings,
                                                     virt::Mode mode,
                                                     const virt::StepListener& on_step);

/// Those of sysfs, also where libvirt's daemon answers.
std::unique_ptr<virt::NodeDevices> open_sysfs_devices(const Sysfs& sysfs, const Settings& settings,
                                                      virt::Mode mode,
                                                      const virt::StepListener& on_step);

/// Lets `libvirt` do the binding and sees to what it does not: it would rebind a function that its
/// host driver has, and knows nothing of a driver_override that a dead gpupci has left behind.
std::unique_ptr<virt::NodeDevices> tidy(std::unique_ptr<virt::NodeDevices> libvirt,
                                        const Sysfs& sysfs, const Settings& settings,
                                        virt::Mode mode, const virt::StepListener& on_step);

}  // namespace cluster::agent
