#include "ssh/operator.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

namespace cluster::ssh {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Operator Operator::current() {
  Operator me{.user = environment("USER"),
              .home = environment("HOME"),
              .config = environment("CLUSTER_SSH_CONFIG"),
              .agent_socket = environment("SSH_AUTH_SOCK")};
  if (const passwd* entry = getpwuid(getuid()); entry != nullptr) {
    me.user = entry->pw_name;
    me.home = entry->pw_dir;
  }
  return me;
}

}  // namespace cluster::ssh
