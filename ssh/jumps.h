#pragma once

#include <string>
#include <vector>

#include "ssh/config.h"
#include "ssh/operator.h"
#include "ssh/route.h"

namespace cluster::ssh {

/// One jump host as ProxyJump names it: [USER@]HOST[:PORT], or the same as ssh://...
struct Hop {
  std::string host;
  int port = 0;
  std::string user;
};

/// The jump hosts of `route`, from the first one on. A ProxyCommand that is an `ssh -W` is a jump
/// host, too. Returns none when there is none or when they cannot be told.
std::vector<Hop> jump_hosts(const Route& route);

/// Sets `route.door` and `route.loop`. `ssh` starts a process for each jump host, which reads the
/// configuration again for that host; with "Host *" and ProxyJump each of them would start another,
/// without end.
void find_door(Route& route, const Config& config, const Operator& me);

}  // namespace cluster::ssh
