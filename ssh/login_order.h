#pragma once

#include <string>
#include <vector>

#include "ssh/agent.h"
#include "ssh/identity.h"
#include "ssh/route.h"

namespace cluster::ssh {

/// Why OpenSSH has to ask an agent that would not sign with one of its keys: it goes on with the
/// next one.
inline constexpr const char* kRefusingAgent = "the agent, which refused to sign with a key";

/// Brings the keys of `route` into the order in which OpenSSH offers them (pubkey_prepare() in
/// sshconnect2.c): those of the agent that are identity files, the other keys of the agent, the
/// other files. Returns the reason why only OpenSSH can offer them so, "" when libssh can; libssh
/// cannot ask an agent for just one of its keys. A security key that comes after all others is left
/// for Route::at_last.
std::string order_login(Route& route, Identities& identities,
                        const std::vector<AgentKey>& agent_keys);

}  // namespace cluster::ssh
