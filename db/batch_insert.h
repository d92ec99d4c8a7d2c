#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "db/added_rows.h"
#include "db/engine.h"

namespace cluster::db {

/// Binds the values of one row, one after the other in the order of its columns.
class RowBinder {
 public:
  /// `parameters` are those of the row in `statement`, ":host_3". `added` gets the values, too; it
  /// may be null. All are kept by reference.
  RowBinder(Statement& statement, std::span<const std::string> parameters,
            AddedRows* added = nullptr)
      : statement_(statement), parameters_(parameters), added_(added) {}

  template <typename Value>
  void operator()(const Value& value) {
    statement_.bind(parameters_[next_++].c_str(), value);
    if (added_ != nullptr) added_->add(value);
  }

 private:
  Statement& statement_;
  std::span<const std::string> parameters_;
  AddedRows* added_;
  std::size_t next_ = 0;
};

/// Adds rows of one table, several with each statement: an engine prepares to undo each statement
/// alone, for which SQLite copies every page that the statement changes.
class BatchInsert {
 public:
  BatchInsert(std::string table, std::vector<std::string> columns);

  /// Adds as many rows. `bind` gets a RowBinder and the number of the row, for each. `added` gets
  /// the rows for their history, where no trigger writes it. Throws Failure.
  template <typename Bind>
  void add(Connection& db, std::size_t rows, Bind bind, AddedRows* added = nullptr) const {
    if (added != nullptr) added->begin_table(table_, columns_);
    std::unique_ptr<Statement> statement;
    std::size_t compiled = 0;  // for so many rows
    for (std::size_t done = 0; done < rows;) {
      const auto& [size, sql] = largest(rows - done);
      if (size != compiled) statement = db.prepare(sql);
      compiled = size;
      for (std::size_t i = 0; i < size; ++i) {
        const auto width = columns_.size();
        RowBinder binder(*statement, std::span(parameters_).subspan(i * width, width), added);
        bind(binder, done + i);
      }
      statement->execute();
      done += size;
    }
  }

 private:
  using Sqls = std::map<std::size_t, std::string>;  // by the number of rows

  // The one that adds the most rows, and no more than `rows`.
  const Sqls::value_type& largest(std::size_t rows) const;

  std::string table_;
  std::vector<std::string> columns_;
  std::vector<std::string> parameters_;  // of the first row, then those of the next
  Sqls sqls_;
};

}  // namespace cluster::db
