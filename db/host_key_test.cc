// Keys of hosts: what is stored, and what goes with a host.

#include <gmock/gmock.h>

#include "core/error.h"
#include "db/inventory.h"

namespace cluster {
namespace {

class HostKeyRows : public ::testing::Test {
 protected:
  void SetUp() override {
    inventory_.add_host({n1_, "vm-container", {}, {}, {}, {}, {}, {}});
    inventory_.add_host({n2_, "compute", {}, {}, {}, {}, {}, {}});
  }
  std::string problem(const HostPublicKey& key) {
    try {
      inventory_.add_host_keys({key});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  const HostName n1_{"n1"};
  const HostName n2_{"n2"};
  Inventory inventory_{":memory:", Inventory::Open::create};
};

TEST_F(HostKeyRows, AreStoredAndGoWithTheirHost) {
  inventory_.add_host_keys({{n1_, "ssh-ed25519", "AAAA", "t1"}, {n1_, "ssh-rsa", "BBBB", "t1"}});
  inventory_.add_host_keys({{n1_, "ssh-rsa", "BBBB", "t2"}});  // the same once more
  ASSERT_EQ(inventory_.host_keys().size(), 2U);
  EXPECT_EQ(inventory_.host_keys()[1].learned, "t1");
  EXPECT_TRUE(inventory_.host_keys(OnlyHosts{{n2_}}).empty());
  EXPECT_EQ(inventory_.find_host(n1_)->keys.size(), 2U);
  EXPECT_TRUE(inventory_.find_host(n2_)->keys.empty());
  inventory_.remove_hosts({n1_});
  EXPECT_TRUE(inventory_.host_keys().empty());
}

TEST_F(HostKeyRows, AreNotReplaced) {
  inventory_.add_host_keys({{n1_, "ssh-rsa", "BBBB", "t1"}});
  EXPECT_EQ(problem({n1_, "ssh-rsa", "CCCC", "t2"}),
            "host 'n1' has another ssh-rsa key (`cluster remove host key n1` first, if it was "
            "changed on purpose)");
  inventory_.remove_host_keys({n1_});
  EXPECT_EQ(problem({n1_, "ssh-rsa", "CCCC", "t2"}), "");
  EXPECT_THROW(inventory_.remove_host_keys({n1_, n2_}), Error);
  EXPECT_EQ(inventory_.host_keys().size(), 1U);
}

TEST_F(HostKeyRows, HaveAHostAndAType) {
  EXPECT_EQ(problem({HostName("n3"), "ssh-rsa", "AAAA", "t"}), "host 'n3' is not in the inventory");
  EXPECT_THAT(problem({n1_, "ssh-dss", "AAAA", "t"}), ::testing::HasSubstr("ssh-ed25519"));
}

TEST_F(HostKeyRows, TheNearestClientCounts) {
  const auto of = [this](const HostName& name) {
    return inventory_.find_host(name)->through_openssh;
  };
  EXPECT_FALSE(of(n1_));
  inventory_.set_attributes({{{}, {}, "ssh_client", "openssh"}});
  EXPECT_TRUE(of(n1_));
  EXPECT_TRUE(of(n2_));
  inventory_.set_attributes({{"vm-container", {}, "ssh_client", "libssh"}});
  EXPECT_FALSE(of(n1_));
  EXPECT_TRUE(of(n2_));
  inventory_.set_attributes(
      {{{}, n1_, "ssh_client", "openssh"}, {{}, n2_, "ssh_client", "libssh"}});
  EXPECT_TRUE(of(n1_));
  EXPECT_FALSE(of(n2_));
  EXPECT_FALSE(inventory_.hosts()[1].through_openssh);
}

}  // namespace
}  // namespace cluster
