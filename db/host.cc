#include "db/host.h"

#include <algorithm>

#include "core/error.h"
#include "core/natural_key.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/host_login.h"
#include "db/inventory.h"
#include "db/only_hosts.h"
#include "db/refusals.h"

namespace cluster {
namespace {

constexpr int kSshPort = 22;

void bind_host(db::Statement& statement, const Host& host) {
  statement.bind(":name", host.name.str());
  statement.bind(":appliance", host.appliance);
  statement.bind(":rack", host.rack);
  statement.bind(":rank", host.rank);
  statement.bind(":cpus", host.cpus);
  statement.bind(":address", host.address);
  statement.bind(":port", host.port);
  statement.bind(":user", host.user);
  statement.bind(":sudo", host.sudo ? std::optional(*host.sudo ? 1 : 0) : std::nullopt);
  statement.bind(":maintenance", host.maintenance);
  statement.bind(":jump", host.jump);
  statement.bind(":network", host.network);
  statement.bind(":mac", host.mac ? std::optional(host.mac->str()) : std::nullopt);
}

[[noreturn]] void refuse_address(const Host& host, std::string_view owner) {
  throw Error(Fault::exists, "address " + quote(*host.address) + " port " +
                                 std::to_string(host.port.value_or(kSshPort)) +
                                 (host.jump ? " behind jump host " + quote(*host.jump) : "") +
                                 " is that of host " + quote(owner));
}

// Says which host has the address that `host` should get: one of `hosts`, which were stored
// together with it, or another one.
void explain_address(db::Connection& db, const std::vector<Host>& hosts, const Host& host) {
  const auto port = host.port.value_or(kSshPort);
  for (const auto& other : hosts) {
    if (other.name != host.name && other.address == host.address &&
        other.port.value_or(kSshPort) == port && other.jump == host.jump) {
      refuse_address(host, other.name.str());
    }
  }
  const auto query = db.prepare(R"sql(
      SELECT name FROM host
      WHERE address = :address AND coalesce(port, 22) = :port AND
            coalesce(jump, '') = :jump AND name <> :name)sql");
  query->bind(":address", host.address);
  query->bind(":port", port);
  query->bind(":jump", host.jump.value_or(""));
  query->bind(":name", host.name.str());
  if (query->step()) refuse_address(host, query->text(0));
}

// Says which host has the MAC address that `host` should get.
void explain_mac(db::Connection& db, const std::vector<Host>& hosts, const Host& host) {
  const auto refuse = [&](std::string_view owner) {
    throw Error(Fault::exists,
                "MAC address " + host.mac->str() + " is that of host " + quote(owner));
  };
  for (const auto& other : hosts) {
    if (other.name != host.name && other.mac == host.mac) refuse(other.name.str());
  }
  const auto query = db.prepare("SELECT name FROM host WHERE mac = :mac AND name <> :name");
  query->bind(":mac", host.mac->str());
  query->bind(":name", host.name.str());
  if (query->step()) refuse(query->text(0));
}

// Says which constraint of the schema refused `host`.
void explain_host(Inventory& inventory, db::Connection& db, const std::vector<Host>& hosts,
                  const Host& host, const db::Failure& failure) {
  if (failure.why == db::Why::foreign_key) {
    inventory.require_appliance(host.appliance);
    if (host.network) inventory.require_network(*host.network);
  }
  if (failure.why != db::Why::unique) return;
  if (failure.constraint == "host_mac") {
    explain_mac(db, hosts, host);
  } else if (failure.constraint == "host_address") {
    explain_address(db, hosts, host);
  } else {
    explain_host_name(db, host.name);
  }
}

// Says which rows keep `name` in the inventory.
void explain_in_use(Inventory& inventory, const HostName& name) {
  std::vector<std::string> on_it;
  for (const auto& vm : inventory.vms(OnlyHosts{{name}})) {
    if (vm.name == name) {
      throw Error(Fault::refused, "host " + quote(name.str()) +
                                      " is a VM: `cluster remove host vm " + name.str() + "`");
    }
    std::string words = vm.name.str();
    for (const auto& card : vm.gpus) words += " with " + card.gpu.str();
    for (const auto& slice : vm.slices) words += " with " + slice.device;
    on_it.push_back(words);
  }
  if (!on_it.empty()) {
    throw Error(Fault::refused, "host " + quote(name.str()) + " still has VMs (" +
                                    joined(on_it, ", ") + "): remove them first");
  }
}

}  // namespace

void explain_host_name(db::Connection& db, const HostName& name) {
  const auto query = db.prepare("SELECT name FROM host WHERE lower(name) = lower(:name)");
  query->bind(":name", name.str());
  if (!query->step()) return;
  if (query->text(0) == name.str()) {
    throw Error(Fault::exists, "host " + quote(name.str()) + " is in the inventory already");
  }
  throw Error(Fault::exists, "host " + quote(name.str()) + " differs from " +
                                 quote(query->text(0)) + " in case only");
}

std::string appliance_of(db::Connection& db, const HostName& host) {
  const auto query = db.prepare("SELECT appliance FROM host WHERE name = :name");
  query->bind(":name", host.str());
  return query->step() ? query->string(0) : "";
}

void Inventory::add_host(const Host& host) {
  write(
      "add host",
      [&] {
        const auto insert = db_->prepare(R"sql(
            INSERT INTO host (name, appliance, rack, rank, cpus, address, port, "user", sudo,
                              maintenance, jump, network, mac)
            VALUES (:name, :appliance, :rack, :rank, :cpus, :address, :port, :user, :sudo,
                    :maintenance, :jump, :network, :mac))sql");
        bind_host(*insert, host);
        insert->execute();
      },
      [&](const db::Failure& failure) { explain_host(*this, *db_, {}, host, failure); });
}

void Inventory::set_hosts(const std::vector<Host>& hosts) {
  const Host* at = nullptr;
  write(
      "set host",
      [&] {
        const auto update = db_->prepare(R"sql(
            UPDATE host SET appliance = :appliance, rack = :rack, rank = :rank, cpus = :cpus,
                            address = :address, port = :port, "user" = :user, sudo = :sudo,
                            maintenance = :maintenance, jump = :jump, network = :network,
                            mac = :mac
            WHERE name = :name)sql");
        for (const auto& host : hosts) {
          at = &host;
          bind_host(*update, host);
          if (update->execute() == 0) {
            throw Error(Fault::not_found,
                        "host " + quote(host.name.str()) + " is not in the inventory");
          }
        }
      },
      [&](const db::Failure& failure) {
        if (failure.why == db::Why::foreign_key && is_vm(at->name)) {
          throw Error(Fault::refused, "host " + quote(at->name.str()) + " is a VM and stays one");
        }
        explain_host(*this, *db_, hosts, *at, failure);
      });
}

void Inventory::remove_hosts(const std::vector<HostName>& names) {
  const HostName* at = nullptr;
  write(
      "remove host",
      [&] {
        const auto remove = db_->prepare("DELETE FROM host WHERE name = :name");
        for (const auto& name : names) {
          at = &name;
          remove->bind(":name", name.str());
          if (remove->execute() == 0) {
            throw Error(Fault::not_found, "host " + quote(name.str()) + " is not in the inventory");
          }
        }
      },
      [&](const db::Failure&) { explain_in_use(*this, *at); });
}

std::vector<Host> Inventory::hosts(const OnlyHosts& only) {
  const db::OnlyThese these(only);
  std::vector<Host> hosts;
  read("list host", [&] {
    const auto query = db_->prepare(R"sql(
        SELECT host.name, appliance, rack, rank, cpus, address, port, "user", managed, failing,
               sudo, maintenance, jump, network, mac
        FROM host JOIN appliance ON appliance.name = host.appliance
        WHERE )sql" + these.in("host.name"));
    these.bind(*query);
    while (query->step()) {
      if (!these.has(query->text(0))) continue;
      hosts.push_back({HostName(query->text(0)),
                       query->string(1),
                       query->maybe_number(2),
                       query->maybe_number(3),
                       query->maybe_number(4),
                       query->maybe_string(5),
                       query->maybe_number(6),
                       query->maybe_string(7),
                       query->number(8) != 0,
                       query->maybe_string(9),
                       query->is_null(10) ? std::nullopt : std::optional(query->number(10) != 0),
                       {},
                       query->maybe_string(11)});
      auto& host = hosts.back();
      host.jump = query->maybe_string(12);
      host.network = query->maybe_string(13);
      if (!query->is_null(14)) host.mac = MacAddress::parse(query->text(14));
    }
    db::read_logins(*db_, hosts);
    add_ways_in(hosts, only);
  });
  sort_naturally(hosts, [](const Host& host) -> const std::string& { return host.name.str(); });
  return hosts;
}

std::vector<HostGroups> Inventory::host_groups() {
  std::vector<HostGroups> groups;
  read("list host", [&] {
    const auto query = db_->prepare(R"sql(
        SELECT host.name, appliance, rack, managed
        FROM host JOIN appliance ON appliance.name = host.appliance)sql");
    while (query->step()) {
      groups.push_back({HostName(query->text(0)), query->string(1), query->maybe_number(2),
                        query->number(3) != 0});
    }
  });
  return groups;
}

std::optional<Host> Inventory::find_host(const HostName& name) {
  auto found = hosts(OnlyHosts{{name}});
  if (found.empty()) return std::nullopt;
  return std::move(found[0]);
}

}  // namespace cluster
