#pragma once

#include <string>

#include "db/engine.h"

// What the triggers of the history write, as SQL that each engine puts into its own.
namespace cluster::db {

/// True for a column that says when something was seen last: that is no change of what it is.
bool is_seen(const std::string& column);

/// The value of a column of `row` (NEW or OLD) as the history keeps it: secrets and long documents
/// become '(not kept)'.
std::string kept_value(const std::string& table, const std::string& column, const std::string& row);

/// Whose row it is: a column of `row`, or NULL.
std::string owner_value(const TableShape& table, const std::string& row);

/// True where an update changes something but what is_seen().
std::string row_differs(const TableShape& table);

}  // namespace cluster::db
