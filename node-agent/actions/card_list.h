#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/names.h"
#include "node-agent/actions/table.h"
#include "node-agent/cards/cards.h"
#include "node-agent/state/names.h"

namespace cluster::agent {

class Lock;

/// The input of an action: the host's PCI functions, and which of them are cards.
class CardList {
 public:
  /// Reads the settings, and throws Error as load_settings() does. When somebody asks for the
  /// cards, names that are new or have changed are stored where that is possible. With `dry_run`
  /// nothing is stored. What is left out of the cards because of a trouble is said on `err`, once.
  CardList(const Environment& environment, Stream& err, bool dry_run = false);

  const Settings& settings() const { return settings_; }
  const Sysfs& sysfs() const { return sysfs_; }

  /// The cards as they are now, by name. Throws Error(io) when sysfs or the names cannot be read.
  std::vector<Card> cards();

  /// The cards and slices that `target` names ("gpupci1", "gpupci1,gpupci2"), or all cards for
  /// "all". Empty when one of them is not there. Throws Error(not_found) when all are asked for and
  /// there is none.
  std::vector<Card> pick(const std::string& target);

  /// The same for a caller that holds the lock. Every card is looked at closely and the names are
  /// stored. When a card has moved, the records of its functions move with it. Throws Error(io),
  /// but for the `way_back`, which goes on where nothing can be stored.
  std::vector<Card> pick(const std::string& target, const Lock& held, bool way_back = false);

  /// True when it is not sure which card this is: bus numbers have changed, and nothing tells it
  /// from others of its model (Names). Known once somebody asked for cards.
  bool in_doubt(const Card& card) const { return in_doubt_.contains(card.name); }

  /// Stores that the operator is sure about the card or slice called `name`. For a caller that
  /// holds the lock.
  void settle(const std::string& name);

  /// The cards that had a name and are not on the host. They are known once somebody asked for
  /// cards.
  const std::map<GpuName, KnownCard>& missing() const { return missing_; }

 private:
  std::vector<Card> find();
  Names name(std::vector<Card>& found, bool closely);
  std::vector<Card> store(const Lock& held, bool way_back = false);
  std::vector<Card> chosen(const std::vector<Card>& found, const std::string& target) const;
  std::optional<Card> called(const std::vector<Card>& found, const SliceName& name) const;

  const Environment& environment_;
  Stream& err_;
  bool dry_run_;
  Settings settings_;
  Sysfs sysfs_;
  std::map<GpuName, KnownCard> missing_;
  std::set<GpuName> in_doubt_;
  std::vector<std::string> troubles_;  ///< those that were said
};

/// Says on stderr which of the `targets` the host has not, or no longer has. Returns the exit
/// status.
int not_found(const Call& call, CardList& card_list, const std::string& targets);

}  // namespace cluster::agent
