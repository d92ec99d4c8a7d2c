#include "ssh/lessons.h"

#include "core/text.h"

namespace cluster::ssh {

std::string source(const Route& route) {
  return route.proxy.empty() ? place(route) : place(route) + " behind " + route.door;
}

std::string login_of(const Route& route) {
  return joined({place(route), route.user, joined(route.identity_files, "\n"), route.agent_socket,
                 route.identities_only ? "only" : "", joined(route.known_names, "\n"),
                 joined(route.known_hosts_files, "\n"), route.needs_openssh, route.proxy},
                std::string_view("\0", 1));
}

}  // namespace cluster::ssh
