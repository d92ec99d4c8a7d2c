#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/inventory.h"

namespace cluster {
namespace {

std::string shown(const std::string& name, const std::string& version) {
  return "roll " + quote(name) + " " + version;
}

void bind_roll(db::Statement& statement, const std::string& name, const std::string& version) {
  statement.bind(":name", name);
  statement.bind(":version", version);
}

void change(db::Statement& statement, const std::string& name, const std::string& version) {
  bind_roll(statement, name, version);
  if (statement.execute() == 0) {
    throw Error(Fault::not_found, shown(name, version) + " is not in the inventory");
  }
}

}  // namespace

std::vector<StoredRoll> Inventory::rolls() {
  std::vector<StoredRoll> rolls;
  read("list roll", [&] {
    const auto query = db_->prepare("SELECT name, version, arch, enabled, checksum FROM roll");
    while (query->step()) {
      rolls.push_back({query->string(0), query->string(1), query->string(2), query->number(3) != 0,
                       query->string(4)});
    }
  });
  std::ranges::sort(rolls, [](const StoredRoll& left, const StoredRoll& right) {
    return left.name == right.name ? natural_less(left.version, right.version)
                                   : left.name < right.name;
  });
  return rolls;
}

void Inventory::add_roll(const StoredRoll& roll) {
  write(
      "add roll",
      [&] {
        const auto insert = db_->prepare(R"sql(
            INSERT INTO roll (name, version, arch, checksum)
            VALUES (:name, :version, :arch, :checksum))sql");
        bind_roll(*insert, roll.name, roll.version);
        insert->bind(":arch", roll.arch);
        insert->bind(":checksum", roll.checksum);
        insert->execute();
      },
      [&](const db::Failure& failure) {
        if (failure.why != db::Why::unique) return;
        const auto there =
            db_->prepare("SELECT checksum FROM roll WHERE name = :name AND version = :version");
        bind_roll(*there, roll.name, roll.version);
        const bool is_another = there->step() && there->text(0) != roll.checksum;
        throw Error(Fault::exists, shown(roll.name, roll.version) + " is there already" +
                                       (is_another ? ", with other files" : "") +
                                       " (`cluster remove roll` first, or give this one another "
                                       "version)");
      });
}

void Inventory::enable_roll(const std::string& name, const std::string& version) {
  write("enable roll", [&] {
    // One that is enabled already is left alone: the history has only what changed.
    const auto others = db_->prepare(
        "UPDATE roll SET enabled = 0 WHERE name = :name AND version <> :version AND enabled = 1");
    bind_roll(*others, name, version);
    others->execute();
    const auto enable =
        db_->prepare("UPDATE roll SET enabled = 1 WHERE name = :name AND version = :version");
    change(*enable, name, version);
  });
}

void Inventory::disable_roll(const std::string& name, const std::string& version) {
  write("disable roll", [&] {
    const auto disable =
        db_->prepare("UPDATE roll SET enabled = 0 WHERE name = :name AND version = :version");
    change(*disable, name, version);
  });
}

void Inventory::remove_roll(const std::string& name, const std::string& version) {
  write("remove roll", [&] {
    const auto enabled = db_->prepare(R"sql(
        SELECT 1 FROM roll WHERE name = :name AND version = :version AND enabled = 1)sql");
    bind_roll(*enabled, name, version);
    if (enabled->step()) {
      throw Error(Fault::refused,
                  shown(name, version) + " is enabled: first `cluster disable roll " + name + "`");
    }
    const auto remove = db_->prepare("DELETE FROM roll WHERE name = :name AND version = :version");
    change(*remove, name, version);
  });
}

}  // namespace cluster
