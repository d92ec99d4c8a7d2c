#include "ssh/config.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>

#include "core/error.h"
#include "core/text.h"
#include "ssh/pattern.h"

namespace cluster::ssh {
namespace {

// OpenSSH has to serve a host with one of these settings: they change which host is reached, how,
// or whether it is trusted, and libssh 0.10 does not know them. `none` and `no` switch them off.
constexpr std::array<std::pair<std::string_view, std::string_view>, 21> kOnlyOpenSsh{{
    {"addressfamily", "AddressFamily"},
    {"bindaddress", "BindAddress"},
    {"bindinterface", "BindInterface"},
    {"canonicalizehostname", "CanonicalizeHostname"},
    {"casignaturealgorithms", "CASignatureAlgorithms"},
    {"certificatefile", "CertificateFile"},
    {"ciphers", "Ciphers"},
    {"hostbasedauthentication", "HostbasedAuthentication"},
    {"hostkeyalgorithms", "HostKeyAlgorithms"},
    {"kexalgorithms", "KexAlgorithms"},
    {"knownhostscommand", "KnownHostsCommand"},
    {"macs", "MACs"},
    {"pkcs11provider", "PKCS11Provider"},
    {"proxycommand", "ProxyCommand"},
    {"proxyjump", "ProxyJump"},
    {"proxyusefdpass", "ProxyUseFdpass"},
    {"pubkeyacceptedalgorithms", "PubkeyAcceptedAlgorithms"},
    {"revokedhostkeys", "RevokedHostKeys"},
    {"securitykeyprovider", "SecurityKeyProvider"},
    {"setenv", "SetEnv"},
    {"verifyhostkeydns", "VerifyHostKeyDNS"},
}};

std::string_view only_openssh(std::string_view keyword) {
  const auto* at = std::ranges::find(kOnlyOpenSsh, keyword,
                                     &std::pair<std::string_view, std::string_view>::first);
  return at == kOnlyOpenSsh.end() ? "" : at->second;
}

long long number_of(const Setting& setting, long long least, long long most) {
  const auto value = parse_number(setting.words[0]);
  if (!value || *value < least || *value > most) {
    throw Error(Fault::usage, setting.where + ": '" + setting.keyword + "' wants a number from " +
                                  std::to_string(least) + " to " + std::to_string(most) + ", not " +
                                  quote(setting.words[0]));
  }
  return *value;
}

// The settings of one host, gathered block by block.
class Lookup {
 public:
  Lookup(const Target& target, const Operator& me) : target_(target), me_(me) {}

  void add(const ConfigBlock& block) {
    for (const auto& condition : block.conditions) {
      if (!holds(condition)) return;
    }
    for (const auto& setting : block.settings) take(setting);
  }

  Route route() &&;

 private:
  // A Match that cannot be decided here counts as false; the host needs OpenSSH then.
  bool holds(const Setting& condition) {
    if (condition.keyword == "host") return matches_list(target_.name, condition.words);
    const auto& words = condition.words;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const bool negated = words[i].starts_with('!');
      const auto criterion = lower(words[i].substr(negated ? 1 : 0));
      if (criterion == "all") continue;
      const bool is_original = criterion == "originalhost";
      if ((!is_original && criterion != "host") || i + 1 == words.size()) {
        need_openssh("Match", condition);
        return false;
      }
      const auto name = is_original ? target_.name : host_name();
      const auto pieces = split(words[++i], ',');
      if (matches_list(name, {pieces.begin(), pieces.end()}) == negated) return false;
    }
    return true;
  }

  void take(const Setting& setting) {
    if (setting.keyword == "identityfile") {  // the one keyword that adds up
      identity_files_.push_back(setting);
      return;
    }
    const bool is_proxy = setting.keyword == "proxyjump" || setting.keyword == "proxycommand";
    if (!first_.emplace(is_proxy ? "proxy" : setting.keyword, setting).second) return;
    const auto value = lower(setting.words[0]);
    if (const auto name = only_openssh(setting.keyword);
        !name.empty() && value != "none" && value != "no" && value != "any") {
      need_openssh(name, setting);
    }
  }

  void need_openssh(std::string_view what, const Setting& setting) {
    if (needs_openssh_.empty()) needs_openssh_ = std::string(what) + " at " + setting.where;
  }

  const Setting* first(const char* keyword) const {
    const auto at = first_.find(keyword);
    return at == first_.end() ? nullptr : &at->second;
  }

  std::string host_name() const {
    if (!target_.address.empty()) return target_.address;
    const auto* setting = first("hostname");
    if (setting == nullptr) return target_.name;
    return expand(setting->words[0], *setting, {{'h', target_.name}});
  }

  // Replaces %x. `more` has the letters that only some settings know.
  std::string expand(std::string_view text, const Setting& setting,
                     std::map<char, std::string> more) const {
    more.insert({{'%', "%"},
                 {'n', target_.name},
                 {'d', me_.home},
                 {'u', me_.user},
                 {'i', std::to_string(getuid())}});
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '%') {
        out += text[i];
        continue;
      }
      const auto at = i + 1 < text.size() ? more.find(text[++i]) : more.end();
      if (at == more.end()) {
        throw Error(Fault::usage, setting.where + ": cannot replace the '%' in " + quote(text));
      }
      out += at->second;
    }
    return out;
  }

  // Returns a file name with ~ and %x replaced.
  std::string path(const std::string& word, const Setting& setting, const Route& route) const {
    const std::string text = word.starts_with("~/") ? me_.home + word.substr(1) : word;
    return expand(text, setting,
                  {{'h', route.address},
                   {'r', route.user},
                   {'p', std::to_string(route.port)},
                   {'k', route.known_names.front()}});
  }

  std::vector<std::string> files(const char* keyword, const std::vector<std::string>& usual,
                                 const Route& route) const {
    const auto* setting = first(keyword);
    if (setting == nullptr) return usual;
    std::vector<std::string> found;
    for (const auto& word : setting->words) {
      if (lower(word) != "none") found.push_back(path(word, *setting, route));
    }
    return found;
  }

  std::string agent(const Route& route) const {
    const auto* setting = first("identityagent");
    if (setting == nullptr || setting->words[0] == "SSH_AUTH_SOCK") return me_.agent_socket;
    const auto& word = setting->words[0];
    if (lower(word) == "none") return "";
    if (!word.starts_with('$')) return path(word, *setting, route);
    auto name = word.substr(1);  // the name of an environment variable: $NAME or ${NAME}
    if (name.starts_with('{') && name.ends_with('}')) name = name.substr(1, name.size() - 2);
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? "" : value;
  }

  const Target& target_;
  const Operator& me_;
  std::map<std::string, Setting> first_;
  std::vector<Setting> identity_files_;
  std::string needs_openssh_;
};

// The name under which the key of `host` is filed: with the port unless it is the usual one.
std::string known_name(const std::string& host, int port) {
  const std::string name = lower(host);
  return port == 22 ? name : '[' + name + "]:" + std::to_string(port);
}

Route Lookup::route() && {
  Route route;
  route.name = target_.name;
  route.address = host_name();
  const auto* port = first("port");
  if (target_.port != 0) {
    route.port = target_.port;
  } else if (port != nullptr) {
    route.port = static_cast<int>(number_of(*port, 1, 65535));
  }
  const auto* user = first("user");
  route.user = !target_.user.empty() ? target_.user : user != nullptr ? user->words[0] : me_.user;
  if (const auto* timeout = first("connecttimeout");
      timeout != nullptr && lower(timeout->words[0]) != "none") {
    route.connect_timeout = std::chrono::seconds(number_of(*timeout, 0, 86400));
  }

  if (const auto* alias = first("hostkeyalias"); alias != nullptr) {
    route.known_names = {lower(alias->words[0])};
    route.has_alias = true;
  } else {
    route.known_names = {known_name(route.address, route.port)};
    if (route.name != route.address) {
      route.known_names.push_back(known_name(route.name, route.port));
    }
  }
  const std::string folder = me_.home + "/.ssh/";
  route.known_hosts_files =
      files("userknownhostsfile", {folder + "known_hosts", folder + "known_hosts2"}, route);
  for (auto& file : files("globalknownhostsfile",
                          {"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"}, route)) {
    route.known_hosts_files.push_back(std::move(file));
  }

  for (const auto& setting : identity_files_) {
    if (lower(setting.words[0]) == "none") continue;
    route.identity_files.push_back(path(setting.words[0], setting, route));
  }
  if (identity_files_.empty()) {
    route.identity_files = {folder + "id_ed25519", folder + "id_ecdsa", folder + "id_rsa"};
  }
  route.agent_socket = agent(route);
  const auto* only = first("identitiesonly");
  route.identities_only = only != nullptr && lower(only->words[0]) == "yes";
  route.needs_openssh = std::move(needs_openssh_);
  return route;
}

}  // namespace

Config Config::read(const Operator& me) {
  const std::string folder = me.home + "/.ssh";
  const ConfigFolders user{.home = me.home, .includes = folder};
  if (!me.config.empty()) return Config(read_config(me.config, ConfigFile::named, user));
  auto blocks = read_config(folder + "/config", ConfigFile::user, user);
  const ConfigFolders system{.home = me.home, .includes = "/etc/ssh"};
  for (auto& block : read_config("/etc/ssh/ssh_config", ConfigFile::system, system)) {
    blocks.push_back(std::move(block));
  }
  return Config(std::move(blocks));
}

Route Config::route(const Target& target, const Operator& me) const {
  Lookup lookup(target, me);
  for (const auto& block : blocks_) lookup.add(block);
  return std::move(lookup).route();
}

std::string place(const Route& route) {
  return quote(route.address) + " port " + std::to_string(route.port);
}

}  // namespace cluster::ssh
