#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cluster::db {

/// SQL whose parameters have numbers, and their names in order: number 1 is names[0].
struct NumberedSql {
  std::string sql;
  std::vector<std::string> names;  ///< ":host", each once
};

/// How an engine spells number 1, and number 1 again.
enum class Spelling {
  postgres,  ///< $1 $1
  sqlite,    ///< ? ?1: it looks for a parameter that has a spelling of its own among all of them
};

/// Gives each ":name" its number. What stands in quotes ('it''s', "user"), in a comment (--) or
/// after another colon (::) stays as it is.
NumberedSql numbered(std::string_view sql, Spelling spelling = Spelling::postgres);

}  // namespace cluster::db
