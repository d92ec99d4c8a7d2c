#pragma once

#include <string>
#include <vector>

#include "frontend/neighbours/neighbour.h"

namespace cluster::frontend {

/// The appliances of a dump of Rocks, which hosts name by a membership, "VM Container".
class RocksAppliances {
 public:
  void add(const std::string& name, const std::string& membership, int line);
  void add_member(const std::string& host, const std::string& membership, int line);
  void add_attribute(const std::string& appliance, const std::string& name,
                     const std::string& value, int line);

  /// Tells the hosts their appliances. The commands that add those that something has go behind
  /// `before`, those of attributes behind `after`. The others have no place: Rocks brings more than
  /// anybody uses.
  void finish(NeighbourHosts& hosts, std::vector<NeighbourCommand>& before,
              std::vector<NeighbourCommand>& after) const;

 private:
  struct Named {
    std::string name;
    std::string membership;
    int line = 0;
  };
  struct Value {
    std::string appliance;
    std::string name;
    std::string value;
    int line = 0;
  };

  std::string of_membership(const std::string& membership) const;
  bool has(const std::string& appliance) const;

  std::vector<Named> appliances_;
  std::vector<Named> members_;
  std::vector<Value> values_;
};

}  // namespace cluster::frontend
