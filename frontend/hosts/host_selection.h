#pragma once

#include <string>
#include <vector>

#include "db/inventory.h"
#include "ssh/transport.h"

namespace cluster::frontend {

/// The hosts that the operator means by `words`, in the order of `hosts`, each once. A word is
///   vm-container-0-15        a name
///   vm-container             an appliance: all its hosts
///   rack0  @gpu  all         all hosts of a rack or a group; all
///   vm-*  vm-%  n?  n_       a glob, or an SQL pattern
///   vm-container-0-[0-15,20] a range; each name in it must be there
///   gpu_model=A100           a condition on an attribute
///   free  failing            the hosts of such cards
///   ^FILE  -                 the words of a file, of standard input
///   A,B  A!B  A&B  A^B       both, without B, in both, in one of the two; from left to right
///   !WORD                    all hosts except these; alone: all of `otherwise` except these
/// No words at all mean `otherwise`. Throws Error(not_found) when a word matches nothing, with the
/// nearest name; Error(usage) when it is no name, pattern, range or condition. docs/selecting.md
/// has all of it. Of `hosts` that come from no inventory, only the names, appliances and racks are
/// known.
std::vector<Host> select_hosts(const std::vector<Host>& hosts,
                               const std::vector<std::string>& words,
                               const std::vector<Host>& otherwise);

/// Does the same, but no words mean all hosts. A list or report command shows these.
std::vector<Host> select_hosts(const std::vector<Host>& hosts,
                               const std::vector<std::string>& words);

/// Does the same for the hosts in the inventory, and reads no more of them than it has to.
std::vector<Host> select_hosts(Inventory& inventory, const std::vector<std::string>& words);

/// Does the same, but no words mean the managed hosts. `run host` goes to these.
std::vector<Host> select_managed(Inventory& inventory, const std::vector<std::string>& words);

/// Does the same without VMs, but no words mean the vm-containers.
std::vector<Host> select_containers(Inventory& inventory, const std::vector<std::string>& words);

/// True if `words` are names and ranges of names only, and not, for example, a pattern: whoever
/// wrote them knows which hosts they mean. Throws as select_hosts().
bool is_spelled_out(Inventory& inventory, const std::vector<std::string>& words);

/// Returns only their names, for a query; nothing when there are no words, which means all hosts.
OnlyHosts select_only(Inventory& inventory, const std::vector<std::string>& words);

/// The names that `words` mean among the hosts of the inventory and those that are `gone` from it;
/// no words mean all. Throws as select_hosts() does.
std::vector<HostName> select_names(Inventory& inventory, const std::vector<std::string>& words,
                                   const std::vector<HostName>& gone);

/// The VMs in `vms` that are meant by name, or whose container is meant; all when there are no
/// words.
std::vector<Vm> select_vms(Inventory& inventory, const std::vector<std::string>& words);

/// One host by its name. Throws Error(usage) when it is no name, Error(not_found) with the nearest
/// one.
Host find_host(Inventory& inventory, const std::string& name);

/// The way in which ssh reaches the host. Throws Error(usage) when an attribute of its login is
/// wrong.
ssh::Target target_of(const Host& host);

/// True if `name` would be read as something else than a host: an appliance, "rackN", "free".
bool means_a_group(const std::string& name, const std::vector<std::string>& appliances);

}  // namespace cluster::frontend
