#include "ssh/operator.h"

#include <pwd.h>
#include <unistd.h>

#include "core/file.h"
#include "core/text.h"
#include "core/variable.h"

namespace cluster::ssh {
namespace {

// Says whether there is a cache of tickets at a place where Kerberos keeps them. A cache that is
// not a file (KEYRING, KCM) is taken to be there.
bool may_have_ticket() {
  std::string cache = variable("KRB5CCNAME");
  if (cache.empty()) {
    const auto settings = read_file("/etc/krb5.conf").value_or("");
    for (const auto raw : split(settings, '\n')) {
      const auto line = trim(raw);
      const bool names_one = line.starts_with("default_ccache_name");
      if (names_one && line.find("FILE:") == std::string_view::npos) return true;
    }
    cache = "/tmp/krb5cc_" + std::to_string(getuid());
  }
  if (cache.starts_with("FILE:")) cache.erase(0, 5);
  return !cache.starts_with('/') || access(cache.c_str(), R_OK) == 0;
}

}  // namespace

Operator Operator::current() {
  Operator me{.user = variable("USER"),
              .home = variable("HOME"),
              .config = variable("CLUSTER_SSH_CONFIG"),
              .agent_socket = variable("SSH_AUTH_SOCK"),
              .has_ticket = may_have_ticket()};
  if (const passwd* entry = getpwuid(getuid()); entry != nullptr) {
    me.user = entry->pw_name;
    me.home = entry->pw_dir;
  }
  return me;
}

}  // namespace cluster::ssh
