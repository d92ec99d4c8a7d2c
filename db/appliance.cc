#include <algorithm>

#include "core/error.h"
#include "core/folded_names.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/inventory.h"

namespace cluster {
namespace {

std::vector<std::string> names_of(db::Connection& db, const char* sql, const std::string& name) {
  std::vector<std::string> names;
  const auto query = db.prepare(sql);
  query->bind(":name", name);
  while (query->step()) names.push_back(query->string(0));
  return names;
}

// Says what keeps `name` in the inventory.
void explain_in_use(db::Connection& db, const std::string& name, const db::Failure& failure) {
  const auto keep = [&](const std::string& why) {
    throw Error(Fault::refused, "appliance " + quote(name) + why);
  };
  if (failure.why == db::Why::rule) keep(" is always there");
  const auto hosts = names_of(db, "SELECT name FROM host WHERE appliance = :name", name);
  if (!hosts.empty()) {
    keep(" still has hosts: first `cluster set host " + folded_names(hosts) + " appliance=`...");
  }
  const auto attributes =
      names_of(db, "SELECT name FROM attribute WHERE appliance = :name ORDER BY name", name);
  if (!attributes.empty()) {
    keep(" still has attributes (" + joined(attributes, ", ") +
         "): first `cluster remove appliance attr`");
  }
}

}  // namespace

std::vector<std::string> Inventory::appliances() {
  std::vector<std::string> names;
  read("list appliance", [&] {
    const auto query = db_->prepare("SELECT name FROM appliance ORDER BY name");
    while (query->step()) names.push_back(query->string(0));
  });
  return names;
}

std::vector<Appliance> Inventory::appliances_in_full() {
  std::vector<Appliance> appliances;
  read("list appliance", [&] {
    const auto query = db_->prepare(R"sql(
        SELECT name, managed, (SELECT count(*) FROM host WHERE host.appliance = appliance.name)
        FROM appliance ORDER BY name)sql");
    while (query->step()) {
      appliances.push_back({query->string(0), query->number(1) != 0, query->number(2)});
    }
  });
  return appliances;
}

void Inventory::require_appliance(const std::string& name) {
  const auto known = appliances();
  if (std::ranges::find(known, name) != known.end()) return;
  throw Error(Fault::usage,
              "no appliance " + quote(name) + " (want one of " + joined(known, ", ") + ")");
}

void Inventory::add_appliance(const Appliance& appliance) {
  write(
      "add appliance",
      [&] {
        const auto insert =
            db_->prepare("INSERT INTO appliance (name, managed) VALUES (:name, :managed)");
        insert->bind(":name", appliance.name);
        insert->bind(":managed", appliance.managed ? 1 : 0);
        insert->execute();
      },
      [&](const db::Failure& failure) {
        if (failure.why != db::Why::unique) return;
        throw Error(Fault::exists, "appliance " + quote(appliance.name) +
                                       " is in the inventory already (`cluster set appliance` "
                                       "changes it)");
      });
}

void Inventory::set_appliance(const Appliance& appliance) {
  write("set appliance", [&] {
    const auto update = db_->prepare("UPDATE appliance SET managed = :managed WHERE name = :name");
    update->bind(":name", appliance.name);
    update->bind(":managed", appliance.managed ? 1 : 0);
    if (update->execute() == 0) require_appliance(appliance.name);
  });
}

void Inventory::remove_appliance(const std::string& name) {
  write(
      "remove appliance",
      [&] {
        const auto remove = db_->prepare("DELETE FROM appliance WHERE name = :name");
        remove->bind(":name", name);
        if (remove->execute() == 0) require_appliance(name);
      },
      [&](const db::Failure& failure) { explain_in_use(*db_, name, failure); });
}

}  // namespace cluster
