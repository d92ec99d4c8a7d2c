#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cluster::db {

/// A name as SQL has it, in quotes.
std::string identifier(std::string_view name);

/// The texts of statements that each add several rows to one table.
class InsertSql {
 public:
  /// `end` is what follows behind the rows, "" or " ON CONFLICT ...".
  InsertSql(std::string_view table, std::vector<std::string> columns, std::string end = "");

  /// The number of columns.
  std::size_t width() const { return columns_.size(); }

  /// The statement that adds `rows` rows, one at least. Its parameters are the first of
  /// parameters().
  std::string text(std::size_t rows);

  /// ":name_0": those of the first row in the order of the columns, then those of the next; as many
  /// rows as a text had at the most.
  const std::vector<std::string>& parameters() const { return parameters_; }

 private:
  std::string begin_;
  std::vector<std::string> columns_;
  std::string end_;
  std::vector<std::string> parameters_;
};

}  // namespace cluster::db
