#include "ssh/login_order.h"

#include <algorithm>
#include <utility>

#include "ssh/public_key.h"

namespace cluster::ssh {
namespace {

// sshd hangs up after six (MaxAuthTries). Up to here a key may be offered twice.
constexpr std::size_t kMostOffers = 5;

std::string words_for(std::size_t keys) {
  return "one of " + std::to_string(keys) + " keys of the agent";
}

}  // namespace

std::string order_login(Route& route, Identities& identities,
                        const std::vector<AgentKey>& agent_keys) {
  for (const auto& file : route.identity_files) {
    const auto& identity = identities.load(file);
    if (!identity.certificate.empty()) return "the certificate " + identity.certificate;
  }
  auto rest = route.identity_files;
  std::vector<std::string> chosen;  // files whose keys the agent has, in its order
  std::size_t offered = 0;          // keys of the agent that OpenSSH would offer
  bool are_first = true;            // the chosen ones come before the others there
  bool all_can_sign = true;         // the chosen ones need no agent
  for (const auto& key : agent_keys) {
    const auto at = std::ranges::find_if(rest, [&](const std::string& file) {
      return identities.load(file).public_base64 == key.base64;
    });
    const bool is_chosen = at != rest.end();
    if (!is_chosen && route.identities_only) continue;
    ++offered;
    if (!is_plain_type(key.type)) return "the key of type " + key.type + " in the agent";
    if (!is_chosen) continue;
    are_first = are_first && offered == chosen.size() + 1;
    all_can_sign = all_can_sign && identities.load(*at).key != nullptr;
    chosen.push_back(*at);
    rest.erase(at);
  }
  route.at_last.clear();
  for (const auto& file : rest) {
    const auto& identity = identities.load(file);
    if (!route.at_last.empty() && identity.key != nullptr) return route.at_last;
    if (route.at_last.empty() && identity.is_security_key) {
      route.at_last = "the security key " + file;
    }
  }
  const auto all = rest.size() + chosen.size() + agent_keys.size();
  if (offered == 0) {
    if (route.identities_only) route.agent_socket.clear();
  } else if (are_first && offered == agent_keys.size()) {
    route.identity_files = std::move(rest);
    route.agent_at = 0;
  } else if (all_can_sign && (route.identities_only || all <= kMostOffers)) {
    if (route.identities_only) route.agent_socket.clear();
    route.agent_at = chosen.size();
    chosen.insert(chosen.end(), rest.begin(), rest.end());
    route.identity_files = std::move(chosen);
  } else {
    return route.identities_only ? "IdentitiesOnly" : words_for(agent_keys.size());
  }
  return "";
}

}  // namespace cluster::ssh
