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
  std::vector<std::string> modules;  ///< modules of their host drivers: "nvidia", "snd_hda_intel"
  std::vector<std::string> twins;    ///< addresses of other functions of the same models
};

/// Looks at the host and stores nothing. Throws Error(not_found) when there is no card.
BootCards find_boot_cards(const Call& call);

/// The comments at the head of every fragment. They say for which cards the fragment is, and which
/// other cards of the same models it takes as well.
std::string comment(const BootCards& found);

}  // namespace cluster::agent
