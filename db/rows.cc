#include "db/rows.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/insert_sql.h"
#include "db/refusals.h"
#include "db/row_insert.h"

namespace cluster {
namespace {

constexpr std::size_t kAtOnce = 100;  // rows that are sent together

std::string select_all(const db::TableShape& table) {
  std::string columns;
  std::string order;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const std::string comma = i == 0 ? "" : ", ";
    columns += comma + db::identifier(table.columns[i].name);
    order += comma + std::to_string(i + 1) + " NULLS FIRST";
  }
  return "SELECT " + columns + " FROM " + db::identifier(table.name) + " ORDER BY " + order;
}

Error explained(const std::string& table, const db::Failure& failure) {
  const auto fault = fault_of(failure);
  std::string why = outcome_of(failure);
  if (fault == Fault::exists) why = "it is there already";
  if (fault == Fault::not_found) why = "what it belongs to is not there";
  if (!failure.constraint.empty()) why += " (" + failure.constraint + ")";
  return {fault, "row of " + quote(table) + ": " + why};
}

template <typename Shape>
const Shape& shape_of(const std::vector<Shape>& shapes, std::string_view name,
                      std::string_view kind) {
  const auto found = std::ranges::find(shapes, name, &Shape::name);
  if (found != shapes.end()) return *found;
  std::vector<std::string> names;
  for (const auto& one : shapes) names.push_back(one.name);
  throw Error(Fault::usage, std::string(kind) + quote(name) + did_you_mean(name, names));
}

}  // namespace

// An insert for each table and choice of columns that was asked for, and the rows of one table that
// wait for others of the same choice.
struct InventoryRows::Inserts {
  db::RowInsert& find(InventoryRows& rows, const std::string& table, const Values& values) {
    key = table;
    for (const auto& [column, value] : values) (key += ' ') += column;
    if (const auto found = known.find(key); found != known.end()) return found->second;
    const auto& shape = shape_of(rows.tables(), table, "no table ");
    std::vector<db::ColumnShape> columns;
    for (const auto& one : values) {
      columns.push_back(
          shape_of(shape.columns, one.first, "table " + quote(table) + " has no column "));
      if (std::ranges::count(columns, one.first, &db::ColumnShape::name) > 1) {
        throw Error(Fault::usage, "column " + quote(one.first) + " is there twice");
      }
    }
    if (columns.empty()) throw Error(Fault::usage, "a row of " + quote(table) + " without values");
    return known.try_emplace(key, table, std::move(columns), table == kSeededTable).first->second;
  }

  std::vector<db::TableShape> tables;
  std::map<std::string, db::RowInsert> known;
  std::string key;

  struct Waiting {
    std::vector<std::string> values;   // row by row
    std::vector<std::size_t> numbers;  // of the rows, as RefusedRow has them
  };
  std::map<db::RowInsert*, Waiting> waiting;
  std::size_t given = 0;  // rows of add_later()
};

InventoryRows::InventoryRows(Inventory& inventory)
    : inventory_(inventory), inserts_(std::make_unique<Inserts>()) {}

InventoryRows::~InventoryRows() = default;

// Every command makes one of these, to sign what it may change, and few ask for the tables.
std::vector<db::TableShape>& InventoryRows::tables() {
  if (inserts_->tables.empty()) {
    inventory_.read("look at the inventory", [&] { inserts_->tables = inventory_.db_->tables(); });
  }
  return inserts_->tables;
}

void InventoryRows::each(const Each& with) { each_of(tables(), with); }

void InventoryRows::each_of(const std::vector<db::TableShape>& tables, const Each& with) {
  inventory_.read("dump", [&] {
    Values values;
    for (const auto& table : tables) {
      const auto query = inventory_.db_->prepare(select_all(table));
      while (query->step()) {
        values.clear();
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
          const auto column = static_cast<int>(i);
          if (!query->is_null(column)) {
            values.emplace_back(table.columns[i].name, query->text(column));
          }
        }
        with(table.name, values);
      }
    }
  });
}

void InventoryRows::add(const std::string& table, const Values& values) {
  const auto work = [&] {
    auto& insert = inserts_->find(*this, table, values);
    std::vector<std::string_view> row;
    for (const auto& [column, value] : values) row.push_back(value);
    try {
      insert.add(*inventory_.db_, row);
    } catch (const db::Failure& failure) {
      throw explained(table, failure);
    }
  };
  // A savepoint would cost as much as the row: who adds many rows has begun a transaction.
  if (inventory_.db_->in_transaction()) {
    work();
  } else {
    inventory_.write("add row", work);
  }
}

void InventoryRows::add_later(const std::string& table, const Values& values) {
  auto& insert = inserts_->find(*this, table, values);
  const auto number = inserts_->given++;
  const bool may_wait = inventory_.db_->is_shared() && table != kSeededTable;
  auto& all = inserts_->waiting;
  if (!may_wait || (!all.empty() && all.begin()->first->table() != table)) settle();
  if (!may_wait) return add(table, values);
  auto& waiting = all[&insert];
  for (const auto& [column, value] : values) waiting.values.emplace_back(value);
  waiting.numbers.push_back(number);
  if (waiting.numbers.size() == kAtOnce) settle(insert);
}

void InventoryRows::settle() {
  while (!inserts_->waiting.empty()) settle(*inserts_->waiting.begin()->first);
}

// When one of them is refused, they are added one by one, which tells which it is.
void InventoryRows::settle(db::RowInsert& insert) {
  const auto waiting = inserts_->waiting.extract(&insert).mapped();
  auto& db = *inventory_.db_;
  const std::vector<std::string_view> rows(waiting.values.begin(), waiting.values.end());
  try {
    db.run("SAVEPOINT rows");
    insert.add(db, rows);
    db.run("RELEASE SAVEPOINT rows");
    return;
  } catch (const Error&) {
    db.run("ROLLBACK TO SAVEPOINT rows");
  } catch (const db::Failure& failure) {
    if (!is_by_constraint(failure)) throw;
    db.run("ROLLBACK TO SAVEPOINT rows");
  }
  const auto width = static_cast<std::ptrdiff_t>(insert.width());
  auto number = waiting.numbers.begin();
  for (auto row = rows.begin(); row != rows.end(); row += width, ++number) {
    try {
      insert.add(db, {row, insert.width()});
    } catch (const db::Failure& failure) {
      throw RefusedRow(explained(insert.table(), failure), *number);
    } catch (const Error& error) {
      throw RefusedRow(error, *number);
    }
  }
}

void InventoryRows::save(const std::filesystem::path& file, const std::function<void()>& locked) {
  try {
    inventory_.db_->copy_to(file.native(), locked);
  } catch (const db::Failure& failure) {
    throw Error(Fault::io, failure.what());
  }
}

}  // namespace cluster
