#pragma once

#include <map>
#include <string>

#include "core/subnet.h"
#include "frontend/neighbours/neighbour.h"

namespace cluster::frontend {

/// A network as a neighbour tells of it.
class NeighbourNetwork {
 public:
  /// It is called `theirs` there, "10_30_0_0-255_255_0_0", where a name may begin with a digit.
  NeighbourNetwork(const std::string& theirs, Subnet subnet, int line);

  const std::string& name() const { return name_; }  ///< here, "net-10_30_0_0-255_255_0_0"
  const Subnet& subnet() const { return subnet_; }

  /// Takes a value of `add network`: gateway, mtu, vlan or dnszone. Returns false when it has no
  /// place here: it is none, of another network, or another value is there already.
  bool take(const std::string& key, const std::string& value);

  /// The command that adds it.
  NeighbourCommand command() const;

 private:
  std::string name_;
  Subnet subnet_;
  int line_;
  std::map<std::string, std::string> values_;
};

}  // namespace cluster::frontend
