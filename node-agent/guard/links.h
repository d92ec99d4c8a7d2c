#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "node-agent/guard/subject.h"

namespace cluster::agent {

/// A link that the kernel keeps between a function of a card and another device
/// (Documentation/driver-api/device_link.rst).
struct DeviceLink {
  PciAddress own;
  PciAddress other;
  bool other_depends = false;  ///< on ours; else ours depends on the other one
};

/// The links of one function to devices that stay with the host. Links to devices of the same call,
/// to IOMMUs and to bridges that it depends on are left out, and so are links that order the power
/// of the devices and no more. Nothing where the kernel does not show the function.
std::optional<std::vector<DeviceLink>> foreign_links(const Subject& subject, const PciAddress& pci);

}  // namespace cluster::agent
