#pragma once

#include "node-agent/guard/guard.h"

namespace cluster::agent {

/// How the host's network needs a card: a network card of it, or what is built on that one, has the
/// default route (/proc/net/route, /proc/net/ipv6_route), or belongs to a bridge, bond or team
/// (`master` in sysfs).
Culprits net_users(const Card& card, const GuardInput& input);

}  // namespace cluster::agent
