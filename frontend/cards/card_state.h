#pragma once

#include <string_view>

#include "db/gpu.h"
#include "db/host.h"

namespace cluster::frontend {

/// What a card is, in one word: the first of these that is true. The view free_gpu of the schema
/// says of all hosts at once which GPUs are free; a test holds it to this.
enum class CardState {
  missing,      ///< its host did not have it when it was asked last
  in_vm,        ///< a VM holds it as a whole, by the inventory
  in_domain,    ///< a domain of libvirt has it, or a part of it, without the inventory
  in_slices,    ///< it has slices, or a VM holds a slice that is not there yet
  failing,      ///< the last check of the card, or of its whole host, failed
  maintenance,  ///< its host is in maintenance
  host,         ///< it is to stay with its host, or its host has no VMs
  free,         ///< it can be given to a VM, also when its host was never asked
};

/// "missing", "in-vm", "in-domain", "in-slices", "failing", "maintenance", "host", "free".
std::string_view name(CardState state);

/// The state of a card of `host`, whose devices are `devices`.
CardState card_state(const Host& host, const GpuCard& card, const HostDevices& devices);

/// The state of a device that nobody has: a part of `card`, null: of no card that is known.
CardState state_of_nobodys(const Host& host, const GpuCard* card);

}  // namespace cluster::frontend
