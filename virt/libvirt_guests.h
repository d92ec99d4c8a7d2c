#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "virt/domains.h"
#include "virt/libvirt_handles.h"

namespace cluster::virt {

/// Domains::addresses() of these domains.
std::vector<ToldAddresses> addresses_of(const LibvirtHandles& domains,
                                        const std::vector<std::string>& uuids);

/// Domains::ask_agents() of these domains.
std::vector<AgentReply> ask_agents(const LibvirtHandles& domains,
                                   const std::vector<AgentCommand>& commands,
                                   std::chrono::seconds patience);

}  // namespace cluster::virt
