#include "ssh/lessons.h"

#include <algorithm>
#include <string_view>

#include "core/text.h"

namespace cluster::ssh {
namespace {

constexpr std::string_view kBetween("\0", 1);

// The same with what decides whether `ssh` trusts the host.
std::string trusted_login_of(const Route& route, const std::vector<KnownKey>& known) {
  std::string login = login_of(route);
  for (const auto& key : known) {
    login += kBetween;
    login += std::to_string(static_cast<int>(key.mark)) + key.type + ' ' + key.base64;
    if (key.is_of_any_port) login += " of any port";
  }
  // A certificate names the hosts whose it is.
  const bool is_by_name = std::ranges::any_of(
      known, [](const KnownKey& key) { return key.mark == KnownKey::Mark::authority; });
  if (is_by_name) (login += kBetween) += joined(route.known_names, "\n");
  return login;
}

// The same with what `ssh` says of a host that it does not trust.
std::string words_of_trust(const Route& route, const std::vector<KnownKey>& known) {
  std::string login = trusted_login_of(route, known);
  for (const auto& key : known) (login += kBetween) += key.where;
  if (route.has_alias) (login += kBetween) += route.known_names.front();
  return login;
}

}  // namespace

std::string source(const Route& route) {
  return route.proxy.empty() ? place(route) : place(route) + " behind " + route.door;
}

std::string login_of(const Route& route) {
  return joined({place(route), route.user, joined(route.identity_files, "\n"), route.agent_socket,
                 route.identities_only ? "only" : "", route.needs_openssh.empty() ? "" : "ssh",
                 route.other_settings, route.proxy, route.door_login},
                kBetween);
}

std::string Lessons::Failure::reason(const Target& target) const {
  if (why.said.empty()) return rest;
  return ": " + quote(why.said) + what_helps(why, target) + rest;
}

void Lessons::fail_at_host(const Route& route, const std::vector<KnownKey>& known,
                           const Failure& failure) {
  const bool is_of_login = failure.why.end == End::no_login;
  failed_.try_emplace(
      is_of_login ? "login" + trusted_login_of(route, known) : "key" + words_of_trust(route, known),
      failure);
}

void Lessons::fail_on_way(const Route& route, const Failure& failure) {
  failed_.try_emplace("way" + route.door_login, failure);
}

const Lessons::Failure* Lessons::foretold(const Route& route,
                                          const std::vector<KnownKey>& known) const {
  for (const auto& decides :
       {route.door_login.empty() ? "" : "way" + route.door_login,
        "login" + trusted_login_of(route, known), "key" + words_of_trust(route, known)}) {
    if (const auto at = failed_.find(decides); at != failed_.end()) return &at->second;
  }
  return nullptr;
}

}  // namespace cluster::ssh
