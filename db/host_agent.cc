#include "db/host_agent.h"

#include "db/engine.h"
#include "db/inventory.h"

namespace cluster {

std::map<HostName, HostAgent> Inventory::host_agents() {
  std::map<HostName, HostAgent> agents;
  read("list host agent", [&] {
    const auto query = db_->prepare("SELECT host, version, seen, path, checksum FROM host_agent");
    while (query->step()) {
      agents.emplace(HostName(query->text(0)), HostAgent{query->maybe_string(1), query->string(2),
                                                         query->string(3), query->maybe_string(4)});
    }
  });
  return agents;
}

void Inventory::store_host_agents(const std::map<HostName, HostAgent>& agents) {
  if (agents.empty()) return;
  write("sync host agent", [&] {
    // A host may have been removed meanwhile.
    const auto insert = db_->prepare(R"sql(
        INSERT INTO host_agent (host, version, seen, path, checksum)
        SELECT name, :version, :seen, :path, :checksum FROM host WHERE name = :host
        ON CONFLICT (host) DO UPDATE SET version = excluded.version, seen = excluded.seen,
                                         path = excluded.path, checksum = excluded.checksum)sql");
    for (const auto& [host, agent] : agents) {
      insert->bind(":host", host.str());
      insert->bind(":version", agent.version);
      insert->bind(":seen", agent.seen);
      insert->bind(":path", agent.path);
      insert->bind(":checksum", agent.checksum);
      insert->execute();
    }
  });
}

}  // namespace cluster
