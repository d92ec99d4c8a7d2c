#pragma once

#include <map>
#include <string>
#include <vector>

#include "frontend/vms/vm_batch.h"

// These functions tell whether the cards of VMs can go to them now.
namespace cluster::frontend {

/// The cards of a container, as its agent sees them.
struct SeenCards {
  std::vector<GpuCard> cards;
  std::map<PciAddress, std::string> drivers;  ///< the driver of each function and slice; "" = none
  std::vector<Mdev> mdevs;
  std::string stub_driver{};  ///< the driver that holds cards for VMs there; "" = not told
};

/// True if `vm` holds cards or slices.
inline bool has_cards(const Vm& vm) { return !vm.gpus.empty() || !vm.slices.empty(); }

/// Asks the agents of those containers whose VMs have cards. A container whose agent does not
/// answer has failed.
std::map<HostName, SeenCards> see_cards(Context& context, VmBatch& all, const ssh::Limits& limits);

/// Stores the facts of those cards of the VMs of which only the address was known, or of which
/// facts have changed (changed_facts()), as the agent has just told them. Returns a line for each.
std::vector<std::string> learn_cards(Inventory& inventory, const VmBatch& all,
                                     const std::map<HostName, SeenCards>& seen);

/// Throws Error(refused) when a card of the VM is not the one that the inventory knows (`have`, of
/// the container), has a driver of the host, or is in another running VM (`in_use`). Also throws it
/// when a slice is not there, is not what the inventory knows, is not ready, or is in another
/// running VM.
void check_cards(const VmTask& task, const std::vector<GpuCard>& have, const SeenCards& seen,
                 std::vector<virt::VmDevice> in_use);

}  // namespace cluster::frontend
