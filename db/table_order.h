#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace cluster::db {

/// The tables that a table's foreign keys point to, for each table by its name.
using Targets = std::map<std::string, std::set<std::string>>;

/// The names of the tables, each after those that it points to; those that could stand at the same
/// place in the order of their names. Of a circle the first by name comes first.
std::vector<std::string> in_order(Targets left);

}  // namespace cluster::db
