#pragma once

#include <string>
#include <vector>

#include "node-agent/actions/table.h"
#include "node-agent/cards/cards.h"

namespace cluster::agent {

/// The cards that vfio-pci is to have from the first moment of a boot: those that are detached now,
/// or else all but those with a disk or the network of the host. The kernel is told models, not
/// addresses.
struct BootCards {
  std::vector<Card> cards;
  std::string ids;  ///< "10de:1e07,10de:10f7", of all functions; of no model that the host has too

  /// The modules that would take the functions with these ids at boot, by modules.alias, and those
  /// of their host drivers: "nouveau", "nvidia", "snd_hda_intel".
  std::vector<std::string> modules;

  /// The modules.alias that is missing, so that `modules` has only those that are loaded; "" when
  /// it was read.
  std::string missing_aliases;

  /// Those of them that are for displays and their sound, and that no other device of the host has
  /// or would get.
  std::vector<std::string> idle_modules;

  /// Those of `modules` that are built into the running kernel: they take their devices first.
  std::vector<std::string> builtin_modules;
  bool vfio_is_builtin = false;  ///< so vfio-pci reads no file of modprobe.d

  std::vector<std::string> twins;    ///< addresses of other cards' functions of the same models
  std::vector<std::string> of_host;  ///< "10de:10f7 (0000:00:1b.0)": left out of `ids`

  /// "144d:a80a (0000:04:00.0): /dev/nvme0n1p1 is mounted on '/'": cards, and left out of `ids`
  /// too, as the host would boot without its disk or its network.
  std::vector<std::string> needed;

  /// "gpupci1: 0000:02:00.0 shows the host's console (vtcon1, fb0)": from the boot on it is lost. A
  /// host may have no other display, so these cards are not left out.
  std::vector<std::string> consoles;
};

/// Looks at the host and stores nothing. Throws Error(not_found) when there is no card.
BootCards find_boot_cards(const Call& call);

/// The comments at the head of every fragment. They say for which cards the fragment is, which
/// other cards of the same models it takes as well, and which models it leaves out as the host has
/// some.
std::string comment(const BootCards& found);

}  // namespace cluster::agent
