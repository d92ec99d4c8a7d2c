#pragma once

#include <string>
#include <vector>

#include "db/inventory.h"
#include "ssh/transport.h"

namespace cluster::frontend {

/// The hosts that the operator means by `words`, in the order of `hosts`, each once. A word is
///   vm-container-0-15        a name
///   vm-container             an appliance: all its hosts
///   rack0                    all hosts of a rack
///   vm-*  vm-%  n?  n_       a glob, or an SQL pattern
///   vm-container-0-[0-15,20] a range; each name in it must be there
///   !WORD                    all hosts but those; alone: of `otherwise`
/// No words at all mean `otherwise`.
/// Throws Error(not_found) when a word matches nothing, with the nearest name; Error(usage) when it
/// is no name, pattern or range.
std::vector<Host> select_hosts(const std::vector<Host>& hosts,
                               const std::vector<std::string>& words,
                               const std::vector<Host>& otherwise);

/// The same, with all hosts when there are no words: what a list or report command shows.
std::vector<Host> select_hosts(const std::vector<Host>& hosts,
                               const std::vector<std::string>& words);

/// The same of the hosts in the inventory; it reads no more of them than it has to.
std::vector<Host> select_hosts(Inventory& inventory, const std::vector<std::string>& words);

/// The same, with the managed hosts when there are no words: what `run host` goes to.
std::vector<Host> select_managed(Inventory& inventory, const std::vector<std::string>& words);

/// Their names alone, for a query; nothing when there are no words, and so all hosts are meant.
OnlyHosts select_only(Inventory& inventory, const std::vector<std::string>& words);

/// Of `vms`, those that are meant by name, or whose container is; all when there are no words.
std::vector<Vm> select_vms(Inventory& inventory, const std::vector<std::string>& words);

/// One host by its name. Throws Error(usage) on no name, Error(not_found) with the nearest one.
Host find_host(Inventory& inventory, const std::string& name);

/// How ssh reaches it.
ssh::Target target_of(const Host& host);

/// Whether `name` would be read as something else than a host: an appliance, or "rackN".
bool means_a_group(const std::string& name, const std::vector<std::string>& appliances);

}  // namespace cluster::frontend
