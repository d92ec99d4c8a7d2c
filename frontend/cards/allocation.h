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
};

/// A physical host as placement sees it.
struct CardHost {
  HostName name;
  std::vector<FreeCard> free;     ///< by name
  std::vector<std::string> kept;  ///< why others are left out: "gpupci2 is missing"
};

/// What a new VM wants.
struct CardWish {
  int cards = 0;
  std::string model;  ///< a part of FreeCard::model, in any case; "" when any will do
};

enum class Policy {
  pack,    ///< the host with the fewest free cards that has enough: whole hosts stay free
  spread,  ///< the host with the most
};

/// "pack" or "spread"; throws Error(usage) on another word.
Policy parse_policy(const std::string& text);

/// Where the VM goes, and what it gets.
struct Placement {
  HostName container;
  std::vector<GpuName> cards;  ///< by name
};

/// The hosts that have free cards, and these alone: enough to choose, and 10,000 hosts are read in
/// one query. `only` as in card_hosts().
std::vector<CardHost> free_hosts(Inventory& inventory, const std::string& only);

/// The vm-containers of the inventory, or the one physical host `only` when it is not "", with the
/// cards that are free: held by no VM, not in slices, not missing, and neither they nor their host
/// failed the last `check host gpu`. Not to be trusted longer than the transaction it is
/// called in.
std::vector<CardHost> card_hosts(Inventory& inventory, const std::string& only);

/// As place(), but nothing when no host has enough.
std::optional<Placement> find_place(const std::vector<CardHost>& containers, const CardWish& wish,
                                    Policy policy);

/// Chooses a host and cards of it. A host where all cards are of one NUMA node comes before the
/// policy; what is alike goes by the order of `containers`. Throws Error(refused) when no host has
/// enough, and says what each has.
Placement place(const std::vector<CardHost>& containers, const CardWish& wish, Policy policy);

}  // namespace cluster::frontend
