#include "ssh/openssh.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.h"
#include "ssh/host_key.h"
#include "ssh/public_key.h"
#include "ssh/remedy.h"

namespace cluster::ssh {

std::vector<std::string> openssh_words(const Target& target, const Operator& me,
                                       std::chrono::seconds connect_timeout,
                                       const std::vector<std::string>& host_keys) {
  std::vector<std::string> words{"ssh", "-T", "-x", "-a"};
  if (!me.config.empty()) words.insert(words.end(), {"-F", me.config});
  const auto option = [&words](const std::string& text) {
    words.insert(words.end(), {"-o", text});
  };
  for (const auto& one : host_keys) option(one);  // the first value of an option counts
  option("BatchMode=yes");
  option("StrictHostKeyChecking=yes");
  option("UpdateHostKeys=no");
  option("ConnectTimeout=" + std::to_string(std::max<long long>(1, connect_timeout.count())));
  option("ClearAllForwardings=yes");
  // A master connection that the operator has opened is used; none is left behind.
  option("ControlMaster=no");
  option("ForkAfterAuthentication=no");
  option("PermitLocalCommand=no");
  option("RemoteCommand=none");
  option("SessionType=default");
  option("StdinNull=no");
  option("NoHostAuthenticationForLocalhost=no");
  if (!target.address.empty()) {
    std::string literal;  // in a HostName `%` stands for something
    for (const char c : target.address) literal += c == '%' ? "%%" : std::string(1, c);
    option("HostName=" + literal);
  }
  if (!target.jump.empty()) option("ProxyJump=" + target.jump);
  if (target.port != 0) option("Port=" + std::to_string(target.port));
  if (!target.user.empty()) words.insert(words.end(), {"-l", target.user});
  return words;
}

namespace {

constexpr const char* kTooMany = "Too many authentication failures";  // MaxAuthTries of sshd

// True if the key may be known under a name where `ssh` does not look.
bool has_second_name(const Route& route) {
  return !route.has_alias && route.known_names.size() > 1;
}

// The names to look under, one after another.
std::vector<std::string> names_of(const Route& route) {
  std::vector<std::string> names;
  for (const auto& name : route.known_names) {
    names.push_back(name);
    const auto end = name.rfind("]:");
    if (!route.has_alias && name.starts_with('[') && end != std::string::npos) {
      names.push_back(name.substr(1, end - 1));
    }
  }
  return names;
}

// A name of the host, with the keys that are known under it.
struct NamedKeys {
  std::string name;
  std::vector<KnownKey> keys;
  bool has_keys_of_later_name = false;
};

// The keys under the first name under which somebody knows one ("" = there is none), with all that
// is revoked under any of the names. Where only authorities are known there, who sign the keys of
// some hosts and not of others (`@cert-authority *`), the keys under the next name count as well.
NamedKeys keys_in_use(const Route& route, const KnownHosts& known) {
  const auto is_revoked = [](const KnownKey& key) { return key.mark == KnownKey::Mark::revoked; };
  const auto is_trusted = [](const KnownKey& key) { return key.mark == KnownKey::Mark::trusted; };
  NamedKeys used;
  for (const auto& name : names_of(route)) {
    auto keys = known.lookup({name});
    const bool is_first = used.name.empty() && !std::ranges::all_of(keys, is_revoked);
    const bool is_next = !is_first && std::ranges::none_of(used.keys, is_trusted) &&
                         std::ranges::any_of(keys, is_trusted);
    if (is_first) used.name = name;
    if (is_next) used.has_keys_of_later_name = true;
    const bool has_port = std::ranges::find(route.known_names, name) != route.known_names.end();
    for (auto& key : keys) {
      if (!is_first && !is_revoked(key) && !(is_next && is_trusted(key))) continue;
      key.is_of_any_port = !has_port;
      used.keys.push_back(std::move(key));
    }
  }
  return used;
}

// The option by which `ssh` takes these keys, too. A command prints the lines, so that no file is
// left behind. ssh replaces %H and %%. Authorities it knows from the files.
std::string command_that_prints(const std::vector<KnownKey>& keys) {
  std::string command = R"(KnownHostsCommand=/usr/bin/printf "%%s %%s %%s\n")";
  for (const auto& key : keys) {
    if (key.mark == KnownKey::Mark::authority) continue;
    command += key.mark == KnownKey::Mark::revoked ? R"( "@revoked %H" )" : " %H ";
    command += key.type + " " + key.base64;
  }
  return command;
}

}  // namespace

std::vector<KnownKey> known_keys(const Target& target, const Route& route,
                                 const KnownHosts& known) {
  if (!target.keys.empty()) {
    std::vector<KnownKey> keys;
    for (const auto& [type, base64] : target.keys) {
      keys.push_back({KnownKey::Mark::trusted, type, base64, kInventory});
    }
    for (const auto& key : known.lookup(names_of(route))) {
      if (key.mark == KnownKey::Mark::revoked) keys.push_back(key);
    }
    return keys;
  }
  return keys_in_use(route, known).keys;
}

std::vector<std::string> host_key_options(const Target& target, const Route& route,
                                          const KnownHosts& known) {
  if (target.keys.empty()) {
    if (!has_second_name(route)) return {};
    const auto names = names_of(route);
    const auto by_name = std::ranges::find(names, route.known_names.back());
    const auto in_use = keys_in_use(route, known);
    const auto used = std::ranges::find(names, in_use.name);
    std::vector<std::string> options;
    if (in_use.has_keys_of_later_name) options.push_back(command_that_prints(in_use.keys));
    if (used != names.end() && used >= by_name) options.push_back("HostKeyAlias=" + *used);
    return options;
  }
  return {command_that_prints(known_keys(target, route, known)), "UserKnownHostsFile=/dev/null",
          "GlobalKnownHostsFile=/dev/null", "VerifyHostKeyDNS=no"};
}

std::vector<std::string> host_key_options(const Target& target, const Route& route) {
  if (target.keys.empty() && !has_second_name(route)) return {};  // and no file need be read
  return host_key_options(target, route, KnownHosts(route.known_hosts_files));
}

std::vector<std::string> key_learning_options(const std::string& file,
                                              const std::vector<KnownKey>& known) {
  std::vector<std::string> options{"StrictHostKeyChecking=accept-new",
                                   "UserKnownHostsFile=" + file,
                                   "GlobalKnownHostsFile=/dev/null",
                                   "KnownHostsCommand=none",
                                   "VerifyHostKeyDNS=no",
                                   "HashKnownHosts=no",
                                   "ControlPath=none",
                                   "PubkeyAuthentication=no",
                                   "GSSAPIAuthentication=no",
                                   "HostbasedAuthentication=no"};
  const bool has_plain_type = std::ranges::any_of(known, [](const KnownKey& key) {
    return key.mark == KnownKey::Mark::trusted && is_plain_type(key.type);
  });
  if (has_plain_type) options.push_back("HostKeyAlgorithms=" + host_key_algorithms(known));
  return options;
}

NoConnection why_no_connection(std::vector<std::string> said) {
  const auto some = [&said](const char* piece) {
    return std::ranges::any_of(
        said, [&](const std::string& line) { return line.find(piece) != std::string::npos; });
  };
  const bool is_refused = some("Permission denied") || some(kTooMany);
  const End how = some("Host key verification failed") ? End::host_key
                  : is_refused                         ? End::no_login
                                                       : End::unreachable;
  // The last line only repeats that the key was not accepted; the line before says which key.
  if (how == End::host_key && said.size() > 1) said.pop_back();
  auto words = said.empty() ? "" : said.back();
  // And so it is with a key that the server would have taken, and with a key or a certificate of
  // the host that is another one than it should be.
  const auto tells_more = [how = how](const std::string& line) {
    if (how == End::host_key) {
      return line.starts_with("Certificate invalid: ") ||
             (line.starts_with("Offending ") &&
              line.find(" in KnownHostsCommand") == std::string::npos);
    }
    return how == End::no_login &&
           (line.find("signing failed") != std::string::npos ||
            line.find(kTooMany) != std::string::npos || line.starts_with("Load key ") ||
            line.starts_with("load pubkey ") || line.starts_with("no such identity: "));
  };
  const auto more = std::ranges::find_if(said, tells_more);
  if (more != said.end() && *more != words) words = *more + "; " + words;
  return {how, words};
}

bool is_refusal_on_way(std::string_view err) {
  constexpr std::array kWords{"Permission denied", "Host key verification failed", kTooMany};
  return std::ranges::any_of(
      kWords, [err](const char* words) { return err.find(words) != std::string_view::npos; });
}

NoConnection failure_in(const SshLog& log) {
  auto why = why_no_connection(log.said());
  why.shown = log.shown_key();
  return why;
}

namespace {

// "ssh-ed25519, SHA256:..."
std::string with_comma(const std::string& shown) {
  const auto space = shown.find(' ');
  return space == std::string::npos ? shown
                                    : shown.substr(0, space) + ", " + shown.substr(space + 1);
}

// The command that forgets the key in the file of "Offending ED25519 key in FILE:3; Host key for
// NAME has changed and ...".
std::string forgetting(std::string_view said) {
  constexpr std::string_view kIn = " key in ";
  constexpr std::string_view kFor = "; Host key for ";
  const auto in = said.find(kIn);
  const auto name = said.find(kFor);
  const auto end = said.find(" has changed and ");
  if (!said.starts_with("Offending ") || in == std::string_view::npos || end < name || name < in) {
    return "";
  }
  const auto where = said.substr(in + kIn.size(), name - in - kIn.size());
  return "ssh-keygen -f " + shell_word(where.substr(0, where.rfind(':'))) + " -R " +
         shell_word(said.substr(name + kFor.size(), end - name - kFor.size()));
}

std::string host_key_remedy(const NoConnection& why, const Target& target) {
  const auto host = shell_word(target.name);
  const std::string learn = "cluster sync host key " + host;
  if (why.said.find(" host key is known for ") != std::string::npos) {
    if (why.shown.empty()) return "; to see and learn it: " + learn;
    return "; it shows " + with_comma(why.shown) + "; " +
           comparison(why.shown.substr(0, why.shown.find(' '))) + ", then: " + learn;
  }
  if (why.said.find(" has changed and ") == std::string::npos) return "";
  const auto shows = why.shown.empty() ? "" : "; it shows " + with_comma(why.shown);
  const std::string if_meant = "; if it was changed on purpose: ";
  if (target.keys.empty()) {
    const auto forget = forgetting(why.said);
    return forget.empty() ? shows : shows + if_meant + forget;
  }
  return "; it is not the one in the inventory" + shows + if_meant + "cluster remove host key " +
         host + "; " + learn;
}

}  // namespace

std::string what_helps(const NoConnection& why, const Target& target) {
  if (why.end == End::host_key) return host_key_remedy(why, target);
  if (why.end == End::no_login) return login_remedy(login_ways(why.said));
  return algorithm_remedy(why.said, "Host " + shell_word(target.name));
}

std::string what_helps_on_way(std::string_view line) {
  const std::string jump_host = "the jump host";
  if (line.find("Permission denied") != std::string_view::npos) {
    return login_remedy(login_ways(line), "of " + jump_host);
  }
  return algorithm_remedy(line, "Host " + jump_host);
}

}  // namespace cluster::ssh
