#include <SQLiteCpp/Statement.h>

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "db/inventory.h"

namespace cluster {
namespace {

std::string shown(const std::string& name, const std::string& version) {
  return "roll " + quote(name) + " " + version;
}

void bind_roll(SQLite::Statement& statement, const std::string& name, const std::string& version) {
  statement.bind(":name", name);
  statement.bind(":version", version);
}

void change(SQLite::Statement& statement, const std::string& name, const std::string& version) {
  bind_roll(statement, name, version);
  if (statement.exec() == 0) {
    throw Error(Fault::not_found, shown(name, version) + " is not in the inventory");
  }
}

}  // namespace

std::vector<StoredRoll> Inventory::rolls() {
  std::vector<StoredRoll> rolls;
  read("list roll", [&] {
    SQLite::Statement query(db_, "SELECT name, version, arch, enabled, checksum FROM roll");
    while (query.executeStep()) {
      rolls.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(),
                       query.getColumn(2).getString(), query.getColumn(3).getInt() != 0,
                       query.getColumn(4).getString()});
    }
  });
  std::ranges::sort(rolls, [](const StoredRoll& left, const StoredRoll& right) {
    return left.name == right.name ? natural_less(left.version, right.version)
                                   : left.name < right.name;
  });
  return rolls;
}

void Inventory::add_roll(const StoredRoll& roll, const std::function<void()>& place) {
  write(
      "add roll",
      [&] {
        SQLite::Statement insert(db_, R"sql(
            INSERT INTO roll (name, version, arch, checksum)
            VALUES (:name, :version, :arch, :checksum))sql");
        bind_roll(insert, roll.name, roll.version);
        insert.bind(":arch", roll.arch);
        insert.bind(":checksum", roll.checksum);
        insert.exec();
        place();
      },
      [&](int) {
        throw Error(Fault::exists, shown(roll.name, roll.version) +
                                       " is there already (`cluster remove roll` first, or give "
                                       "this one another version)");
      });
}

void Inventory::enable_roll(const std::string& name, const std::string& version) {
  write("enable roll", [&] {
    SQLite::Statement others(db_, "UPDATE roll SET enabled = 0 WHERE name = :name");
    others.bind(":name", name);
    others.exec();
    SQLite::Statement enable(
        db_, "UPDATE roll SET enabled = 1 WHERE name = :name AND version = :version");
    change(enable, name, version);
  });
}

void Inventory::disable_roll(const std::string& name, const std::string& version) {
  write("disable roll", [&] {
    SQLite::Statement disable(
        db_, "UPDATE roll SET enabled = 0 WHERE name = :name AND version = :version");
    change(disable, name, version);
  });
}

void Inventory::remove_roll(const std::string& name, const std::string& version) {
  write("remove roll", [&] {
    SQLite::Statement enabled(db_, R"sql(
        SELECT 1 FROM roll WHERE name = :name AND version = :version AND enabled = 1)sql");
    bind_roll(enabled, name, version);
    if (enabled.executeStep()) {
      throw Error(Fault::refused,
                  shown(name, version) + " is enabled: first `cluster disable roll " + name + "`");
    }
    SQLite::Statement remove(db_, "DELETE FROM roll WHERE name = :name AND version = :version");
    change(remove, name, version);
  });
}

}  // namespace cluster
