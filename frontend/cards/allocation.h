#pragma once

#include <optional>
#include <string>
#include <vector>

#include "db/inventory.h"

namespace cluster::frontend {

/// A card that a VM could be given.
struct FreeCard {
  GpuName name;
  std::string model;             ///< in pci.ids, and its ids: "GP106 [GeForce GTX 1060] 10de:1c03"
  std::optional<int> numa_node;  ///< nothing when not known
  bool is_gpu = true;            ///< false: an NVMe disk, an NVSwitch, ...
};

/// A physical host with the facts that placement needs.
struct CardHost {
  HostName name;
  std::vector<FreeCard> free;     ///< by name
  std::vector<std::string> kept;  ///< why others are left out: "gpupci2 is missing"
};

/// The cards that a new VM wants.
struct CardWish {
  int cards = 0;
  std::string model;        ///< a part of FreeCard::model, in any case; "" when any will do
  bool any_device = false;  ///< cards that are no GPU will do as well
};

enum class Policy {
  pack,    ///< the host with the fewest free cards that has enough: whole hosts stay free
  spread,  ///< the host with the most free cards
};

/// "pack" or "spread"; throws Error(usage) on another word.
Policy parse_policy(const std::string& text);

/// The host that a VM goes to, and the cards that it gets there.
struct Allocation {
  HostName container;
  std::vector<GpuName> cards;  ///< by name
};

/// The host with the cards of Inventory::free_gpus(), which are enough to choose from.
CardHost free_host(Inventory& inventory, const HostName& host);

/// The vm-container that find_allocation() chooses among all of the inventory; nothing when none
/// has enough. It looks at counts of cards, so that 10,000 hosts are not read.
std::optional<HostName> find_container(Inventory& inventory, const CardWish& wish, Policy policy);

/// The vm-containers of the inventory with their free cards, or the one physical host `only` when
/// it is not "". A card is free when no VM holds it, it is not in slices, it is not missing, and
/// neither the card nor its host failed the last `check host gpu`. The answer must not be trusted
/// longer than the transaction in which the function is called.
std::vector<CardHost> card_hosts(Inventory& inventory, const std::string& only);

/// Does what allocate() does, but returns nothing when no host has enough.
std::optional<Allocation> find_allocation(const std::vector<CardHost>& containers,
                                          const CardWish& wish, Policy policy);

/// Chooses a host and cards of it. A host where all cards are of one NUMA node comes first; after
/// that the policy decides. Equal hosts are taken in the order of `containers`. Throws
/// Error(refused) when no host has enough, and says what each host has.
Allocation allocate(const std::vector<CardHost>& containers, const CardWish& wish, Policy policy);

}  // namespace cluster::frontend
