#include "ssh/jumps.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/terminal_text.h"
#include "core/text.h"
#include "ssh/config_value.h"
#include "ssh/lessons.h"

namespace cluster::ssh {
namespace {

constexpr std::string_view kProxyJump = "ProxyJump ";
constexpr std::string_view kProxyCommand = "ProxyCommand ";
// `ProxyJump gw-%h` of all hosts leads on to ever new ones, and `%h%h` to names twice as long.
constexpr std::size_t kMostJumps = 32;
constexpr std::size_t kLongestName = 1024;  // NI_MAXHOST

// One jump host as ProxyJump names it: [USER@]HOST[:PORT], or the same as ssh://...
struct Hop {
  std::string host;
  int port = 0;
  std::string user;
};

// Replaces the tokens that ssh_config(5) allows in a ProxyJump and a ProxyCommand. `ssh` refuses
// any other: then nothing is left.
std::string expanded(std::string_view text, const Route& route) {
  const Tokens tokens{{'h', route.address},
                      {'n', route.name},
                      {'p', std::to_string(route.port)},
                      {'r', route.user},
                      {'%', "%"}};
  return replace_tokens(text, tokens).value_or("");
}

Hop hop_of(std::string_view text) {
  text = trim(text);
  if (text.starts_with("ssh://")) text.remove_prefix(6);
  while (text.ends_with('/')) text.remove_suffix(1);
  Hop hop;
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    hop.user = text.substr(0, at);
    text.remove_prefix(at + 1);
  }
  const auto bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  if (bracket != std::string_view::npos) {
    hop.host = text.substr(1, bracket - 1);
    text.remove_prefix(bracket + 1);
  } else {
    // A second colon belongs to an IPv6 address.
    const auto colon = text.find(':');
    const bool has_port = colon != std::string_view::npos && colon == text.rfind(':');
    hop.host = text.substr(0, has_port ? colon : text.size());
    text.remove_prefix(hop.host.size());
  }
  if (text.starts_with(':')) {
    hop.port = static_cast<int>(parse_number(text.substr(1)).value_or(0) % 65536);
  }
  return hop;
}

// Reads "ssh [OPTION...] [USER@]HOST" with -W, or with a command that leads on from there, "nc %h
// %p", as it was written before there was a -W. Returns nothing for any other command.
// `config` is the file that the operator's own `ssh` reads, "" the usual ones.
std::vector<Hop> hop_of_command(const std::string& command, const std::string& config) {
  constexpr std::string_view kWithValue = "BbcDEeFIiJLlmOopQRSWw";
  const auto words = split(command, ' ');
  bool forwards = false;
  Hop hop;
  int port = 0;
  std::string user;
  std::size_t i = words[0] == "exec" ? 1 : 0;
  if (i >= words.size() || (words[i] != "ssh" && !words[i].ends_with("/ssh"))) return {};
  for (++i; i < words.size(); ++i) {
    const auto word = words[i];
    if (word.empty()) continue;
    if (word[0] != '-') {
      if (!hop.host.empty()) {  // what follows the host runs there
        if (hop.host.find_first_of("'\"\\$`") != std::string::npos) return {};
        forwards = true;
        break;
      }
      hop = hop_of(word);
      continue;
    }
    // The last letter of a cluster like -qW may want a value, which may be joined to it.
    const auto at = word.find_first_of(kWithValue, 1);
    if (at == std::string_view::npos) continue;
    const char letter = word[at];
    const bool is_joined = at + 1 < word.size();
    if (!is_joined && i + 1 == words.size()) return {};
    const auto value = is_joined ? word.substr(at + 1) : words[++i];
    if (letter == 'W') forwards = true;
    if (letter == 'p') port = static_cast<int>(parse_number(value).value_or(0) % 65536);
    if (letter == 'l') user = value;
    if (letter == 'F' && !config.empty() && value == config) continue;
    // Another configuration, another proxy: nobody can tell here where that leads.
    if (letter == 'F' || letter == 'J' || (letter == 'o' && lower(value).starts_with("proxy"))) {
      return {};
    }
  }
  if (!forwards || hop.host.empty()) return {};
  if (port != 0) hop.port = port;
  if (!user.empty()) hop.user = user;
  return {hop};
}

// The jump hosts of `route`, from the first one on. A ProxyCommand that is an `ssh` is a jump host,
// too. Returns none when there is none or when they cannot be told.
std::vector<Hop> jump_hosts(const Route& route, const std::string& config) {
  if (route.proxy.starts_with(kProxyCommand)) {
    return hop_of_command(expanded(route.proxy.substr(kProxyCommand.size()), route), config);
  }
  if (!route.proxy.starts_with(kProxyJump)) return {};
  std::vector<Hop> hops;
  const auto text = expanded(route.proxy.substr(kProxyJump.size()), route);
  for (const auto piece : split(text, ',')) hops.push_back(hop_of(piece));
  std::erase_if(hops, [](const Hop& hop) { return hop.host.empty(); });
  return hops;
}

// The door of `route` is the place where `first` leads.
void set_door(Route& route, const Route& first) {
  route.door = first.address + " " + std::to_string(first.port);
  route.door_address = first.address;
  route.door_port = first.port;
}

// It is something that has no address.
void set_door(Route& route, std::string door) {
  route.door = std::move(door);
  route.door_address.clear();
}

}  // namespace

void DoorFinder::find(Route& route) {
  set_door(route, route);
  if (route.proxy.empty()) return;
  // `ssh` reaches the last jump host through those before it, and the first one as the
  // configuration says for that one.
  std::vector<std::string> way{lower(route.name)};
  std::vector<std::string> logins;
  for (const Route* at = &route; !at->proxy.empty();) {
    const auto hops = jump_hosts(*at, me_.config);
    if (hops.empty()) {
      set_door(route, at->proxy);
      logins.push_back(at->proxy);
      break;
    }
    const auto& first = hops.front();
    const auto name = lower(first.host);
    const bool is_loop = std::ranges::find(way, name) != way.end();
    way.push_back(name);
    if (is_loop) {
      set_door(route, joined(way, " "));
      route.loop = "its way leads through jump hosts in a circle, " + joined(way, " -> ") + " (" +
                   route.needs_openssh + "); say `ProxyJump none` for the first of them";
      return;
    }
    if (way.size() > kMostJumps || name.size() > kLongestName) {
      constexpr std::size_t kShown = 4;
      way.resize(std::min(way.size(), kShown));
      set_door(route, at->proxy);
      route.loop = "its way leads through ever new jump hosts, " + brief(joined(way, " -> ")) +
                   " -> ... (" + route.needs_openssh +
                   "); say `ProxyJump none` for the first of them";
      return;
    }
    for (const auto& hop : hops) logins.push_back(login_at({hop.host, hop.port, hop.user}));
    const auto& next = way_to({first.host, first.port, first.user});
    if (!next) {  // `ssh` will complain of the setting
      set_door(route, name);
      break;
    }
    at = &*next;
    set_door(route, *at);
  }
  route.door_login = joined(logins, std::string_view("\0", 1));
}

// Its names are among it, by which its key is known.
std::string DoorFinder::login_at(const Place& jump_host) {
  const auto& way = way_to(jump_host);
  if (!way) return std::get<0>(jump_host);
  return login_of(*way) + joined(way->known_names, "\n") + joined(way->known_hosts_files, "\n");
}

const std::optional<Route>& DoorFinder::way_to(const Place& jump_host) {
  const auto [at, is_new] = ways_.try_emplace(jump_host);
  if (!is_new) return at->second;
  const auto& [host, port, user] = jump_host;
  try {
    at->second = config_.route({host, "", port, user}, me_);
  } catch (const Error&) {  // none
  }
  return at->second;
}

}  // namespace cluster::ssh
