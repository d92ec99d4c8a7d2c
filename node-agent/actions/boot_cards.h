#pragma once

#include <string>
#include <vector>

#include "node-agent/actions/table.h"
#include "node-agent/cards/cards.h"

namespace cluster::agent {

/// The cards that vfio-pci is to have from the first moment of a boot: those that are detached now,
/// or else all. The kernel is told models, not addresses.
struct BootCards {
  std::vector<Card> cards;
  std::string ids;                   ///< "10de:1e07,10de:10f7", of all functions
  std::vector<std::string> modules;  ///< that would take them else: "nvidia", "snd_hda_intel"
  std::vector<std::string> twins;    ///< addresses of the same models that are of none of the cards
};

/// Looks at the host and stores nothing. Throws Error(not_found) when there is no card.
BootCards find_boot_cards(const Call& call);

/// What every fragment says first, as comments: for which cards it is, and which others of their
/// models it takes as well.
std::string comment(const BootCards& found);

}  // namespace cluster::agent
