#pragma once

#include <vector>

#include "core/pci_address.h"
#include "frontend/hosts/ask.h"

namespace cluster::frontend {

/// A set of GPUs on one board that NVSwitches may join, as NVIDIA's fabric manager has it.
struct FabricPartition {
  int id = 0;
  bool active = false;
  int gpus = 0;
  std::vector<PciAddress> cards;  ///< none of a GPU that the host's driver does not hold
};

/// The partitions in the answer to `fmpm -l` (https://github.com/NVIDIA/Fabric-Manager-Client).
/// Throws Error(io) when the answer is not that.
std::vector<FabricPartition> partitions_of(const AgentAnswer& answer);

}  // namespace cluster::frontend
