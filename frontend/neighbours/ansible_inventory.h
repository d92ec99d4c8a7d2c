#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "frontend/neighbours/neighbour.h"

namespace cluster::frontend {

/// What an inventory of Ansible says, in whichever spelling. As Ansible does, it puts a host into
/// groups, the groups into those that have them as children, and gives what is said of a group to
/// its hosts.
class AnsibleInventory {
 public:
  /// Notes that there is such a group, whoever is in it.
  void group(const std::string& name) { there_.insert(name); }

  /// Notes that the hosts of `pattern` are in `group`, and gives their names: "node[01:50]" and
  /// "db-[a:f]" are ranges, several of them multiply, and ":2222" behind it is a port. Throws
  /// Error(usage), with the line, for a range that is none.
  std::vector<std::string> hosts(const std::string& pattern, int line, const std::string& group);

  void child(const std::string& group, const std::string& of, int line);

  void host_value(const std::string& name, const std::string& key, const std::string& value,
                  int line);

  /// A variable of `all` is an attribute of all, and that of another group one of its hosts.
  void group_value(const std::string& group, const std::string& key, const std::string& value,
                   int line);

  void leave(int line, const std::string& what) { hosts_.leave(line, what); }

  NeighbourReading reading();

 private:
  struct Value {
    std::string key;
    std::string value;
    int line = 0;
  };

  void add_group(NeighbourHost& host, const std::string& group);
  int depth_of(const std::string& group);
  std::vector<std::string> in_order(std::vector<std::string> groups);
  void give_values(NeighbourHost& host);

  NeighbourHosts hosts_;
  std::map<std::string, std::vector<Value>> of_hosts_;
  std::map<std::string, std::vector<Value>> of_groups_;
  std::map<std::string, long long> priorities_;
  std::vector<std::pair<std::string, std::string>> members_;
  std::multimap<std::string, std::string> parents_;
  std::map<std::string, int> children_;  // each, with the line that makes it one
  std::set<std::string> there_;
  std::map<std::string, int> depths_;
  std::vector<NeighbourCommand> globals_;
};

/// The INI of Ansible.
void read_ansible_ini(std::string_view text, AnsibleInventory& inventory);

}  // namespace cluster::frontend
