#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cluster::db {

/// SQL in PostgreSQL's words, and the names of its parameters in order: $1 is names[0]. SQLite
/// gives the same numbers to the names.
struct NumberedSql {
  std::string sql;
  std::vector<std::string> names;  ///< ":host", each once
};

/// Turns each ":name" into "$n". What stands in quotes ('it''s', "user"), in a comment (--) or
/// after another colon (::) stays as it is.
NumberedSql numbered(std::string_view sql);

}  // namespace cluster::db
