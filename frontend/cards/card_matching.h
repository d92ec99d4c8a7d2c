#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "db/gpu.h"
#include "db/vm.h"

namespace cluster::frontend {

/// The ways in which a card or a mediated device differs from what the inventory has.
enum class Difference {
  new_one,     ///< the inventory does not have it
  gone,        ///< the host does not have it
  back,        ///< it was gone
  moved,       ///< it has another address
  renamed,     ///< it has another name
  replaced,    ///< another card is in its place
  changed,     ///< a fact of it differs
  slice_gone,  ///< the host does not have a slice of it that a VM holds
};

/// "new", "gone", "back", "moved", "renamed", "replaced", "changed", "slice gone".
std::string_view name(Difference difference);

/// True if a VM would get nothing, or something else, because of the difference.
bool is_harmful(Difference difference);

/// One difference of one card of a host.
struct CardChange {
  GpuName name;    ///< as it is from now on
  PciAddress pci;  ///< as it is from now on
  Difference change = Difference::changed;
  std::string details;  ///< the earlier facts: "was pci_0000_02_00_0", "serial, 2 functions"
};

/// The new cards of a host, and their differences from the old ones.
struct CardMatching {
  CardPlan plan;
  std::vector<CardChange> changes;  ///< by name; empty when nothing differs
};

/// The devices of a host that VMs hold.
struct Held {
  std::vector<GpuName> cards{};   ///< whole, or in slices
  std::vector<VmSlice> slices{};  ///< slices of these cards, and devices that are no card

  bool operator==(const Held& other) const;
};

Held held_of(const std::vector<Vm>& vms, const HostName& host);

/// Returns the card as its host says that it is (`seen`), with what the inventory alone knows of
/// it, and what the host did not say this time, as they are in `known`.
GpuCard with_what_is_kept(GpuCard seen, const GpuCard& known);

/// Returns the names of the facts that are others than those known, "IOMMU group, model", when it
/// is the same card with the same functions at the same addresses: a kernel numbers groups anew,
/// the IOMMU was turned on, a list of names was updated. Nothing when no fact is another, or it may
/// be another card, or one that gives something else.
std::string changed_facts(const GpuCard& known, const GpuCard& now);

/// Compares what the inventory has of a host's cards (`have`) with what the host says (`seen`).
///   - A card is the same when its serial or uuid is the same. Else it is the same when it is in
///     the same slot, and nothing that both sides know of its identity is different. Else it is
///     the same when it has the same name, it was only typed into the inventory, and its slot is
///     empty now.
///   - No row is lost: a card that the host does not have stays, as missing.
///   - The host's names win, because `gpupci -d NAME` understands those.
/// Throws Error(refused) where a VM would silently get another card: the slot or the name of a held
/// card now belongs to a card that is not the same.
CardMatching match_cards(const std::vector<GpuCard>& have, const std::vector<GpuCard>& seen,
                         const Held& held);

/// One difference of one mediated device of a host.
struct MdevChange {
  Mdev mdev;                                ///< as it is now; as it was, when it is gone
  Difference change = Difference::changed;  ///< new_one, gone or changed
  std::string details;                      ///< "vGPU of type nvidia-558", "a VM holds it"
  bool held = false;                        ///< a VM has it, or had it
};

/// Compares the mediated devices of the inventory (`have`) with those of the host.
std::vector<MdevChange> compare(const std::vector<Mdev>& have, const std::vector<Mdev>& seen,
                                const Held& held);

}  // namespace cluster::frontend
