#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/names.h"
#include "frontend/vms/vm_batch.h"

namespace cluster::frontend {

/// Where a running VM can be reached, as far as libvirt knows.
struct KnownAddresses {
  std::vector<std::string> addresses;  ///< the best first
  std::string source;                  ///< who told them: "agent", "lease" or "arp"; "" = nobody
};

/// Asks libvirt on the containers for the addresses of the VMs that run. A container that fails now
/// has failed.
std::map<HostName, KnownAddresses> addresses_of(Context& context, VmBatch& all);

}  // namespace cluster::frontend
