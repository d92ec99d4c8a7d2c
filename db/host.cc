#include <SQLiteCpp/Statement.h>
#include <sqlite3.h>

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "db/inventory.h"
#include "db/row.h"

namespace cluster {
namespace {

constexpr int kSshPort = 22;

void bind_host(SQLite::Statement& statement, const Host& host) {
  statement.bind(":name", host.name.str());
  statement.bind(":appliance", host.appliance);
  row::bind(statement, ":rack", host.rack);
  row::bind(statement, ":rank", host.rank);
  row::bind(statement, ":cpus", host.cpus);
  row::bind(statement, ":address", host.address);
  row::bind(statement, ":port", host.port);
  row::bind(statement, ":user", host.user);
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

// Finds out which constraint of the schema `host` ran into, `hosts` being all hosts as they would
// be.
void explain_conflict(Inventory& inventory, const std::vector<Host>& hosts, const Host& host) {
  inventory.require_appliance(host.appliance);
  for (const auto& other : hosts) {
    if (other.name == host.name) continue;
    if (lower(other.name.str()) == lower(host.name.str())) {
      throw Error(Fault::exists, "host " + quote(host.name.str()) + " differs from " +
                                     quote(other.name.str()) + " in case only");
    }
    if (host.address && other.address == host.address &&
        other.port.value_or(kSshPort) == host.port.value_or(kSshPort)) {
      throw Error(Fault::exists, "address " + quote(*host.address) + " port " +
                                     std::to_string(host.port.value_or(kSshPort)) +
                                     " is that of host " + quote(other.name.str()));
    }
  }
}

// Says what keeps `name` in the inventory.
void explain_in_use(Inventory& inventory, const HostName& name) {
  std::vector<std::string> on_it;
  for (const auto& vm : inventory.vms()) {
    if (vm.name == name) {
      throw Error(Fault::refused, "host " + quote(name.str()) +
                                      " is a VM: `cluster remove host vm " + name.str() + "`");
    }
    if (vm.container != name) continue;
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

void Inventory::add_host(const Host& host) {
  write(
      "add host",
      [&] {
        SQLite::Statement insert(db_, R"sql(
            INSERT INTO host (name, appliance, rack, rank, cpus, address, port, user)
            VALUES (:name, :appliance, :rack, :rank, :cpus, :address, :port, :user))sql");
        bind_host(insert, host);
        insert.exec();
      },
      [&](int) {
        const auto all = hosts();
        if (std::ranges::find(all, host.name, &Host::name) != all.end()) {
          throw Error(Fault::exists,
                      "host " + quote(host.name.str()) + " is in the inventory already");
        }
        explain_conflict(*this, all, host);
      });
}

void Inventory::set_hosts(const std::vector<Host>& hosts) {
  const Host* at = nullptr;
  write(
      "set host",
      [&] {
        SQLite::Statement update(db_, R"sql(
            UPDATE host SET appliance = :appliance, rack = :rack, rank = :rank, cpus = :cpus,
                            address = :address, port = :port, user = :user
            WHERE name = :name)sql");
        for (const auto& host : hosts) {
          at = &host;
          bind_host(update, host);
          if (update.exec() == 0) {
            throw Error(Fault::not_found,
                        "host " + quote(host.name.str()) + " is not in the inventory");
          }
          update.reset();
          update.clearBindings();
        }
      },
      [&](int code) {
        if (code == SQLITE_CONSTRAINT_FOREIGNKEY && is_vm(at->name)) {
          throw Error(Fault::refused, "host " + quote(at->name.str()) + " is a VM and stays one");
        }
        auto all = this->hosts();
        for (auto& other : all) {
          const auto changed = std::ranges::find(hosts, other.name, &Host::name);
          if (changed != hosts.end()) other = *changed;
        }
        explain_conflict(*this, all, *at);
      });
}

void Inventory::remove_hosts(const std::vector<HostName>& names) {
  const HostName* at = nullptr;
  write(
      "remove host",
      [&] {
        SQLite::Statement remove(db_, "DELETE FROM host WHERE name = :name");
        for (const auto& name : names) {
          at = &name;
          remove.bind(":name", name.str());
          if (remove.exec() == 0) {
            throw Error(Fault::not_found, "host " + quote(name.str()) + " is not in the inventory");
          }
          remove.reset();
        }
      },
      [&](int) { explain_in_use(*this, *at); });
}

std::vector<Host> Inventory::hosts() {
  std::vector<Host> hosts;
  read("list host", [&] {
    SQLite::Statement query(db_, R"sql(
        SELECT host.name, appliance, rack, rank, cpus, address, port, user, managed,
               failing
        FROM host JOIN appliance ON appliance.name = host.appliance)sql");
    while (query.executeStep()) {
      hosts.push_back({HostName(query.getColumn(0).getString()), query.getColumn(1).getString(),
                       row::number(query.getColumn(2)), row::number(query.getColumn(3)),
                       row::number(query.getColumn(4)), row::text(query.getColumn(5)),
                       row::number(query.getColumn(6)), row::text(query.getColumn(7)),
                       query.getColumn(8).getInt() != 0, row::text(query.getColumn(9))});
    }
  });
  std::ranges::sort(hosts, natural_less,
                    [](const Host& host) { return std::string_view(host.name.str()); });
  return hosts;
}

std::vector<std::string> Inventory::appliances() {
  std::vector<std::string> names;
  read("list appliance", [&] {
    SQLite::Statement query(db_, "SELECT name FROM appliance ORDER BY name");
    while (query.executeStep()) names.push_back(query.getColumn(0).getString());
  });
  return names;
}

void Inventory::require_appliance(const std::string& name) {
  const auto known = appliances();
  if (std::ranges::find(known, name) != known.end()) return;
  throw Error(Fault::usage,
              "no appliance " + quote(name) + " (want one of " + joined(known, ", ") + ")");
}

}  // namespace cluster
