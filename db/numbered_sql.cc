#include "db/numbered_sql.h"

#include <map>

#include "core/text.h"

namespace cluster::db {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_of_a_name(char c) { return is_letter(c) || is_digit(c); }

// The place after the text that begins at `at` and ends with the next `end`.
std::size_t after(std::string_view sql, std::size_t at, char end) {
  const auto found = sql.find(end, at + 1);
  return found == std::string_view::npos ? sql.size() : found + 1;
}

}  // namespace

NumberedSql numbered(std::string_view sql, Spelling spelling) {
  NumberedSql made;
  std::map<std::string_view, std::size_t> numbers;
  std::size_t at = 0;
  const auto copy_to = [&](std::size_t end) {
    made.sql += sql.substr(at, end - at);
    at = end;
  };
  while (at < sql.size()) {
    const char c = sql[at];
    const char next = at + 1 < sql.size() ? sql[at + 1] : '\0';
    if (c == '\'' || c == '"') {
      copy_to(after(sql, at, c));  // a quote in quotes stands twice: two texts side by side
    } else if (c == '-' && next == '-') {
      copy_to(after(sql, at, '\n'));
    } else if (c == ':' && is_letter(next)) {
      auto end = at + 1;
      while (end < sql.size() && is_of_a_name(sql[end])) ++end;
      const auto name = sql.substr(at, end - at);
      const auto [known, is_new] = numbers.try_emplace(name, made.names.size() + 1);
      if (is_new) made.names.emplace_back(name);
      made.sql += spelling == Spelling::postgres ? '$' : '?';
      if (spelling == Spelling::postgres || !is_new) made.sql += std::to_string(known->second);
      at = end;
    } else {
      copy_to(at + (c == ':' && next == ':' ? 2 : 1));
    }
  }
  return made;
}

}  // namespace cluster::db
