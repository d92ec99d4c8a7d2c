#pragma once

#include <memory>

#include "node-agent/kernel/sysfs.h"
#include "node-agent/settings.h"
#include "virt/node_devices.h"

namespace cluster::agent {

/// The NodeDevices of this host: those of libvirt where its daemon answers, else those of sysfs.
/// libvirt knows no stub driver but vfio, so with another setting it is always sysfs. This may
/// block: see device_worker.h.
std::unique_ptr<virt::NodeDevices> open_node_devices(const Sysfs& sysfs, const Settings& settings,
                                                     virt::Mode mode,
                                                     const virt::StepListener& on_step);

/// The NodeDevices of sysfs, even where libvirt's daemon answers.
std::unique_ptr<virt::NodeDevices> open_sysfs_devices(const Sysfs& sysfs, const Settings& settings,
                                                      virt::Mode mode,
                                                      const virt::StepListener& on_step);

/// Lets `libvirt` bind the functions, and adds what libvirt does not do. Without this, libvirt
/// would rebind a function that its host driver has, and it knows nothing of a driver_override that
/// a dead gpupci has left behind.
std::unique_ptr<virt::NodeDevices> tidy(std::unique_ptr<virt::NodeDevices> libvirt,
                                        const Sysfs& sysfs, const Settings& settings,
                                        virt::Mode mode, const virt::StepListener& on_step);

}  // namespace cluster::agent
