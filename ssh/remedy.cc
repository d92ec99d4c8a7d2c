#include "ssh/remedy.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "core/text.h"

namespace cluster::ssh {
namespace {

// What `ssh -Q` of OpenSSH 9.2 prints, without what is never alone in an offer; the best first.
constexpr std::array<std::string_view, 11> kAllCiphers{"chacha20-poly1305@openssh.com",
                                                       "aes256-gcm@openssh.com",
                                                       "aes128-gcm@openssh.com",
                                                       "aes256-ctr",
                                                       "aes192-ctr",
                                                       "aes128-ctr",
                                                       "aes256-cbc",
                                                       "aes192-cbc",
                                                       "aes128-cbc",
                                                       "rijndael-cbc@lysator.liu.se",
                                                       "3des-cbc"};
constexpr std::array<std::string_view, 16> kAllMacs{"hmac-sha2-256-etm@openssh.com",
                                                    "hmac-sha2-512-etm@openssh.com",
                                                    "umac-128-etm@openssh.com",
                                                    "hmac-sha2-256",
                                                    "hmac-sha2-512",
                                                    "umac-128@openssh.com",
                                                    "hmac-sha1-etm@openssh.com",
                                                    "umac-64-etm@openssh.com",
                                                    "hmac-sha1",
                                                    "umac-64@openssh.com",
                                                    "hmac-sha1-96-etm@openssh.com",
                                                    "hmac-sha1-96",
                                                    "hmac-md5-etm@openssh.com",
                                                    "hmac-md5",
                                                    "hmac-md5-96-etm@openssh.com",
                                                    "hmac-md5-96"};
constexpr std::array<std::string_view, 13> kAllKeyExchanges{"sntrup761x25519-sha512@openssh.com",
                                                            "curve25519-sha256",
                                                            "curve25519-sha256@libssh.org",
                                                            "ecdh-sha2-nistp256",
                                                            "ecdh-sha2-nistp384",
                                                            "ecdh-sha2-nistp521",
                                                            "diffie-hellman-group18-sha512",
                                                            "diffie-hellman-group16-sha512",
                                                            "diffie-hellman-group-exchange-sha256",
                                                            "diffie-hellman-group14-sha256",
                                                            "diffie-hellman-group-exchange-sha1",
                                                            "diffie-hellman-group14-sha1",
                                                            "diffie-hellman-group1-sha1"};
constexpr std::array<std::string_view, 8> kAllHostKeys{"ssh-ed25519",
                                                       "ecdsa-sha2-nistp256",
                                                       "ecdsa-sha2-nistp384",
                                                       "ecdsa-sha2-nistp521",
                                                       "rsa-sha2-512",
                                                       "rsa-sha2-256",
                                                       "ssh-rsa",
                                                       "ssh-dss"};

struct Agreement {
  std::string_view complaint;
  std::string_view keyword;
  std::span<const std::string_view> all;
};

constexpr std::array<Agreement, 4> kAgreements{{
    {"no matching cipher found", "Ciphers", kAllCiphers},
    {"no matching MAC found", "MACs", kAllMacs},
    {"no matching key exchange method found", "KexAlgorithms", kAllKeyExchanges},
    {"no matching host key type found", "HostKeyAlgorithms", kAllHostKeys},
}};

constexpr std::string_view kOffer = ". Their offer: ";

}  // namespace

LoginWays login_ways(std::string_view complaint) {
  constexpr std::string_view kDenied = "Permission denied (";
  LoginWays ways;
  const auto at = complaint.rfind(kDenied);
  if (at == std::string_view::npos) return ways;
  complaint.remove_prefix(at + kDenied.size());
  const auto names = split(complaint.substr(0, complaint.find(')')), ',');
  const auto has = [&names](std::string_view name) {
    return std::ranges::find(names, name) != names.end();
  };
  ways.keys = has("publickey");
  ways.kerberos = has("gssapi-with-mic");
  ways.machines = has("hostbased");
  return ways;
}

std::string login_remedy(const LoginWays& ways, const std::string& there) {
  std::string remedy;
  if (ways.keys) remedy += "; add one to ~/.ssh/authorized_keys " + there;
  if (ways.kerberos) {
    remedy += "; it takes Kerberos tickets: kinit, and GSSAPIAuthentication yes in ~/.ssh/config";
  }
  if (ways.machines) {
    remedy +=
        "; it takes the keys of machines: HostbasedAuthentication yes in ~/.ssh/config, "
        "EnableSSHKeysign yes in /etc/ssh/ssh_config";
  }
  return remedy;
}

std::string algorithm_remedy(std::string_view complaint, const std::string& block) {
  for (const auto& [words, keyword, all] : kAgreements) {
    const auto at = complaint.rfind(std::string(words) + std::string(kOffer));
    if (at == std::string_view::npos) continue;
    const auto offer = split(complaint.substr(at + words.size() + kOffer.size()), ',');
    const auto is_offered = [&offer](std::string_view name) {
      return std::ranges::find(offer, name) != offer.end();
    };
    const auto best = std::ranges::find_if(all, is_offered);
    if (best == all.end()) return "";
    return "; what helps in ~/.ssh/config, under `" + block + "`: " + std::string(keyword) + " +" +
           std::string(*best);
  }
  return "";
}

}  // namespace cluster::ssh
