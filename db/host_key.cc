#include "db/host_key.h"

#include "core/error.h"
#include "core/natural_key.h"
#include "core/text.h"
#include "db/engine.h"
#include "db/inventory.h"
#include "db/only_hosts.h"

namespace cluster {
namespace {

// Says which rule refused `wanted`.
void explain_key(db::Connection& db, const HostPublicKey& wanted, const db::Failure& failure) {
  const auto who = "host " + quote(wanted.host.str());
  if (failure.why == db::Why::foreign_key) {
    throw Error(Fault::not_found, who + " is not in the inventory");
  }
  if (failure.constraint == "host_key_type_check") {
    throw Error(Fault::usage, "no type of host key is called " + quote(wanted.type) +
                                  " (want ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, "
                                  "ecdsa-sha2-nistp521 or ssh-rsa)");
  }
  if (failure.why != db::Why::unique) return;
  const auto query = db.prepare("SELECT key FROM host_key WHERE host = :host AND type = :type");
  query->bind(":host", wanted.host.str());
  query->bind(":type", wanted.type);
  if (!query->step()) return;
  throw Error(Fault::exists, who + " has another " + wanted.type +
                                 " key (`cluster remove host key " + wanted.host.str() +
                                 "` first, if it was changed on purpose)");
}

}  // namespace

void Inventory::add_host_keys(const std::vector<HostPublicKey>& keys) {
  const HostPublicKey* at = nullptr;
  write(
      "add host key",
      [&] {
        const auto there = db_->prepare(
            "SELECT 1 FROM host_key WHERE host = :host AND type = :type AND key = :key");
        const auto insert = db_->prepare(R"sql(
            INSERT INTO host_key (host, type, key, learned)
            VALUES (:host, :type, :key, :learned))sql");
        for (const auto& key : keys) {
          at = &key;
          for (auto* statement : {there.get(), insert.get()}) {
            statement->bind(":host", key.host.str());
            statement->bind(":type", key.type);
            statement->bind(":key", key.base64);
          }
          const bool is_there = there->step();
          there->reset();
          if (is_there) continue;
          insert->bind(":learned", key.learned);
          insert->execute();
        }
      },
      [&](const db::Failure& failure) { explain_key(*db_, *at, failure); });
}

void Inventory::remove_host_keys(const std::vector<HostName>& hosts) {
  write("remove host key", [&] {
    const auto remove = db_->prepare("DELETE FROM host_key WHERE host = :host");
    for (const auto& host : hosts) {
      remove->bind(":host", host.str());
      if (remove->execute() == 0) {
        throw Error(Fault::not_found, "no key of host " + quote(host.str()) + " is known");
      }
    }
  });
}

std::vector<HostPublicKey> Inventory::host_keys(const OnlyHosts& only) {
  const db::OnlyThese these(only);
  std::vector<HostPublicKey> keys;
  read("list host key", [&] {
    const auto query = db_->prepare("SELECT host, type, key, learned FROM host_key WHERE " +
                                    these.in("host") + " ORDER BY host, type");
    these.bind(*query);
    while (query->step()) {
      if (!these.has(query->text(0))) continue;
      keys.push_back(
          {HostName(query->string(0)), query->string(1), query->string(2), query->string(3)});
    }
  });
  sort_naturally(keys,
                 [](const HostPublicKey& key) -> const std::string& { return key.host.str(); });
  return keys;
}

void Inventory::add_ways_in(std::vector<Host>& hosts, const OnlyHosts& only) {
  std::map<HostName, Host*> by_name;
  for (auto& host : hosts) by_name.emplace(host.name, &host);
  for (auto& key : host_keys(only)) {
    const auto at = by_name.find(key.host);
    if (at != by_name.end()) at->second->keys.push_back(std::move(key));
  }
  const db::OnlyThese these(only);
  const auto query = db_->prepare(R"sql(
      SELECT appliance, host, value FROM attribute
      WHERE name = 'ssh_client' AND (host IS NULL OR )sql" +
                                  these.in("host") + R"sql()
      ORDER BY host IS NULL DESC, appliance IS NULL DESC)sql");
  these.bind(*query);
  while (query->step()) {  // the nearest comes last
    const auto appliance = query->maybe_string(0);
    const auto name = query->maybe_string(1);
    const bool is_openssh = query->text(2) == "openssh";
    if (name) {
      const auto at = by_name.find(HostName(*name));
      if (at != by_name.end()) at->second->through_openssh = is_openssh;
      continue;
    }
    for (auto& host : hosts) {
      if (!appliance || host.appliance == *appliance) host.through_openssh = is_openssh;
    }
  }
}

}  // namespace cluster
