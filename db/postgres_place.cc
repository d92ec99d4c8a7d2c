#include "db/postgres_place.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include "core/error.h"
#include "core/text.h"
#include "core/variable.h"
#include "db/libpq.h"

namespace cluster::db {
namespace {

constexpr std::array kBeginnings{"postgresql://", "postgres://", "service="};

// The defaults of libpq wait for a dark machine for minutes.
constexpr std::array<std::pair<const char*, const char*>, 5> kPatience{
    {{"connect_timeout", "3"},
     {"tcp_user_timeout", "10000"},
     {"keepalives_idle", "5"},
     {"keepalives_interval", "2"},
     {"keepalives_count", "3"}}};

// Anybody on the machine sees what stands in a command or in its environment.
constexpr const char* kNoPassword =
    " has a password, which others would see (want it in ~/.pgpass or in the file of passfile=)";

std::map<std::string, std::string> said(const std::string& place) {
  char* why = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&::PQconninfoFree)> options(
      libpq().PQconninfoParse(place.c_str(), &why), libpq().PQconninfoFree);
  if (!options) {
    const std::unique_ptr<char, void (*)(void*)> words(why, libpq().PQfreemem);
    // What follows is the place itself, which may have a password in it.
    const std::string all(trim(why == nullptr ? "no memory" : why));
    throw Error(Fault::usage, "no place of an inventory: " + all.substr(0, all.find(": \"")) +
                                  " (want postgresql://HOST/DATABASE or service=NAME)");
  }
  std::map<std::string, std::string> said;
  for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) said[option->keyword] = option->val;
  }
  return said;
}

std::string value_of(const std::map<std::string, std::string>& said, const std::string& key,
                     const char* from_environment) {
  const auto found = said.find(key);
  return found == said.end() ? variable(from_environment) : found->second;
}

// The hosts, or where there are only addresses, these.
std::string servers(const std::map<std::string, std::string>& said) {
  const auto hosts = value_of(said, "host", "PGHOST");
  return hosts.empty() ? value_of(said, "hostaddr", "PGHOSTADDR") : hosts;
}

}  // namespace

bool is_postgres(const std::string& place) {
  return std::ranges::any_of(kBeginnings,
                             [&](const char* beginning) { return place.starts_with(beginning); });
}

bool is_local(const std::string& host) {
  return host.empty() || host.starts_with('/') || host.starts_with('@') || host == "localhost" ||
         host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

std::size_t number_of_servers(const std::string& place) {
  const auto hosts = servers(said(place));
  return split(std::string_view(hosts), ',').size();
}

std::vector<std::pair<std::string, std::string>> connection_parameters(const std::string& place) {
  const auto known = said(place);
  if (known.contains("password") || known.contains("sslpassword")) {
    throw Error(Fault::usage, "the place of the inventory" + std::string(kNoPassword));
  }
  if (!variable("PGPASSWORD").empty()) {
    throw Error(Fault::usage, "$PGPASSWORD" + std::string(kNoPassword));
  }
  std::vector<std::pair<std::string, std::string>> parameters(kPatience.begin(), kPatience.end());
  // A service may name any machine; what it says of sslmode is looked at after connecting.
  const auto hosts = servers(known);
  const bool local =
      std::ranges::all_of(split(std::string_view(hosts), ','),
                          [](std::string_view host) { return is_local(std::string(host)); });
  if (!local) {
    parameters.emplace_back("sslmode", "verify-full");
    parameters.emplace_back("channel_binding", "require");
  }
  parameters.emplace_back("dbname", place);
  parameters.emplace_back("target_session_attrs", "read-write");
  parameters.emplace_back("client_encoding", "UTF8");
  parameters.emplace_back("fallback_application_name", "cluster");
  return parameters;
}

}  // namespace cluster::db
