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
  EXPECT_EQ(host_key_algorithms({}),
            "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
            "rsa-sha2-512,rsa-sha2-256");
}

}  // namespace
}  // namespace cluster::ssh
