#include "db/host_login.h"

#include <algorithm>
#include <map>

#include "db/attribute.h"

namespace cluster::db {
namespace {

std::vector<Attribute> read_attributes(Connection& db) {
  std::vector<Attribute> attributes;
  const auto query = db.prepare(R"sql(
      SELECT appliance, host, name, value FROM attribute WHERE name IN ('ssh_sudo', 'ssh_user'))sql");
  while (query->step()) {
    const auto host = query->maybe_string(1);
    attributes.push_back({query->maybe_string(0),
                          host ? std::optional(HostName(*host)) : std::nullopt, query->string(2),
                          query->string(3)});
  }
  return attributes;
}

std::map<HostName, HostName> read_containers(Connection& db) {
  std::map<HostName, HostName> containers;
  const auto query = db.prepare("SELECT host, container FROM vm");
  while (query->step()) {
    containers.emplace(HostName(query->text(0)), HostName(query->text(1)));
  }
  return containers;
}

}  // namespace

void read_logins(Connection& db, std::vector<Host>& hosts) {
  const auto attributes = read_attributes(db);
  if (attributes.empty()) return;
  const auto of_a_host = [](const Attribute& one) { return one.host.has_value(); };
  const auto containers = std::ranges::any_of(attributes, of_a_host)
                              ? read_containers(db)
                              : std::map<HostName, HostName>{};
  const AttributeResolver resolver(attributes);
  for (auto& host : hosts) {
    AttributeScope scope{host.appliance, {}, host.name};
    if (const auto at = containers.find(host.name); at != containers.end()) {
      scope.container = at->second;
    }
    const auto resolved = resolver.resolve(scope);
    const auto value = [&](const char* name) {
      const auto at = resolved.find(name);
      return at == resolved.end() || at->second.value.empty() ? std::nullopt
                                                              : std::optional(at->second.value);
    };
    host.login = {value("ssh_user"), value("ssh_sudo")};
  }
}

}  // namespace cluster::db
