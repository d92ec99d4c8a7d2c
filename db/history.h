#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/names.h"
#include "db/author.h"
#include "db/inventory.h"

namespace cluster {

/// One row that a change added (`before` is ""), changed, or removed (`after` is "").
struct ChangedRow {
  std::string table;
  std::string host;    ///< whose row it is, "" when it is no host's
  std::string before;  ///< JSON
  std::string after;
};

/// What one command changed. The number 0 has what other programs changed.
struct Change {
  int number = 0;
  std::string at;  ///< "2026-11-21T01:20:00Z"; "" of number 0
  Author author;
  std::vector<ChangedRow> rows;
};

/// Says who changes something through `inventory` from now on.
void sign(Inventory& inventory, const Author& author);

/// The changes since `since` ("" is all), by `login` (or who became it by sudo; "" is all), which
/// touched one of `hosts` (nothing is all). The oldest comes first.
std::vector<Change> changes(Inventory& inventory, const std::string& since,
                            const std::string& login, const OnlyHosts& hosts);

/// The names of all hosts and VMs that changes touched, also of those that are not there any more.
std::vector<HostName> changed_hosts(Inventory& inventory);

/// Makes the rows that a change touched what they were before. Throws Error(not_found) when there
/// is no such change, and Error(refused) when one of them is no more what it made of it, or when it
/// is not known what was before. Then nothing is changed.
void undo_change(Inventory& inventory, int number);

}  // namespace cluster
