#pragma once

#include <map>
#include <string>
#include <vector>

#include "db/inventory.h"

// When cards and VMs were last found, or made, what the inventory wishes of them.
namespace cluster {

/// Stores that `cards` of `host` were as they are to be at `now`, a time of utc_now(). A card that
/// is not recorded is left out. Inventory::agree() does the same for a VM.
void store_synced(Inventory& inventory, const HostName& host, const std::vector<GpuName>& cards,
                  const std::string& now);

/// The times of the VMs `only` that have one.
std::map<HostName, std::string> synced_vms(Inventory& inventory, const OnlyHosts& only);

}  // namespace cluster
