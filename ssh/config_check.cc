#include "ssh/config_check.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/text.h"

namespace cluster::ssh {
namespace {

using Words = std::vector<std::string>;

constexpr std::string_view kDigits = "0123456789";

bool is_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

bool is_one_of(const std::string& word, std::string_view list) {
  const auto known = split(list, ' ');
  return std::ranges::find(known, std::string_view(lower(word))) != known.end();
}

// "90", "1h30m" (sshd_config(5), TIME FORMATS).
bool is_time(const std::string& word) {
  bool wants_digit = true;
  for (const char c : word) {
    const bool is_digit = kDigits.find(c) != std::string_view::npos;
    const bool is_unit = std::string_view("smhdwSMHDW").find(c) != std::string_view::npos;
    if (!is_digit && (!is_unit || wants_digit)) return false;
    wants_digit = !is_digit;
  }
  return !word.empty() && word.size() < 8;
}

bool is_number(const std::string& word) { return is_of(word, kDigits) && word.size() < 8; }

// A keyword whose value is one word of a list; "TIME" and "NUMBER" stand for those.
struct Choice {
  std::string_view keyword;
  std::string_view values;
};

constexpr std::string_view kFlag = "yes no true false";
constexpr std::string_view kAsk = "yes no true false ask";

constexpr std::array kChoices{
    Choice{"addressfamily", "inet inet6 any"},
    Choice{"batchmode", kFlag},
    Choice{"canonicalizefallbacklocal", kFlag},
    Choice{"canonicalizehostname", "yes no true false always"},
    Choice{"canonicalizemaxdots", "NUMBER"},
    Choice{"checkhostip", kFlag},
    Choice{"clearallforwardings", kFlag},
    Choice{"compression", "yes no"},
    Choice{"connectionattempts", "NUMBER"},
    Choice{"connecttimeout", "none TIME"},
    Choice{"controlmaster", "yes no true false ask auto autoask"},
    Choice{"controlpersist", "yes no true false TIME"},
    Choice{"enableescapecommandline", kFlag},
    Choice{"enablesshkeysign", kFlag},
    Choice{"exitonforwardfailure", kFlag},
    Choice{"fingerprinthash", "md5 sha256"},
    Choice{"forkafterauthentication", kFlag},
    Choice{"forwardx11", kFlag},
    Choice{"forwardx11timeout", "none TIME"},
    Choice{"forwardx11trusted", kFlag},
    Choice{"gatewayports", kFlag},
    Choice{"gssapiauthentication", kFlag},
    Choice{"gssapidelegatecredentials", kFlag},
    Choice{"gssapikeyexchange", kFlag},
    Choice{"gssapirenewalforcesrekey", kFlag},
    Choice{"gssapitrustdns", kFlag},
    Choice{"hashknownhosts", kFlag},
    Choice{"hostbasedauthentication", kFlag},
    Choice{"identitiesonly", kFlag},
    Choice{"kbdinteractiveauthentication", kFlag},
    Choice{"loglevel", "quiet fatal error info verbose debug debug1 debug2 debug3"},
    Choice{"nohostauthenticationforlocalhost", kFlag},
    Choice{"numberofpasswordprompts", "NUMBER"},
    Choice{"passwordauthentication", kFlag},
    Choice{"permitlocalcommand", kFlag},
    Choice{"proxyusefdpass", kFlag},
    Choice{"pubkeyauthentication", "yes no true false unbound host-bound"},
    Choice{"requesttty", "yes no true false force auto"},
    Choice{"requiredrsasize", "NUMBER"},
    Choice{"serveralivecountmax", "NUMBER"},
    Choice{"serveraliveinterval", "none TIME"},
    Choice{"sessiontype", "none subsystem default"},
    Choice{"stdinnull", kFlag},
    Choice{"streamlocalbindunlink", kFlag},
    Choice{"stricthostkeychecking", "yes no true false ask off accept-new"},
    Choice{"syslogfacility",
           "daemon user auth authpriv local0 local1 local2 local3 local4 local5 local6 local7"},
    Choice{"tcpkeepalive", kFlag},
    Choice{"tunnel", "yes no true false ethernet point-to-point"},
    Choice{"updatehostkeys", kAsk},
    Choice{"verifyhostkeydns", kAsk},
    Choice{"visualhostkey", kFlag},
};
static_assert(std::ranges::is_sorted(kChoices, {}, &Choice::keyword));

bool is_value_of(const std::string& word, std::string_view values) {
  if (values == "none TIME") return word == "none" || is_time(word);  // and "NONE" is no time
  return is_one_of(word, values) || (values.ends_with("TIME") && is_time(word)) ||
         (values == "NUMBER" && is_number(word));
}

// One word, whatever it is.
constexpr std::array<std::string_view, 9> kWithOneWord{
    "bindaddress",    "bindinterface",   "certificatefile",     "forwardagent",        "hostname",
    "pkcs11provider", "revokedhostkeys", "securitykeyprovider", "gssapiclientidentity"};

// The algorithms that OpenSSH 9.2 knows, `ssh -Q`, but for those of certificates and of CA.
constexpr std::string_view kAlgorithms =
    // ciphers
    "3des-cbc aes128-cbc aes192-cbc aes256-cbc aes128-ctr aes192-ctr aes256-ctr "
    "aes128-gcm@openssh.com aes256-gcm@openssh.com chacha20-poly1305@openssh.com "
    // MACs
    "hmac-sha1 hmac-sha1-96 hmac-sha2-256 hmac-sha2-512 hmac-md5 hmac-md5-96 umac-64@openssh.com "
    "umac-128@openssh.com hmac-sha1-etm@openssh.com hmac-sha1-96-etm@openssh.com "
    "hmac-sha2-256-etm@openssh.com hmac-sha2-512-etm@openssh.com hmac-md5-etm@openssh.com "
    "hmac-md5-96-etm@openssh.com umac-64-etm@openssh.com umac-128-etm@openssh.com "
    // key exchanges
    "diffie-hellman-group1-sha1 diffie-hellman-group14-sha1 diffie-hellman-group14-sha256 "
    "diffie-hellman-group16-sha512 diffie-hellman-group18-sha512 "
    "diffie-hellman-group-exchange-sha1 diffie-hellman-group-exchange-sha256 ecdh-sha2-nistp256 "
    "ecdh-sha2-nistp384 ecdh-sha2-nistp521 curve25519-sha256 curve25519-sha256@libssh.org "
    "sntrup761x25519-sha512@openssh.com "
    // keys
    "ssh-ed25519 ssh-rsa rsa-sha2-256 rsa-sha2-512 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 "
    "ecdsa-sha2-nistp521";

constexpr std::array<std::string_view, 7> kOfAlgorithms{
    "casignaturealgorithms", "ciphers", "hostbasedacceptedalgorithms", "hostkeyalgorithms",
    "kexalgorithms",         "macs",    "pubkeyacceptedalgorithms"};

// "a,b", "+a" or "^a"; all that is taken away by "-" is right.
bool are_algorithms(const Words& words) {
  auto list = std::string_view(words[0]);
  if (words.size() != 1 || list.starts_with('-')) return words.size() == 1;
  if (list.starts_with('+') || list.starts_with('^')) list.remove_prefix(1);
  const auto names = split(list, ',');
  return std::ranges::all_of(
      names, [](std::string_view name) { return is_one_of(std::string(name), kAlgorithms); });
}

// "PORT", "ADDRESS:PORT" or a path; the second may be "HOST:PORT" or a path.
bool is_forward(const Words& words, long long first_port = 1) {
  const auto is_port = [first_port](std::string_view word) {
    const auto number = parse_number(word);
    return number && *number >= first_port && *number <= 65535;
  };
  const auto is_end = [&](std::string_view word) {
    const auto colon = word.rfind(':');
    const bool is_one_name = word.starts_with('[') || colon == word.find(':');
    return word.starts_with('/') || (is_one_name && is_port(word.substr(colon + 1)));
  };
  return words.size() <= 2 && std::ranges::all_of(words, is_end);
}

bool is_rekey_limit(const Words& words) {
  auto size = lower(words[0]);
  const bool has_unit = size.ends_with('k') || size.ends_with('m') || size.ends_with('g');
  if (has_unit) size.pop_back();
  const bool is_size = words[0] == "default" || (is_number(size) && (has_unit || size.size() > 2));
  return words.size() <= 2 && is_size &&
         (words.size() == 1 || words[1] == "none" || is_time(words[1]));
}

// "HOST:PORT"; each may be a `*`.
bool are_permitted(const Words& words) {
  if (words.size() == 1 && (words[0] == "any" || words[0] == "none")) return true;
  return std::ranges::all_of(words, [](std::string_view word) {
    const auto colon = word.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    return word.substr(colon + 1) == "*" || is_forward({std::string(word)});
  });
}

// "*.a.example:*.b.example".
bool are_permitted_names(const Words& words) {
  if (words.size() == 1 && lower(words[0]) == "none") return true;
  return std::ranges::all_of(words, [](std::string_view word) {
    const auto colon = word.find(':');
    return colon != std::string_view::npos && colon != 0 && colon + 1 < word.size();
  });
}

// The last three digits of an octal number count, and nothing is before them.
bool is_mask(std::string_view word) {
  return is_of(word, "01234567") &&
         word.size() - std::min(word.find_first_not_of('0'), word.size()) <= 3;
}

bool are_domains(const Words& words) {
  return std::ranges::all_of(words, [](const std::string& word) {
    return is_of(lower(word), "abcdefghijklmnopqrstuvwxyz0123456789.-_") && word[0] != '.' &&
           word[0] != '-' && word.find("..") == std::string::npos;
  });
}

}  // namespace

bool is_usual_value(const std::string& keyword, const Words& words) {
  if (words.empty()) return true;
  const auto is = [&keyword](std::string_view name) { return keyword == name; };
  const auto* choice = std::ranges::lower_bound(kChoices, keyword, {}, &Choice::keyword);
  if (choice != kChoices.end() && choice->keyword == keyword) {
    return words.size() == 1 && is_value_of(words[0], choice->values) &&
           (!is("connectionattempts") || words[0].find_first_not_of('0') != std::string::npos);
  }
  if (std::ranges::any_of(kWithOneWord, is)) return words.size() == 1 && !words[0].empty();
  if (std::ranges::any_of(kOfAlgorithms, is)) return are_algorithms(words);
  if (is("localforward")) return words.size() == 2 && is_forward(words);
  if (is("remoteforward")) return is_forward(words, 0);
  if (is("permitremoteopen")) return are_permitted(words);
  if (is("canonicalizepermittedcnames")) return are_permitted_names(words);
  if (is("gssapikexalgorithms")) return false;  // what there is depends on how it was built
  if (is("dynamicforward")) return words.size() == 1 && is_forward(words);
  if (is("rekeylimit")) return is_rekey_limit(words);
  if (is("canonicaldomains")) return are_domains(words);
  if (is("addkeystoagent")) return words.size() == 1 && is_value_of(words[0], "yes no ask TIME");
  if (is("escapechar")) {
    const auto& one = words[0];
    return words.size() == 1 && (one == "none" || one.size() == 1);
  }
  if (is("ipqos")) {
    return words.size() <= 2 && std::ranges::all_of(words, [](const std::string& word) {
             return is_one_of(word,
                              "af11 af12 af13 af21 af22 af23 af31 af32 af33 af41 af42 af43 cs0 cs1 "
                              "cs2 cs3 cs4 cs5 cs6 cs7 ef lowdelay throughput reliability none");
           });
  }
  if (is("streamlocalbindmask")) return words.size() == 1 && is_mask(words[0]);
  if (is("tunneldevice")) return words.size() == 1 && is_of(words[0], "any:0123456789");
  if (is("sendenv")) {
    return std::ranges::none_of(
        words, [](const std::string& word) { return word.find('=') != std::string::npos; });
  }
  return true;
}

bool is_off(const Setting& setting) {
  static constexpr std::array<std::string_view, 7> kSwitches{
      "canonicalizehostname",    "checkhostip",    "gssapikeyexchange",
      "hostbasedauthentication", "proxyusefdpass", "pubkeyauthentication",
      "verifyhostkeydns"};
  if (setting.words.size() > 1) return false;  // `none` may be a program
  const auto word = lower(setting.words[0]);
  if (word == "any") return setting.keyword == "addressfamily";
  if (word == "internal") return setting.keyword == "securitykeyprovider";
  if (word != "no" && word != "false") return word == "none";
  return std::ranges::find(kSwitches, setting.keyword) != kSwitches.end();
}

}  // namespace cluster::ssh
