// ssh_config(5): each Host that is no pattern. What else ssh needs stays in the file, which
// `cluster` reads as ssh does.
#include <charconv>
#include <optional>

#include "core/error.h"
#include "core/keys.h"
#include "frontend/neighbours/neighbour.h"
#include "ssh/config.h"
#include "ssh/config_file.h"

namespace cluster::frontend {
namespace {

constexpr int kSshPort = 22;

int line_in(const std::string& where) {
  int line = 0;
  const auto colon = where.rfind(':');
  if (colon == std::string::npos) return 0;
  std::from_chars(where.data() + colon + 1, where.data() + where.size(), line);
  return line;
}

// The jump hosts as jump= takes them; nothing for a ProxyCommand, and for tokens of ssh.
std::optional<std::string> jump_of(const ssh::Route& route) {
  constexpr std::string_view kProxyJump = "ProxyJump ";
  if (!route.proxy.starts_with(kProxyJump)) return std::nullopt;
  try {
    return parse_jump(route.proxy.substr(kProxyJump.size()));
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

// What counts for a host is what ssh would find, patterns before and behind it included.
NeighbourReading read_ssh_config(std::string_view text, const std::string& file) {
  NeighbourHosts hosts;
  const auto blocks = ssh::parse_config(text, file, {});
  const ssh::Config config(blocks);
  const ssh::Operator nobody{.user = "", .home = "/", .config = "", .agent_socket = ""};
  for (const auto& block : blocks) {
    if (block.conditions.size() != 1 || block.conditions[0].keyword != "host") continue;
    const int line = line_in(block.conditions[0].where);
    for (const auto& name : block.conditions[0].words) {
      if (name.find_first_of("*?!") != std::string::npos || hosts.has(name)) continue;
      const auto route = config.route({name, "", 0, ""}, nobody);
      auto& host = hosts.at(name, line);
      if (route.address != name) host.keys["address"] = route.address;
      if (route.port != kSshPort) host.keys["port"] = std::to_string(route.port);
      if (!route.user.empty()) host.keys["user"] = route.user;
      if (const auto jump = jump_of(route)) {
        host.keys["jump"] = *jump;
      } else if (!route.proxy.empty()) {
        hosts.leave(line, name + " " + route.proxy);
      }
    }
  }
  return hosts.reading();
}

}  // namespace cluster::frontend
