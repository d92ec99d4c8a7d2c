#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/inventory.h"

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
        const auto insert = db_->prepare(R"sql(
            INSERT INTO host (name, appliance, rack, rank, cpus, address, port, user)
            VALUES (:name, :appliance, :rack, :rank, :cpus, :address, :port, :user))sql");
        bind_host(*insert, host);
        insert->execute();
      },
      [&](const db::Failure&) {
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
        const auto update = db_->prepare(R"sql(
            UPDATE host SET appliance = :appliance, rack = :rack, rank = :rank, cpus = :cpus,
                            address = :address, port = :port, user = :user
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

std::vector<Host> Inventory::hosts() {
  std::vector<Host> hosts;
  read("list host", [&] {
    const auto query = db_->prepare(R"sql(
        SELECT host.name, appliance, rack, rank, cpus, address, port, user, managed,
               failing
        FROM host JOIN appliance ON appliance.name = host.appliance)sql");
    while (query->step()) {
      hosts.push_back({HostName(query->text(0)), query->string(1), query->maybe_number(2),
                       query->maybe_number(3), query->maybe_number(4), query->maybe_string(5),
                       query->maybe_number(6), query->maybe_string(7), query->number(8) != 0,
                       query->maybe_string(9)});
    }
  });
  std::ranges::sort(hosts, natural_less,
                    [](const Host& host) { return std::string_view(host.name.str()); });
  return hosts;
}

std::vector<std::string> Inventory::appliances() {
  std::vector<std::string> names;
  read("list appliance", [&] {
    const auto query = db_->prepare("SELECT name FROM appliance ORDER BY name");
    while (query->step()) names.push_back(query->string(0));
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
