// These tests are about the command line of OpenSSH's `ssh`, and the meaning of its complaints.

#include "ssh/openssh.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace cluster::ssh {
namespace {

using ::testing::Contains;
using ::testing::IsSupersetOf;
using ::testing::Not;

std::vector<std::string> words(const Target& target, const std::string& config = "",
                               std::chrono::seconds timeout = std::chrono::seconds(10)) {
  const Operator me{.user = "me", .home = "/home/me", .config = config, .agent_socket = ""};
  return openssh_words(target, me, timeout, {});
}

// The values of "-o NAME=VALUE" in the words.
std::vector<std::string> options(const std::vector<std::string>& all) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    if (all[i] == "-o") values.push_back(all[i + 1]);
  }
  return values;
}

TEST(OpensshWords, AlwaysCheckAndNeverAsk) {
  const auto all = words({"n1", "", 0, ""});
  EXPECT_EQ(all.front(), "ssh");
  EXPECT_THAT(all, IsSupersetOf({"-T", "-x", "-a"}));
  EXPECT_THAT(options(all),
              IsSupersetOf({"BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no",
                            "ConnectTimeout=10", "ClearAllForwardings=yes", "ControlMaster=no"}));
}

TEST(OpensshWords, SayOnlyWhatTheInventoryKnows) {
  const auto none = words({"n1", "", 0, ""});
  EXPECT_THAT(none, Not(Contains("-l")));
  EXPECT_THAT(none, Not(Contains("-F")));
  EXPECT_THAT(options(none), Not(Contains(::testing::StartsWith("HostName="))));
  EXPECT_THAT(options(none), Not(Contains(::testing::StartsWith("Port="))));
  const auto all = words({"n1", "10.1.1.5", 2222, "root"}, "/tmp/config");
  EXPECT_THAT(options(all), IsSupersetOf({"HostName=10.1.1.5", "Port=2222"}));
  const auto user = std::ranges::find(all, "-l");
  ASSERT_NE(user, all.end());
  EXPECT_EQ(*std::next(user), "root");
  const auto file = std::ranges::find(all, "-F");
  ASSERT_NE(file, all.end());
  EXPECT_EQ(*std::next(file), "/tmp/config");
}

TEST(OpensshWords, KeepAPercentSignOfAnAddress) {
  EXPECT_THAT(options(words({"n1", "fe80::1%eth0", 0, ""})), Contains("HostName=fe80::1%%eth0"));
}

TEST(OpensshWords, HaveTheJumpHostsOfTheTarget) {
  Target one{"n1", "10.1.1.5", 0, ""};
  one.jump = "you@gate:24,inner";
  EXPECT_THAT(options(words(one)), Contains("ProxyJump=you@gate:24,inner"));
}

TEST(OpensshWords, WaitAtLeastASecond) {
  EXPECT_THAT(options(words({"n1", "", 0, ""}, "", std::chrono::seconds(0))),
              Contains("ConnectTimeout=1"));
}

TEST(OpensshWords, NeverHaveTheNameOfTheHostItself) {
  // The caller puts the name behind "--", so that a name cannot be an option.
  EXPECT_THAT(words({"-oProxyCommand=x", "", 0, ""}), Not(Contains("-oProxyCommand=x")));
}

// The keys that count for a host at port 2201 of gate, as "WHERE", with what is said of them.
std::vector<std::string> keys_at_gate(const std::string& text) {
  Route route;
  route.name = "n1";
  route.address = "gate";
  route.port = 2201;
  route.known_names = {"[gate]:2201", "[n1]:2201"};
  KnownHosts known({});
  known.add(text, "f");
  std::vector<std::string> found;
  for (const auto& key : known_keys({"n1", "", 0, ""}, route, known)) {
    found.push_back(key.where + (key.is_of_any_port ? " of any port" : "") +
                    (key.mark == KnownKey::Mark::revoked ? " revoked" : ""));
  }
  return found;
}

struct KnownLines {
  const char* text;
  std::vector<std::string> count;
};

TEST(KnownKeys, AreThoseOfTheFirstNameThatHasSome) {
  for (const auto& [text, count] : {
           KnownLines{"[gate]:2201 ssh-rsa A\ngate ssh-rsa B\n[n1]:2201 ssh-rsa C", {"f:1"}},
           KnownLines{"gate ssh-rsa B\n[n1]:2201 ssh-rsa C", {"f:1 of any port"}},
           KnownLines{"[n1]:2201 ssh-rsa C\nn1 ssh-rsa D", {"f:1"}},
           KnownLines{"n1 ssh-rsa D", {"f:1 of any port"}},
           KnownLines{"[gate]:22 ssh-rsa A\n[gate]:2202 ssh-rsa B", {}},
           KnownLines{"@cert-authority * ssh-rsa A\n[n1]:2201 ssh-rsa C", {"f:1", "f:2"}},
           KnownLines{"@cert-authority * ssh-rsa A\ngate ssh-rsa B\nn1 ssh-rsa C",
                      {"f:1", "f:2 of any port"}},
           KnownLines{"@cert-authority *gate* ssh-rsa A", {"f:1"}},
           KnownLines{"", {}},
       }) {
    EXPECT_EQ(keys_at_gate(text), count) << text;
  }
}

// However a key is known, one that is revoked under any of the names is refused.
TEST(KnownKeys, HaveAllThatIsRevoked) {
  for (const auto& [text, count] : {
           KnownLines{"@revoked [gate]:2201 ssh-rsa A\ngate ssh-rsa A",
                      {"f:1 revoked", "f:2 of any port"}},
           KnownLines{"[gate]:2201 ssh-rsa A\n@revoked n1 ssh-rsa A",
                      {"f:1", "f:2 of any port revoked"}},
           KnownLines{"@revoked [gate]:2201 ssh-rsa A", {"f:1 revoked"}},
       }) {
    EXPECT_EQ(keys_at_gate(text), count) << text;
  }
}

TEST(WhyNoConnection, KnowsAHostKey) {
  const auto why = why_no_connection(
      {"No ED25519 host key is known for n1 and you have requested strict checking.",
       "Host key verification failed."});
  EXPECT_EQ(why.end, End::host_key);
  EXPECT_EQ(why.said,
            "No ED25519 host key is known for n1 and you have requested strict checking.");
  EXPECT_EQ(why_no_connection({"Host key verification failed."}).said,
            "Host key verification failed.");
}

TEST(WhyNoConnection, KnowsACertificateThatIsOfAnother) {
  const auto why = why_no_connection(
      {"Certificate invalid: name is not a listed principal",
       "No ED25519 host key is known for n1 and you have requested strict checking.",
       "Host key verification failed."});
  EXPECT_EQ(why.end, End::host_key);
  EXPECT_EQ(why.said,
            "Certificate invalid: name is not a listed principal; "
            "No ED25519 host key is known for n1 and you have requested strict checking.");
}

TEST(WhyNoConnection, SaysWhereAChangedKeyStands) {
  const std::string changed = "Host key for n1 has changed and you have requested strict checking.";
  EXPECT_EQ(why_no_connection({"Offending ED25519 key in /root/.ssh/known_hosts:3", changed,
                               "Host key verification failed."})
                .said,
            "Offending ED25519 key in /root/.ssh/known_hosts:3; " + changed);
}

TEST(WhyNoConnection, NamesTheCommandsForAHostKey) {
  const std::string last = "Host key verification failed.";
  const auto unknown = why_no_connection(
      {"No ED25519 host key is known for n1 and you have requested strict checking.", last});
  const auto changed = why_no_connection(
      {"Host key for n1 has changed and you have requested strict checking.", last});
  Target target{"n1", "", 0, ""};
  EXPECT_EQ(what_helps(unknown, target), "; to see and learn it: cluster sync host key n1");
  EXPECT_EQ(what_helps(changed, target), "");  // it is in known_hosts
  target.keys = {{"ssh-ed25519", "A"}};
  EXPECT_EQ(
      what_helps(changed, target),
      "; it is not the one in the inventory; if it was changed on purpose: cluster remove host "
      "key n1; cluster sync host key n1");
}

// As for a host that libssh serves.
TEST(WhyNoConnection, NamesTheKeyThatIsShown) {
  const std::string last = "Host key verification failed.";
  auto unknown = why_no_connection(
      {"No RSA host key is known for n1 and you have requested strict checking.", last});
  unknown.shown = "ssh-rsa SHA256:abc";
  EXPECT_EQ(what_helps(unknown, {"n1", "", 0, ""}),
            "; it shows ssh-rsa, SHA256:abc; compare it with `ssh-keygen -lf "
            "/etc/ssh/ssh_host_rsa_key.pub` there, then: cluster sync host key n1");
  auto changed = why_no_connection(
      {"Offending ED25519 key in /home/me/known hosts:3",
       "Host key for [n1]:24 has changed and you have requested strict checking.", last});
  changed.shown = "ssh-ed25519 SHA256:abc";
  EXPECT_EQ(what_helps(changed, {"n1", "", 0, ""}),
            "; it shows ssh-ed25519, SHA256:abc; if it was changed on purpose: ssh-keygen -f "
            "'/home/me/known hosts' -R '[n1]:24'");
}

TEST(WhyNoConnection, NamesWhatHelpsAgainstOtherRefusals) {
  const Target target{"n1", "", 0, ""};
  EXPECT_EQ(what_helps(why_no_connection({"me@n1: Permission denied (publickey)."}), target),
            "; add one to ~/.ssh/authorized_keys there");
  EXPECT_EQ(what_helps(why_no_connection({"Unable to negotiate with 10.0.0.1 port 22: no matching "
                                          "cipher found. Their offer: 3des-cbc"}),
                       target),
            "; what helps in ~/.ssh/config, under `Host n1`: Ciphers +3des-cbc");
  EXPECT_EQ(what_helps(why_no_connection({"connect: Connection refused"}), target), "");
  EXPECT_EQ(what_helps_on_way("me@gw: Permission denied (publickey)."),
            "; add one to ~/.ssh/authorized_keys of the jump host");
  EXPECT_EQ(what_helps_on_way("Connection closed by 10.0.0.1 port 22"), "");
}

TEST(WhyNoConnection, KnowsAKeyThatCannotBeUsed) {
  const std::string denied = "root@n1: Permission denied (publickey).";
  for (const std::string line :
       {"Load key \"/k\": error in libcrypto", "load pubkey \"/k\": Invalid key length",
        "no such identity: /k: No such file or directory"}) {
    EXPECT_EQ(why_no_connection({line, denied}).said, line + "; " + denied);
  }
}

TEST(WhyNoConnection, KnowsALoginThatWasRefused) {
  const auto why = why_no_connection({"root@n1: Permission denied (publickey)."});
  EXPECT_EQ(why.end, End::no_login);
  EXPECT_EQ(why.said, "root@n1: Permission denied (publickey).");
  const std::string signing = "sign_and_send_pubkey: signing failed for ED25519-SK: no device";
  EXPECT_EQ(why_no_connection({signing, "root@n1: Permission denied (publickey)."}).said,
            signing + "; root@n1: Permission denied (publickey).");
}

TEST(WhyNoConnection, KnowsThatAServerHadEnough) {
  const std::string enough =
      "Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures";
  const std::string end = "Disconnected from 10.0.0.1 port 22";
  const auto why = why_no_connection({enough, end});
  EXPECT_EQ(why.end, End::no_login);
  EXPECT_EQ(why.said, enough + "; " + end);
}

TEST(WhyNoConnection, TellsWhatWasRefusedOnTheWay) {
  EXPECT_TRUE(is_refusal_on_way("welcome\njo@gate: Permission denied (publickey).\n"));
  EXPECT_TRUE(is_refusal_on_way("Host key verification failed.\n"));
  EXPECT_FALSE(is_refusal_on_way("channel 0: open failed: connect failed: refused\n"));
}

TEST(WhyNoConnection, TakesAllElseForUnreachable) {
  EXPECT_EQ(why_no_connection({}).end, End::unreachable);
  EXPECT_EQ(why_no_connection({}).said, "");
  const auto why = why_no_connection({"kex_exchange_identification: read: Connection reset by peer",
                                      "Connection closed by UNKNOWN port 65535"});
  EXPECT_EQ(why.end, End::unreachable);
  EXPECT_EQ(why.said, "Connection closed by UNKNOWN port 65535");
}

TEST(WhyNoConnection, SaysALineThatItWasGiven) {
  std::mt19937 random(41);
  const std::vector<std::string> lines{"a", "Host key verification failed.",
                                       "Permission denied (publickey).", "b", "c"};
  for (int i = 0; i < 200; ++i) {
    std::vector<std::string> said;
    for (auto count = 1 + random() % 4; count > 0; --count) said.push_back(lines[random() % 5]);
    EXPECT_THAT(said, Contains(why_no_connection(said).said));
  }
}

}  // namespace
}  // namespace cluster::ssh
