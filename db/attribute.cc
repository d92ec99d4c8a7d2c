#include "db/attribute.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/inventory.h"

namespace cluster {
namespace {

bool is_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_inside(char c) { return is_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'; }

// "host 'n1'", "appliance 'vm'", or "the cluster", whose attributes are global.
std::string owner_of(const Attribute& attribute) {
  if (attribute.host) return "host " + quote(attribute.host->str());
  if (attribute.appliance) return "appliance " + quote(*attribute.appliance);
  return "the cluster";
}

std::string noun_of(const Attribute& attribute) {
  return attribute.host ? "host attr" : (attribute.appliance ? "appliance attr" : "attr");
}

bool same_place(const Attribute& left, const Attribute& right) {
  return left.appliance == right.appliance && left.host == right.host;
}

// Finds out what refused `wanted`.
void explain_attribute(Inventory& inventory, const Attribute& wanted) {
  if (wanted.name.empty() || !is_start(wanted.name[0]) ||
      !std::ranges::all_of(wanted.name, is_inside)) {
    throw Error(Fault::usage, "not an attribute name: " + quote(wanted.name) +
                                  " (want letters, digits, '_', '-' and '.': vm_machine)");
  }
  if (wanted.appliance) inventory.require_appliance(*wanted.appliance);
  const auto hosts = inventory.hosts();
  if (wanted.host && std::ranges::find(hosts, *wanted.host, &Host::name) == hosts.end()) {
    throw Error(Fault::not_found, "host " + quote(wanted.host->str()) + " is not in the inventory");
  }
  for (const auto& other : inventory.attributes()) {
    if (same_place(other, wanted) && other.name == wanted.name) {
      throw Error(Fault::exists, owner_of(wanted) + " has an attribute " + quote(wanted.name) +
                                     " already, " + quote(other.value) + " (`cluster set " +
                                     noun_of(wanted) + "` changes it)");
    }
  }
}

[[noreturn]] void no_attribute(Inventory& inventory, const Attribute& wanted) {
  std::vector<std::string> have;
  for (const auto& other : inventory.attributes()) {
    if (same_place(other, wanted)) have.push_back(other.name);
  }
  throw Error(Fault::not_found, owner_of(wanted) + " has no attribute " + quote(wanted.name) +
                                    did_you_mean(wanted.name, have));
}

void bind_place(db::Statement& statement, const Attribute& attribute) {
  statement.bind(":appliance", attribute.appliance);
  statement.bind(":host", attribute.host ? std::optional(attribute.host->str()) : std::nullopt);
  statement.bind(":name", attribute.name);
}

void insert(db::Statement& statement, const Attribute& attribute) {
  bind_place(statement, attribute);
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
      [&](const db::Failure&) { explain_attribute(*this, *at); });
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
      [&](const db::Failure&) { explain_attribute(*this, *at); });
}

void Inventory::remove_attributes(const std::vector<Attribute>& attributes) {
  write("remove attr", [&] {
    const auto remove = db_->prepare(R"sql(
        DELETE FROM attribute
        WHERE coalesce(appliance, '') = coalesce(:appliance, '') AND
              coalesce(host, '') = coalesce(:host, '') AND name = :name)sql");
    for (const auto& attribute : attributes) {
      bind_place(*remove, attribute);
      if (remove->execute() == 0) no_attribute(*this, attribute);
    }
  });
}

std::vector<Attribute> Inventory::attributes() {
  std::vector<Attribute> attributes;
  read("list attr", [&] {
    const auto query = db_->prepare(R"sql(
        SELECT appliance, host, name, value FROM attribute
        ORDER BY coalesce(appliance, ''), coalesce(host, ''), name)sql");
    while (query->step()) {
      const auto host = query->maybe_string(1);
      attributes.push_back({query->maybe_string(0),
                            host ? std::optional(HostName(*host)) : std::nullopt, query->string(2),
                            query->string(3)});
    }
  });
  return attributes;
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
