#include "db/sqlite_constraints.h"

#include <algorithm>
#include <vector>

#include "core/text.h"

namespace cluster::db {
namespace {

bool is_word(char c) { return is_letter_or_digit(c) || c == '_'; }

// The names and keywords of an SQL text, in order. A text in single quotes is left out.
std::vector<std::string> words_of(std::string_view sql) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < sql.size();) {
    if (sql[i] == '\'') {
      i = std::min(sql.find('\'', i + 1), sql.size() - 1) + 1;
      continue;
    }
    const auto end = static_cast<std::size_t>(
        std::find_if_not(sql.begin() + static_cast<std::ptrdiff_t>(i), sql.end(), is_word) -
        sql.begin());
    if (end > i) words.emplace_back(sql.substr(i, end - i));
    i = std::max(end, i + 1);
  }
  return words;
}

// The text after "constraint failed: " in a message of SQLite.
std::string_view detail_of(std::string_view message) {
  constexpr std::string_view kBefore = "constraint failed: ";
  const auto at = message.find(kBefore);
  return at == std::string_view::npos ? "" : message.substr(at + kBefore.size());
}

// The table that an INSERT, UPDATE or DELETE writes to.
std::string table_of(std::string_view sql) {
  const auto words = words_of(sql);
  if (words.size() > 1 && words[0] == "UPDATE") return words[1];
  return words.size() > 2 ? words[2] : "";  // INSERT INTO x, DELETE FROM x
}

std::vector<std::string> strings(Connection& connection, std::string_view sql,
                                 const std::string& name) {
  std::vector<std::string> answer;
  const auto query = connection.prepare(sql);
  query->bind(":name", name);
  while (query->step()) answer.push_back(query->string(0));
  return answer;
}

}  // namespace

std::string unique_name(Connection& connection, const std::string& message) {
  const auto detail = detail_of(message);
  if (detail.starts_with("index '")) return std::string(split(detail, '\'').at(1));
  std::string table;
  std::vector<std::string> columns;
  for (const auto piece : split(detail, ',')) {
    const auto names = split(trim(piece), '.');
    if (names.size() != 2) return "";
    table = names[0];
    columns.emplace_back(names[1]);
  }
  const auto indexes = connection.prepare(R"sql(
      SELECT name, origin FROM pragma_index_list(:table) WHERE "unique" = 1)sql");
  indexes->bind(":table", table);
  while (indexes->step()) {
    auto index = indexes->string(0);
    if (strings(connection, "SELECT name FROM pragma_index_info(:name) ORDER BY seqno", index) !=
        columns) {
      continue;
    }
    if (indexes->text(1) == "pk") return table + "_pkey";
    if (indexes->text(1) == "c") return index;
    return table + "_" + joined(columns, "_") + "_key";
  }
  return "";
}

std::string check_name(Connection& connection, const std::string& message, std::string_view sql) {
  const auto table = table_of(sql);
  const auto used = words_of(detail_of(message));
  auto columns = strings(connection, "SELECT name FROM pragma_table_xinfo(:name)", table);
  std::erase_if(columns, [&](const std::string& column) {
    return std::ranges::find(used, column) == used.end();
  });
  return table + (columns.size() == 1 ? "_" + columns[0] : "") + "_check";
}

std::string not_null_name(const std::string& message) {
  return joined(words_of(detail_of(message)), "_") + "_not_null";
}

std::string rule_name(Connection& connection, const std::string& message, std::string_view sql) {
  const auto words = words_of(sql);
  // Two triggers may have one message. The one for this kind of statement is meant.
  const auto query = connection.prepare(R"sql(
      SELECT name FROM sqlite_schema WHERE type = 'trigger' AND instr(sql, :message) > 0
      ORDER BY instr(sql, ' ' || :verb || ' ') = 0)sql");
  query->bind(":message", message);
  query->bind(":verb", words.empty() ? "" : words[0]);
  return query->step() ? query->string(0) : "";
}

std::string broken_key_name(Connection& connection) {
  const auto broken =
      connection.prepare("SELECT \"table\", fkid FROM pragma_foreign_key_check LIMIT 1");
  if (!broken->step()) return "";
  const auto key = connection.prepare(R"sql(
      SELECT "from" FROM pragma_foreign_key_list(:table) WHERE id = :id ORDER BY seq)sql");
  key->bind(":table", broken->text(0));
  key->bind(":id", broken->number(1));
  auto name = broken->string(0);
  while (key->step()) name += "_" + key->string(0);
  return name + "_fkey";
}

}  // namespace cluster::db
