#include "db/network.h"

#include <algorithm>

#include "core/error.h"
#include "core/folded_names.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/inventory.h"

namespace cluster {
namespace {

void bind_network(db::Statement& statement, const Network& network) {
  statement.bind(":name", network.name);
  statement.bind(":subnet", network.subnet.str());
  statement.bind(":gateway", network.gateway);
  statement.bind(":vlan", network.vlan);
  statement.bind(":mtu", network.mtu);
  statement.bind(":zone", network.zone);
}

// The hosts that have their address, or the VMs that have an interface, in the network.
std::vector<std::string> members(db::Connection& db, const std::string& network) {
  std::vector<std::string> names;
  const auto query = db.prepare(R"sql(
      SELECT name FROM host WHERE network = :name
      UNION SELECT host FROM interface WHERE network = :name)sql");
  query->bind(":name", network);
  while (query->step()) names.push_back(query->string(0));
  return names;
}

}  // namespace

std::vector<Network> Inventory::networks() {
  std::vector<Network> networks;
  read("list network", [&] {
    const auto query = db_->prepare("SELECT name, subnet, gateway, vlan, mtu, zone FROM network");
    while (query->step()) {
      networks.push_back({query->string(0), Subnet::parse(query->string(1)), query->maybe_string(2),
                          query->maybe_number(3), query->maybe_number(4), query->maybe_string(5)});
    }
  });
  std::ranges::sort(networks, natural_less, &Network::name);
  return networks;
}

Network Inventory::require_network(const std::string& name) {
  auto known = networks();
  const auto at = std::ranges::find(known, name, &Network::name);
  if (at != known.end()) return std::move(*at);
  std::vector<std::string> names;
  for (const auto& network : known) names.push_back(network.name);
  throw Error(Fault::not_found, "network " + quote(name) + " is not in the inventory" +
                                    (names.empty() ? " (`cluster add network` adds one)"
                                                   : did_you_mean(name, names)));
}

void Inventory::add_network(const Network& network) {
  write(
      "add network",
      [&] {
        const auto insert = db_->prepare(R"sql(
            INSERT INTO network (name, subnet, gateway, vlan, mtu, zone)
            VALUES (:name, :subnet, :gateway, :vlan, :mtu, :zone))sql");
        bind_network(*insert, network);
        insert->execute();
      },
      [&](const db::Failure& failure) {
        if (failure.why != db::Why::unique) return;
        throw Error(Fault::exists, "network " + quote(network.name) +
                                       " is in the inventory already (`cluster set network` "
                                       "changes it)");
      });
}

void Inventory::set_network(const Network& network) {
  write("set network", [&] {
    const auto update = db_->prepare(R"sql(
        UPDATE network SET subnet = :subnet, gateway = :gateway, vlan = :vlan, mtu = :mtu,
                           zone = :zone
        WHERE name = :name)sql");
    bind_network(*update, network);
    if (update->execute() == 0) require_network(network.name);
  });
}

void Inventory::remove_network(const std::string& name) {
  write(
      "remove network",
      [&] {
        const auto remove = db_->prepare("DELETE FROM network WHERE name = :name");
        remove->bind(":name", name);
        if (remove->execute() == 0) require_network(name);
      },
      [&](const db::Failure& failure) {
        if (failure.why != db::Why::foreign_key) return;
        throw Error(Fault::refused, "network " + quote(name) + " is still that of " +
                                        counted_names(members(*db_, name)) +
                                        ": first `subnet=` of `cluster set host` and `cluster set "
                                        "host interface`");
      });
}

}  // namespace cluster
