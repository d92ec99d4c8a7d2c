// Keys of hosts in the inventory, learned over a transport that says which key a host shows.
#include "ssh/public_key.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

constexpr const char* kOld = "AAAAC3NzaC1lZDI1NTE5AAAAIPqErNi3pvHHQPQ1zp8PCe3d+0hVhBdmzb0LOqxiSAj8";
constexpr const char* kNew = "AAAAC3NzaC1lZDI1NTE5AAAAIPqErNi3pvHHQPQ1zp8PCe3d+0hVhBdmzb0LOqxiSAj9";

class HostKeyStory : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "n1", "address=10.1.1.1"});
    cluster({"add", "host", "n2"});
    show("n1", kOld);
    show("n2", kNew);
  }
  void show(const std::string& host, const std::string& key) {
    transport.answers[host].reply = {.end = ssh::End::exited,
                                     .status = 0,
                                     .reason = "",
                                     .elapsed = {},
                                     .key = {"ssh-ed25519", key}};
  }
  void fail(const std::string& host, ssh::End end, const std::string& reason) {
    transport.answers[host].reply = {
        .end = end, .status = -1, .reason = reason, .elapsed = {}, .key = {}};
  }
};

TEST_F(HostKeyStory, SyncShowsAndLearns) {
  const auto shown = "n1: would learn ssh-ed25519 " + ssh::fingerprint_of(kOld) + "\n";
  EXPECT_EQ(cluster({"sync", "host", "key", "n1", "dryrun=yes"}), shown);
  EXPECT_EQ(cluster({"list", "host", "key"}), "HOST TYPE FINGERPRINT LEARNED\n");
  EXPECT_EQ(cluster({"sync", "host", "key"}),
            "n1: learned ssh-ed25519 " + ssh::fingerprint_of(kOld) + "\n" +
                "n2: learned ssh-ed25519 " + ssh::fingerprint_of(kNew) + "\n");
  EXPECT_TRUE(transport.asked_targets.at(0).shows_key);
  EXPECT_EQ(transport.asked_targets.at(0).address, "10.1.1.1");
  EXPECT_EQ(cluster({"sync", "host", "key"}), "");  // nothing is new
  EXPECT_NE(cluster({"list", "host", "key", "n2"}).find(ssh::fingerprint_of(kNew)),
            std::string::npos);
}

TEST_F(HostKeyStory, EveryCommandHandsTheKeysOver) {
  cluster({"sync", "host", "key", "n1"});
  cluster({"run", "host", "n1", "true"});
  ASSERT_EQ(transport.asked_targets.at(0).keys.size(), 1U);
  EXPECT_EQ(transport.asked_targets.at(0).keys[0].base64, kOld);
  EXPECT_FALSE(transport.asked_targets.at(0).shows_key);
}

TEST_F(HostKeyStory, SyncTellsOfTheOthers) {
  fail("n1", ssh::End::host_key, "the host key of '10.1.1.1' port 22 is not the one");
  const auto result = run({"sync", "host", "key"});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.err, "cluster: n1: the host key of '10.1.1.1' port 22 is not the one\n");
  EXPECT_EQ(result.out, "n2: learned ssh-ed25519 " + ssh::fingerprint_of(kNew) + "\n");
  fail("n1", ssh::End::unreachable, "no answer");
  EXPECT_EQ(run({"sync", "host", "key"}).status, 3);
}

TEST_F(HostKeyStory, AChangedOneIsAcceptedByRemovingTheOld) {
  cluster({"sync", "host", "key", "n1"});
  cluster({"remove", "host", "key", "n1"});
  cluster({"remove", "host", "key", "n1"}, 1, "no key of host 'n1' is known");
  show("n1", kNew);
  EXPECT_EQ(cluster({"sync", "host", "key", "n1"}),
            "n1: learned ssh-ed25519 " + ssh::fingerprint_of(kNew) + "\n");
}

TEST_F(HostKeyStory, AddTakesOnlyKeys) {
  cluster({"add", "host", "key", "n1", "ssh-ed25519", kOld});
  cluster({"add", "host", "key", "n1", "ssh-ed25519", kNew}, 1,
          "host 'n1' has another ssh-ed25519 key (`cluster remove host key n1` first, if it was "
          "changed on purpose)");
  cluster({"add", "host", "key", "n1", "ssh-rsa", kNew}, 2,
          std::string("'") + kNew +
              "' is no ssh-rsa key: want the type and the key of a line of known_hosts");
  cluster({"add", "host", "key", "n9", "ssh-ed25519", kNew}, 1,
          "host 'n9' is not in the inventory (did you mean 'n1'?)");
}

TEST_F(HostKeyStory, DumpMakesThemAgain) {
  cluster({"sync", "host", "key"});
  const auto before = dump();
  cluster({"remove", "host", "n1"});
  cluster({"remove", "host", "n2"});
  EXPECT_EQ(cluster({"dump", "host", "key"}), "");
  for (std::size_t at = 0; at < before.size();) {
    const auto end = before.find('\n', at);
    std::vector<std::string> words;
    std::istringstream line(before.substr(at + 8, end - at - 8));  // without "cluster "
    for (std::string word; line >> word;) words.push_back(word);
    cluster(words);
    at = end + 1;
  }
  EXPECT_EQ(dump(), before);
}

TEST_F(HostKeyStory, OneAttributeSendsHostsThroughOpenssh) {
  cluster({"run", "host", "n1", "true"});
  EXPECT_FALSE(transport.asked_targets.at(0).through_openssh);
  cluster({"set", "attr", "ssh_client", "openssh"});
  cluster({"run", "host", "n1", "true"});
  EXPECT_TRUE(transport.asked_targets.at(0).through_openssh);
  cluster({"set", "host", "attr", "n1", "ssh_client", "libssh"});
  cluster({"run", "host", "n1", "true"});
  EXPECT_FALSE(transport.asked_targets.at(0).through_openssh);
  EXPECT_EQ(run({"set", "attr", "ssh_client", "putty"}).status, 2);
}

}  // namespace
}  // namespace cluster
