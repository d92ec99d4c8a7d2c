#include "ssh/host_key.h"

#include <gmock/gmock.h>

namespace cluster::ssh {
namespace {

const HostKey kShown{"ssh-ed25519", "AAA1", "SHA256:abc"};

Route node() {
  Route route;
  route.name = "n1";
  route.address = "10.1.1.5";
  route.known_hosts_files = {"/home/my self/known_hosts"};
  route.known_names = {"10.1.1.5", "n1"};
  return route;
}

KnownKey key(const std::string& type, const std::string& base64,
             KnownKey::Mark mark = KnownKey::Mark::trusted) {
  return {mark, type, base64, "f:7"};
}

TEST(Distrust, IsNotForAKnownKey) {
  EXPECT_EQ(distrust(node(), kShown, {key("ssh-rsa", "AAA0"), key("ssh-ed25519", "AAA1")}), "");
}

TEST(Distrust, SaysHowToLearnAnUnknownKey) {
  EXPECT_EQ(distrust(node(), kShown, {key("ssh-rsa", "AAA1", KnownKey::Mark::authority)}),
            "the host key of '10.1.1.5' port 22 is not known (ssh-ed25519, SHA256:abc); compare it "
            "with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` there, then: cluster sync "
            "host key n1, or for `ssh` too: "
            "ssh-keyscan -t ed25519 10.1.1.5 >> '/home/my self/known_hosts'");
}

TEST(Distrust, NamesThePortToLearnFrom) {
  auto route = node();
  route.port = 2222;
  EXPECT_THAT(distrust(route, {"ssh-rsa", "AAA1", "SHA256:abc"}, {}),
              testing::HasSubstr("ssh-keyscan -t rsa -p 2222 10.1.1.5 >>"));
}

TEST(Distrust, SaysWhichKeyHasChanged) {
  EXPECT_EQ(distrust(node(), kShown, {key("ssh-ed25519", "AAA0")}),
            "the host key of '10.1.1.5' port 22 is not the one in f:7: it shows ssh-ed25519, "
            "SHA256:abc; somebody may be listening in; if the key was changed on purpose: "
            "ssh-keygen -f f -R 10.1.1.5; ssh-keygen -f f -R n1");
}

// Several sshds behind one address: its own key is under the address alone.
TEST(Distrust, IsNoAlarmForAKeyThatIsFiledWithoutThePort) {
  auto route = node();
  route.port = 2201;
  route.known_names = {"[10.1.1.5]:2201"};
  auto of_the_gate = key("ssh-ed25519", "AAA0");
  of_the_gate.is_of_any_port = true;
  EXPECT_THAT(distrust(route, kShown, {of_the_gate}), testing::HasSubstr("is not known"));
  of_the_gate.base64 = kShown.base64;
  EXPECT_EQ(distrust(route, kShown, {of_the_gate}), "");
  EXPECT_THAT(distrust(route, kShown, {key("ssh-ed25519", "AAA2")}),
              testing::HasSubstr("ssh-keygen -f f -R '[10.1.1.5]:2201'"));
}

TEST(Distrust, NamesTheKnownKeyOfTheSameType) {
  auto other = key("ssh-rsa", "AAA0");
  other.where = "f:1";
  EXPECT_THAT(distrust(node(), kShown, {other, key("ssh-ed25519", "AAA2")}),
              testing::HasSubstr("is not the one in f:7"));
  EXPECT_THAT(distrust(node(), kShown, {other}), testing::HasSubstr("is not the one in f:1"));
}

TEST(Distrust, OfAKeyInTheInventoryNamesTheCommandsForIt) {
  auto known = key("ssh-ed25519", "AAA0");
  known.where = kInventory;
  EXPECT_THAT(distrust(node(), kShown, {known}),
              testing::HasSubstr("cluster remove host key n1; cluster sync host key n1"));
}

TEST(Distrust, LearnsAKeyUnderItsAlias) {
  auto route = node();
  route.has_alias = true;
  route.known_names = {"a/b&c"};
  EXPECT_THAT(distrust(route, kShown, {}),
              testing::HasSubstr("| sed 's/^[^ ]*/a\\/b\\&c/' >> '/home/my self/known_hosts'"));
}

TEST(Distrust, SaysThatAKeyHasNoPlace) {
  auto route = node();
  route.known_hosts_files.clear();
  EXPECT_THAT(distrust(route, kShown, {}),
              testing::HasSubstr("and name a UserKnownHostsFile for it"));
}

TEST(Distrust, OfARevokedKeyIsFinal) {
  const auto reason =
      distrust(node(), kShown,
               {key("ssh-ed25519", "AAA1"), key("ssh-ed25519", "AAA1", KnownKey::Mark::revoked)});
  EXPECT_THAT(reason, testing::HasSubstr("is revoked by f:7"));
}

TEST(HostKeyAlgorithms, PutsTheKnownTypesFirst) {
  EXPECT_EQ(host_key_algorithms({key("ssh-rsa", "A")}),
            "rsa-sha2-512,rsa-sha2-256,ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,"
            "ecdsa-sha2-nistp521");
  const auto first = [](const std::vector<KnownKey>& known) {
    const auto all = host_key_algorithms(known);
    return all.substr(0, all.find(','));
  };
  EXPECT_EQ(first({key("ecdsa-sha2-nistp384", "A")}), "ecdsa-sha2-nistp384");
  EXPECT_EQ(first({key("ssh-rsa", "A", KnownKey::Mark::revoked)}), "ssh-ed25519");
  EXPECT_EQ(first({key("ssh-rsa", "A"), key("ssh-rsa", "A", KnownKey::Mark::revoked)}),
            "ssh-ed25519")
      << "a key that is revoked is not asked for";
  EXPECT_EQ(host_key_algorithms({}),
            "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
            "rsa-sha2-512,rsa-sha2-256");
}

}  // namespace
}  // namespace cluster::ssh
