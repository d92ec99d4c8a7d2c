#pragma once

#include "node-agent/guard/guard.h"

namespace cluster::agent {

/// Which programs use a card.
struct CardUsers {
  Culprits vms;      ///< by an open handle of vfio, or by what libvirt says
  Culprits holders;  ///< by an open or mapped node of its host drivers

  /// Whether each holder may be one for a moment only: udev's, which looks at every new device, or
  /// a program that has just begun.
  bool passing = false;
};

/// One look at all processes. That some could not be looked into is a holder too: not knowing is no
/// leave.
CardUsers card_users(const Card& card, const GuardInput& input);

/// Only the VMs.
Culprits card_vms(const Card& card, const GuardInput& input);

/// The VMs that have a device of vfio, by its folder in sysfs.
Culprits device_vms(const std::filesystem::path& device, const GuardInput& input);

}  // namespace cluster::agent
