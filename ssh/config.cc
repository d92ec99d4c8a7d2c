#include "ssh/config.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>

#include "core/error.h"
#include "core/text.h"
#include "ssh/config_check.h"
#include "ssh/config_value.h"
#include "ssh/pattern.h"

namespace cluster::ssh {
namespace {

bool is_on(std::string_view value) { return value == "yes" || value == "true"; }

std::chrono::seconds time_of(const Setting& setting) {
  const auto time = read_time(setting.words[0]);
  if (time) return *time;
  throw Error(Fault::usage, setting.where + ": '" + setting.keyword + "' wants a time, not " +
                                quote(setting.words[0]));
}

// The settings of one host, gathered block by block.
class Lookup {
 public:
  Lookup(const Target& target, const Operator& me, Sockets& sockets)
      : target_(target), me_(me), sockets_(sockets) {}

  void add(const ConfigBlock& block) {
    const bool counts = std::ranges::all_of(
        block.conditions, [this](const Setting& condition) { return holds(condition); });
    for (const auto& setting : block.settings) {
      // OpenSSH refuses these wherever they stand.
      if (!setting.is_usual) need_openssh(setting);
      if (setting.use == Use::unknown) {
        judge_unknown(setting);
      } else if (counts) {
        take(setting);
      }
    }
  }

  Route route() &&;

 private:
  // A condition is decided once, where it stands, with what was known then.
  bool holds(const Setting& condition) {
    const auto at = decided_.find(condition.number);
    if (at != decided_.end()) return at->second;
    const bool result = condition.keyword == "host" ? matches_list(target_.name, condition.words)
                                                    : matches(condition);
    return decided_[condition.number] = result;
  }

  // A Match that cannot be decided here counts as false; the host needs OpenSSH then.
  bool matches(const Setting& condition) {
    const auto leave = [&] {
      need_openssh("Match", condition);
      depends_on_name_ = true;
      return false;
    };
    const auto& words = condition.words;
    // From OpenSSH 9.9 on a Match is taken apart as other lines are.
    if (std::ranges::any_of(words, [](const std::string& word) {
          return word.find_first_of("'\\") != std::string::npos;
        })) {
      return leave();
    }
    bool result = true;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const bool negated = words[i].starts_with('!');
      const auto criterion = lower(words[i].substr(negated ? 1 : 0));
      if (criterion == "all") return i < 3 && i + 1 == words.size() ? result && !negated : leave();
      if (criterion == "final") return leave();  // another pass over the files
      if (criterion == "canonical") {            // that other pass is not this one
        result = result && negated;
        continue;
      }
      if (i + 1 == words.size()) return leave();
      const auto& argument = words[++i];
      if (const auto subject = subject_of(criterion)) {
        const bool ignores_case = criterion.ends_with("host");
        const auto list = ignores_case ? lower(argument) : argument;
        const auto pieces = split(list, ',');
        result = result && matches_list(ignores_case ? lower(*subject) : *subject,
                                        {pieces.begin(), pieces.end()}) != negated;
      } else if (result || criterion != "exec") {
        return leave();
      }
    }
    return result;
  }

  std::optional<std::string> subject_of(const std::string& criterion) {
    if (criterion == "host") return host_name();
    if (criterion == "originalhost") return target_.name;
    if (criterion == "user") return user();
    if (criterion == "localuser") return me_.user;
    return std::nullopt;
  }

  void judge_unknown(const Setting& setting) {
    const auto* ignored = first("ignoreunknown");
    if (ignored != nullptr) {
      const auto list = lower(ignored->words[0]);
      const auto pieces = split(list, ',');
      if (matches_list(setting.keyword, {pieces.begin(), pieces.end()})) return;
    }
    need_openssh(quote(setting.keyword), setting);
    depends_on_name_ = true;
  }

  void take(const Setting& setting) {
    if (setting.keyword == "identityfile") {  // it adds up, each file once
      const auto is_same = [&](const Setting* other) { return other->words == setting.words; };
      if (std::ranges::none_of(identity_files_, is_same)) identity_files_.push_back(&setting);
      return;
    }
    if (setting.keyword == "sendenv") {
      sent_.push_back(&setting);
      return;
    }
    if (setting.keyword == "proxyjump" && first("proxycommand") != nullptr) return;
    const auto* jump = setting.keyword == "proxycommand" ? first("proxyjump") : nullptr;
    if (jump != nullptr && !is_off(*jump)) return;
    if (!first_.emplace(setting.keyword, &setting).second) {
      if (setting.keyword == "certificatefile") more_certificates_.push_back(&setting);
      return;
    }
    if (setting.use == Use::openssh && !is_off(setting)) need_openssh(setting);
  }

  void need_openssh(std::string_view what, const Setting& setting) {
    if (needs_openssh_.empty()) needs_openssh_ = std::string(what) + " at " + setting.where;
  }
  void need_openssh(const Setting& setting) {
    need_openssh(keyword_row(setting.keyword).spelled, setting);
  }
  void leave_meaning_to_openssh(const Setting& setting) {
    need_openssh(setting);
    depends_on_name_ = true;
  }

  const Setting* first(const char* keyword) const {
    const auto at = first_.find(keyword);
    return at == first_.end() ? nullptr : at->second;
  }

  std::string host_name() {
    if (!target_.address.empty()) return target_.address;
    const auto* setting = first("hostname");
    if (setting == nullptr) return target_.name;
    return expand(setting->words[0], *setting, {{'%', "%"}, {'h', target_.name}});
  }

  std::string user() const {
    if (!target_.user.empty()) return target_.user;
    const auto* setting = first("user");
    return setting == nullptr ? me_.user : setting->words[0];
  }

  // Replaces %x. What is not among `tokens` is left to OpenSSH.
  std::string expand(std::string_view text, const Setting& setting, const Tokens& tokens) {
    auto expanded = replace_tokens(text, tokens);
    if (!expanded) leave_meaning_to_openssh(setting);
    return expanded.value_or(std::string(text));
  }

  // Returns a file name with ~, ${NAME} and %x replaced.
  std::string path(const std::string& word, const Setting& setting, const Route& route) {
    const auto found = file_name(word, me_.home, tokens(route));
    if (!found) leave_meaning_to_openssh(setting);
    return found.value_or(word);
  }

  Tokens tokens(const Route& route) const {
    const auto* alias = first("hostkeyalias");
    return {{'%', "%"},
            {'n', target_.name},
            {'d', me_.home},
            {'u', me_.user},
            {'h', route.address},
            {'r', route.user},
            {'p', std::to_string(route.port)},
            {'i', std::to_string(getuid())},
            {'k', alias == nullptr ? target_.name : lower(alias->words[0])}};
  }

  void find_known_names(Route& route) const;
  void find_known_hosts_files(Route& route);
  void find_identities(Route& route);
  std::string agent(const Route& route);
  void leave_login_to_openssh();
  void leave_master_to_openssh(Route& route);
  void leave_environment_to_openssh();
  std::string other_settings() const;

  const Target& target_;
  const Operator& me_;
  Sockets& sockets_;
  std::map<std::size_t, bool> decided_;               // conditions, by their numbers
  std::map<std::string_view, const Setting*> first_;  // they belong to the Config
  std::vector<const Setting*> identity_files_;
  std::vector<const Setting*> more_certificates_;  // they add up, too
  std::vector<const Setting*> sent_;
  std::string needs_openssh_;
  bool depends_on_name_ = false;  // a setting that is not understood here may
};

// The name under which the key of `host` is filed: with the port unless it is the usual one.
std::string known_name(const std::string& host, int port) {
  const std::string name = lower(host);
  return port == 22 ? name : '[' + name + "]:" + std::to_string(port);
}

void Lookup::find_known_names(Route& route) const {
  if (const auto* alias = first("hostkeyalias"); alias != nullptr) {
    route.known_names = {lower(alias->words[0])};
    route.has_alias = true;
    return;
  }
  route.known_names = {known_name(route.address, route.port)};
  auto by_name = known_name(route.name, route.port);
  if (by_name != route.known_names.front()) route.known_names.push_back(std::move(by_name));
}

void Lookup::find_known_hosts_files(Route& route) {
  const auto is_none = [](const Setting& setting) { return lower(setting.words[0]) == "none"; };
  const auto* own = first("userknownhostsfile");
  if (own == nullptr) {
    for (const auto* name : {"/.ssh/known_hosts", "/.ssh/known_hosts2"}) {
      route.known_hosts_files.push_back(me_.home + name);
    }
  } else if (!is_none(*own)) {
    for (const auto& word : own->words) {
      route.known_hosts_files.push_back(path(word, *own, route));
    }
  }
  const auto* common = first("globalknownhostsfile");
  if (common != nullptr && is_none(*common)) return;
  const std::vector<std::string> usual{"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"};
  for (const auto& word : common == nullptr ? usual : common->words) {
    const auto file = in_home(word, me_.home);  // nothing else is replaced
    if (!file) need_openssh(*common);
    route.known_hosts_files.push_back(file.value_or(word));
  }
}

void Lookup::find_identities(Route& route) {
  for (const auto* setting : identity_files_) {
    if (lower(setting->words[0]) == "none") continue;
    route.identity_files.push_back(path(setting->words[0], *setting, route));
  }
  route.names_identities = !identity_files_.empty();
  if (identity_files_.empty()) {  // in the order of OpenSSH
    for (const auto* name : {"rsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk"})
      route.identity_files.push_back(me_.home + "/.ssh/id_" + name);
  }
  route.agent_socket = agent(route);
  const auto* only = first("identitiesonly");
  route.identities_only = only != nullptr && is_on(lower(only->words[0]));
}

std::string Lookup::agent(const Route& route) {
  const auto* setting = first("identityagent");
  if (setting == nullptr || setting->words[0] == "SSH_AUTH_SOCK") return me_.agent_socket;
  const auto& word = setting->words[0];
  if (word == "none") return "";
  if (!word.starts_with('$') || word.starts_with("${")) return path(word, *setting, route);
  const char* value = std::getenv(word.c_str() + 1);  // an older way to write ${NAME}
  return value == nullptr ? "" : value;
}

// Other ways to log in than a key.
void Lookup::leave_login_to_openssh() {
  const auto* ways = first("preferredauthentications");
  if (ways != nullptr) {
    const auto list = split(ways->words[0], ',');
    if (std::ranges::find(list, "publickey") == list.end()) need_openssh(*ways);
  }
  const auto* keys = first("pubkeyauthentication");
  if (keys != nullptr && is_off(*keys)) need_openssh(*keys);
  // Debian's own file has this one switched on for all.
  const auto* kerberos = first("gssapiauthentication");
  if (kerberos != nullptr && me_.has_ticket && is_on(lower(kerberos->words[0]))) {
    need_openssh(*kerberos);
  }
}

// A master connection that is open is used. A letter that is not known here stands for anything.
void Lookup::leave_master_to_openssh(Route& route) {
  const auto* setting = first("controlpath");
  if (setting == nullptr || lower(setting->words[0]) == "none") return;
  if (!sockets_.has(setting->words[0], me_.home, tokens(route))) return;
  route.is_shared = true;
  leave_meaning_to_openssh(*setting);
}

// Debian's own file sends the language, which no command here depends on.
void Lookup::leave_environment_to_openssh() {
  for (const auto* setting : sent_) {
    for (const auto& word : setting->words) {
      if (!word.starts_with('-') && means_more_than_language(word)) need_openssh(*setting);
    }
  }
}

// A value with the name in it is another one for each name.
std::string Lookup::other_settings() const {
  constexpr std::array kInRoute{"connecttimeout",    "controlpath", "globalknownhostsfile",
                                "hostkeyalias",      "hostname",    "identitiesonly",
                                "identityagent",     "port",        "user",
                                "userknownhostsfile"};
  std::string text;
  bool has_name = depends_on_name_;
  const auto add = [&](const Setting& setting) {
    const auto words = joined(setting.words, "\n");
    for (const auto* name : {"%n", "%k", "%H"}) {
      has_name = has_name || words.find(name) != std::string::npos;
    }
    has_name = has_name || (setting.keyword == "canonicalizehostname" && !is_off(setting));
    text += setting.keyword + ' ' + words + '\n';
  };
  for (const auto& [keyword, setting] : first_) {
    if (std::ranges::find(kInRoute, keyword) == kInRoute.end()) add(*setting);
  }
  for (const auto* setting : more_certificates_) add(*setting);
  return has_name ? text + target_.name : text;
}

Route Lookup::route() && {
  Route route;
  route.name = target_.name;
  route.address = usual_spelling(host_name());
  const auto* port = first("port");
  if (target_.port != 0) {
    route.port = target_.port;
  } else if (port != nullptr) {
    route.port = static_cast<int>(parse_number(port->words[0]).value_or(22));
  }
  route.user = user();
  // OpenSSH 10.0 replaces these, an older one does not.
  if (target_.user.empty() &&
      (route.user.find('%') != std::string::npos || route.user.find("${") != std::string::npos)) {
    if (const auto* setting = first("user"); setting != nullptr) leave_meaning_to_openssh(*setting);
  }
  if (const auto* timeout = first("connecttimeout");
      timeout != nullptr && lower(timeout->words[0]) != "none") {
    route.connect_timeout = time_of(*timeout);
  }
  find_known_names(route);
  find_known_hosts_files(route);
  find_identities(route);
  leave_login_to_openssh();
  leave_master_to_openssh(route);
  leave_environment_to_openssh();
  route.needs_openssh = std::move(needs_openssh_);
  route.other_settings = other_settings();
  for (const std::string name : {"ProxyJump", "ProxyCommand"}) {
    const auto* proxy = first(lower(name).c_str());
    if (proxy != nullptr && !is_off(*proxy)) route.proxy = name + " " + joined(proxy->words, " ");
  }
  if (!target_.jump.empty()) {
    route.proxy = "ProxyJump " + target_.jump;
    route.needs_openssh = "jump=" + target_.jump;
  }
  return route;
}

}  // namespace

Config Config::read(const Operator& me) {
  const std::string folder = me.home + "/.ssh";
  const ConfigFolders user{.home = me.home, .includes = folder, .is_system = false};
  if (lower(me.config) == "none") return {};  // as `ssh -F none`
  if (!me.config.empty()) return Config(read_config(me.config, ConfigFile::named, user));
  auto blocks = read_config(folder + "/config", ConfigFile::user, user);
  const ConfigFolders system{.home = me.home, .includes = "/etc/ssh", .is_system = true};
  for (auto& block : read_config("/etc/ssh/ssh_config", ConfigFile::system, system)) {
    blocks.push_back(std::move(block));
  }
  return Config(std::move(blocks));
}

Route Config::route(const Target& target, const Operator& me) const {
  Lookup lookup(target, me, sockets_);
  for (const auto block : index_.blocks_for(target.name)) lookup.add(blocks_[block]);
  return std::move(lookup).route();
}

}  // namespace cluster::ssh
