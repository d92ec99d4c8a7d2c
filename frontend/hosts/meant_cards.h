#pragma once

#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "db/inventory.h"

namespace cluster::frontend {

/// Reads the words that select hosts as those of cards: `free` and `failing` are conditions on the
/// card itself, and all else on its host. "rack0&free" are the free cards of rack0.
class MeantCards {
 public:
  /// No words mean all cards. Throws as select_hosts() does.
  MeantCards(Inventory& inventory, const std::vector<std::string>& words);

  /// The hosts that the words mean, with such a card or without; nothing: all.
  const OnlyHosts& hosts() const { return hosts_; }

  /// True if the card of one of these hosts is meant. A VM's card is neither free nor failing.
  bool has(const HostName& host, const GpuName& gpu) const;

  /// True if all cards of these hosts are meant, as no word asks for cards.
  bool has_all() const { return !asks_for_cards_; }

 private:
  using Cards = std::set<std::pair<HostName, GpuName>>;

  OnlyHosts hosts_;
  bool asks_for_cards_ = false;
  Cards free_;
  Cards failing_;
  // The hosts that the words mean if all cards are free or not, and failing or not.
  std::array<std::array<std::set<HostName>, 2>, 2> meant_;
};

}  // namespace cluster::frontend
