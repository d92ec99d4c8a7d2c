#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "frontend/neighbours/neighbour.h"

namespace cluster::frontend {

/// The cards that attributes of a dump of Rocks give, those of the physical hosts first. Rocks lets
/// several VMs, one of which runs, have the same card.
class RocksCards {
 public:
  /// Takes the card, and returns "" or the reason why none can be of it: ": it is there already".
  std::string refusal(const NeighbourHosts& hosts, const std::string& host, const std::string& name,
                      const std::string& address);

 private:
  using Place = std::pair<std::string, std::string>;  // host and slot

  std::map<Place, std::string> names_;
  std::map<Place, std::string> holders_;
  std::set<std::pair<std::string, int>> given_;  // the names of cards, by who has them
};

}  // namespace cluster::frontend
