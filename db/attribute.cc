#include "db/attribute.h"

#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/inventory.h"
#include "db/only_hosts.h"
#include "db/rows.h"

namespace cluster {
namespace {

// Gives "host 'n1'", "appliance 'vm'", or "the cluster", whose attributes are global.
std::string owner_of(const Attribute& attribute) {
  if (attribute.host) return "host " + quote(attribute.host->str());
  if (attribute.appliance) return "appliance " + quote(*attribute.appliance);
  return "the cluster";
}

std::string noun_of(const Attribute& attribute) {
  return attribute.host ? "host attr" : (attribute.appliance ? "appliance attr" : "attr");
}

void bind_place(db::Statement& statement, const Attribute& attribute) {
  statement.bind(":appliance", attribute.appliance);
  statement.bind(":host", attribute.host ? std::optional(attribute.host->str()) : std::nullopt);
}

// Says which row or rule refused `wanted`.
void explain_attribute(Inventory& inventory, db::Connection& db, const Attribute& wanted,
                       const db::Failure& failure) {
  if (failure.constraint == "attribute_name_check") {
    throw Error(Fault::usage, "not an attribute name: " + quote(wanted.name) +
                                  " (want letters, digits, '_', '-' and '.': vm_machine)");
  }
  if (failure.why == db::Why::foreign_key) {
    if (wanted.appliance) inventory.require_appliance(*wanted.appliance);
    if (wanted.host) {
      throw Error(Fault::not_found,
                  "host " + quote(wanted.host->str()) + " is not in the inventory");
    }
  }
  if (failure.why != db::Why::unique) return;
  const auto there = db.prepare(R"sql(
      SELECT value FROM attribute
      WHERE coalesce(appliance, '') = coalesce(:appliance, '') AND
            coalesce(host, '') = coalesce(:host, '') AND name = :name)sql");
  bind_place(*there, wanted);
  there->bind(":name", wanted.name);
  if (!there->step()) return;
  throw Error(Fault::exists, owner_of(wanted) + " has an attribute " + quote(wanted.name) +
                                 " already, " + quote(there->text(0)) + " (`cluster set " +
                                 noun_of(wanted) + "` changes it)");
}

[[noreturn]] void no_attribute(db::Connection& db, const Attribute& wanted) {
  const auto query = db.prepare(R"sql(
      SELECT name FROM attribute
      WHERE coalesce(appliance, '') = coalesce(:appliance, '') AND
            coalesce(host, '') = coalesce(:host, '')
      ORDER BY name)sql");
  bind_place(*query, wanted);
  std::vector<std::string> have;
  while (query->step()) have.push_back(query->string(0));
  throw Error(Fault::not_found, owner_of(wanted) + " has no attribute " + quote(wanted.name) +
                                    did_you_mean(wanted.name, have));
}

void insert(db::Statement& statement, const Attribute& attribute) {
  bind_place(statement, attribute);
  statement.bind(":name", attribute.name);
  statement.bind(":value", attribute.value);
  statement.execute();
}

}  // namespace

void Inventory::add_attributes(const std::vector<Attribute>& attributes) {
  const Attribute* at = nullptr;
  write(
      "add attr",
      [&] {
        const auto statement = db_->prepare(R"sql(
            INSERT INTO attribute (appliance, host, name, value)
            VALUES (:appliance, :host, :name, :value))sql");
        for (const auto& attribute : attributes) {
          at = &attribute;
          insert(*statement, attribute);
        }
      },
      [&](const db::Failure& failure) { explain_attribute(*this, *db_, *at, failure); });
}

void Inventory::set_attributes(const std::vector<Attribute>& attributes) {
  const Attribute* at = nullptr;
  write(
      "set attr",
      [&] {
        const auto statement = db_->prepare(R"sql(
            INSERT INTO attribute (appliance, host, name, value)
            VALUES (:appliance, :host, :name, :value)
            ON CONFLICT (coalesce(appliance, ''), coalesce(host, ''), name)
            DO UPDATE SET value = excluded.value)sql");
        for (const auto& attribute : attributes) {
          at = &attribute;
          insert(*statement, attribute);
        }
      },
      [&](const db::Failure& failure) { explain_attribute(*this, *db_, *at, failure); });
}

void Inventory::remove_attributes(const std::vector<Attribute>& attributes) {
  write("remove attr", [&] {
    const auto remove = db_->prepare(R"sql(
        DELETE FROM attribute
        WHERE coalesce(appliance, '') = coalesce(:appliance, '') AND
              coalesce(host, '') = coalesce(:host, '') AND name = :name)sql");
    for (const auto& attribute : attributes) {
      bind_place(*remove, attribute);
      remove->bind(":name", attribute.name);
      if (remove->execute() == 0) no_attribute(*db_, attribute);
    }
  });
}

std::vector<Attribute> Inventory::attributes(const OnlyHosts& only) {
  const db::OnlyThese these(only);
  std::vector<Attribute> attributes;
  read("list attr", [&] {
    const auto query = db_->prepare(R"sql(
        SELECT appliance, host, name, value FROM attribute
        WHERE host IS NULL OR )sql" +
                                    these.in("host") + R"sql(
        ORDER BY coalesce(appliance, ''), coalesce(host, ''), name)sql");
    these.bind(*query);
    while (query->step()) {
      const auto host = query->maybe_string(1);
      if (host && !these.has(*host)) continue;
      attributes.push_back({query->maybe_string(0),
                            host ? std::optional(HostName(*host)) : std::nullopt, query->string(2),
                            query->string(3)});
    }
  });
  return attributes;
}

std::optional<std::string> InventoryRows::global_attribute(Inventory& inventory,
                                                           const std::string& name) {
  std::optional<std::string> value;
  inventory.read("list attr", [&] {
    const auto query = inventory.db_->prepare(R"sql(
        SELECT value FROM attribute WHERE appliance IS NULL AND host IS NULL AND name = :name)sql");
    query->bind(":name", name);
    if (query->step()) value = query->string(0);
  });
  return value;
}

AttributeResolver::AttributeResolver(const std::vector<Attribute>& attributes) {
  for (const auto& one : attributes) {
    auto& values = one.host        ? of_host_[*one.host]
                   : one.appliance ? of_appliance_[*one.appliance]
                                   : global_;
    values[one.name] = one.value;
  }
}

ResolvedAttributes AttributeResolver::resolve(const AttributeScope& scope) const {
  ResolvedAttributes resolved;
  const auto take = [&](const Values& values, AttributeSource source) {
    for (const auto& [name, value] : values) resolved[name] = {value, source};
  };
  const auto take_of = [&](const auto& owners, const auto& owner, AttributeSource source) {
    if (!owner) return;
    if (const auto at = owners.find(*owner); at != owners.end()) take(at->second, source);
  };
  take(global_, AttributeSource::global);
  take_of(of_appliance_, scope.appliance, AttributeSource::appliance);
  take_of(of_host_, scope.container, AttributeSource::container);
  take_of(of_host_, scope.host, AttributeSource::host);
  return resolved;
}

}  // namespace cluster
