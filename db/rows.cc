#include "db/rows.h"

#include <algorithm>
#include <cstdint>
#include <map>

#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/refusals.h"

namespace cluster {
namespace {

std::string identifier(std::string_view name) { return '"' + std::string(name) + '"'; }

std::string select_all(const db::TableShape& table) {
  std::string columns;
  std::string order;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const std::string comma = i == 0 ? "" : ", ";
    columns += comma + identifier(table.columns[i].name);
    order += comma + std::to_string(i + 1) + " NULLS FIRST";
  }
  return "SELECT " + columns + " FROM " + identifier(table.name) + " ORDER BY " + order;
}

Error explained(const std::string& table, const db::Failure& failure) {
  const auto fault = fault_of(failure);
  std::string why = outcome_of(failure);
  if (fault == Fault::exists) why = "it is there already";
  if (fault == Fault::not_found) why = "what it belongs to is not there";
  if (!failure.constraint.empty()) why += " (" + failure.constraint + ")";
  return {fault, "row of " + quote(table) + ": " + why};
}

int number_of(std::string_view column, std::string_view value) {
  const auto number = parse_number(value);
  if (number && *number <= INT32_MAX) return static_cast<int>(*number);
  throw Error(Fault::usage, std::string(column) + ": not a number: " + quote(value));
}

template <typename Shape>
const Shape& shape_of(const std::vector<Shape>& shapes, std::string_view name,
                      const std::string& kind) {
  const auto found = std::ranges::find(shapes, name, &Shape::name);
  if (found != shapes.end()) return *found;
  std::vector<std::string> names;
  for (const auto& one : shapes) names.push_back(one.name);
  throw Error(Fault::usage, kind + quote(name) + did_you_mean(name, names));
}

}  // namespace

// A statement for each table and choice of columns that was asked for.
struct InventoryRows::Statements {
  struct Insert {
    std::unique_ptr<db::Statement> statement;
    std::vector<std::string> parameters;  // ":name"
    std::vector<bool> numbers;
  };

  Insert& insert(db::Connection& db, const std::string& table, const Values& values) {
    key = table;
    for (const auto& [column, value] : values) (key += ' ') += column;
    const auto found = inserts.find(key);
    if (found != inserts.end()) return found->second;
    const auto& shape = shape_of(tables, table, "no table ");
    Insert made;
    std::string columns;
    std::string binds;
    std::string changes;
    for (const auto& one : values) {
      const auto& known =
          shape_of(shape.columns, one.first, "table " + quote(table) + " has no column ");
      const auto parameter = ":" + known.name;
      if (std::ranges::find(made.parameters, parameter) != made.parameters.end()) {
        throw Error(Fault::usage, "column " + quote(known.name) + " is there twice");
      }
      made.parameters.push_back(parameter);
      made.numbers.push_back(known.is_number);
      const std::string comma = columns.empty() ? "" : ", ";
      columns += comma + identifier(known.name);
      binds += comma + parameter;
      changes += comma + identifier(known.name) + " = excluded." + identifier(known.name);
    }
    if (columns.empty()) throw Error(Fault::usage, "a row of " + quote(table) + " without values");
    auto sql = "INSERT INTO " + identifier(table) + " (" + columns + ") VALUES (" + binds + ")";
    if (table == kSeededTable) sql += " ON CONFLICT (name) DO UPDATE SET " + changes;
    made.statement = db.prepare(sql);
    return inserts.emplace(key, std::move(made)).first->second;
  }

  std::vector<db::TableShape> tables;
  std::map<std::string, Insert> inserts;
  std::string key;
};

InventoryRows::InventoryRows(Inventory& inventory)
    : inventory_(inventory), statements_(std::make_unique<Statements>()) {
  inventory_.read("look at the inventory", [&] { statements_->tables = inventory_.db_->tables(); });
}

InventoryRows::~InventoryRows() = default;

void InventoryRows::each(
    const std::function<void(std::string_view table, const Values& values)>& with) {
  inventory_.read("dump", [&] {
    Values values;
    for (const auto& table : statements_->tables) {
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
    try {
      auto& insert = statements_->insert(*inventory_.db_, table, values);
      for (std::size_t i = 0; i < values.size(); ++i) {
        const auto* parameter = insert.parameters[i].c_str();
        const auto [column, value] = values[i];
        if (insert.numbers[i]) {
          insert.statement->bind(parameter, number_of(column, value));
        } else {
          insert.statement->bind(parameter, value);
        }
      }
      insert.statement->execute();
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

void InventoryRows::save(const std::filesystem::path& file, const std::function<void()>& locked) {
  try {
    inventory_.db_->copy_to(file.native(), locked);
  } catch (const db::Failure& failure) {
    throw Error(Fault::io, failure.what());
  }
}

}  // namespace cluster
