#include "db/batch_insert.h"

#include <iterator>
#include <utility>

#include "db/insert_sql.h"

namespace cluster::db {
namespace {

// More gain nothing. The cards of one host are fewer, and the engine keeps the statements for so
// few. Powers of two make few statements.
constexpr std::size_t kMostRows = 64;

}  // namespace

BatchInsert::BatchInsert(std::string table, std::vector<std::string> columns)
    : table_(std::move(table)), columns_(std::move(columns)) {
  InsertSql sql(table_, columns_);
  for (std::size_t rows = 1; rows <= kMostRows; rows *= 2) sqls_.emplace(rows, sql.text(rows));
  parameters_ = sql.parameters();
}

const BatchInsert::Sqls::value_type& BatchInsert::largest(std::size_t rows) const {
  return *std::prev(sqls_.upper_bound(rows));
}

}  // namespace cluster::db
