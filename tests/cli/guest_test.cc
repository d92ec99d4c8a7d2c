// Guests that run: where they are, their console, and their pauses.

#include <gmock/gmock.h>

#include "tests/support/json_shape.h"
#include "tests/support/two_containers.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Guest : public TwoContainers {
 protected:
  void SetUp() override {
    TwoContainers::SetUp();
    n1().done.clear();
    set(virt::DomainState::running);
  }

  virt::Domain& v1() { return n1().domains.at(0); }

  void set(virt::DomainState state) {
    v1().state = state;
    v1().active = state != virt::DomainState::shut_off;
  }

  std::string addresses() {
    auto out = cluster({"list", "host", "vm", "address=yes", "format=csv"});
    std::string cut;
    for (const auto& name : {"v1,", "v2,"}) {
      const auto at = out.find(std::string("\n") + name);
      const auto end = out.find('\n', at + 1);
      auto line = out.substr(at + 1, end - at - 1);
      cut += line.substr(0, 3) + line.substr(line.rfind(',', line.rfind(',') - 1) + 1) + "\n";
    }
    return cut;
  }
};

TEST_F(Guest, IsListedWithItsAddressesAndWhoToldThem) {
  EXPECT_EQ(addresses(), "v1,unknown,\nv2,,shut off\n");
  n1().addresses["v1"] = {{{"02:42:00:00:00:01", "fe80::1"}, {"02:42:00:00:00:01", "10.1.0.5"}},
                          "agent"};
  EXPECT_EQ(addresses(), "v1,10.1.0.5,agent\nv2,,shut off\n");
}

TEST_F(Guest, HasAnArrayOfAddressesInJson) {
  const auto said = [&] {
    auto out = cluster({"list", "host", "vm", "status=yes", "address=yes", "format=json"});
    expect_shape(out, "host_vm");
    return out;
  };
  EXPECT_THAT(said(), HasSubstr(R"("address": null)")) << "nobody knows";
  n1().addresses["v1"] = {{{"02:42:00:00:00:01", "10.1.0.5"}, {"02:42:00:00:00:01", "10.1.0.6"}},
                          "agent"};
  EXPECT_THAT(said(), AllOf(HasSubstr(R"("address": ["10.1.0.5", "10.1.0.6"])"),
                            HasSubstr(R"("address": [])")))
      << "what does not run has none";
}

TEST_F(Guest, OfAContainerThatDoesNotAnswerIsUnknown) {
  domains.hosts["n2"].failure = Error(Fault::unreachable, "no route to host");
  const auto [out, err, status] = run({"list", "host", "vm", "address=yes", "format=csv"});
  EXPECT_EQ(status, 3);
  EXPECT_THAT(out, HasSubstr("\nv2,n2,1024,1,,\"phy:/dev/b,vda,virtio,raw\",,unknown,\n"));
}

TEST_F(Guest, IsReachedAtItsAddressInTheInventory) {
  cluster({"add", "host", "interface", "v1", "eth0", "bridge=br0", "address=fd00::5/64"});
  cluster({"add", "host", "interface", "v1", "eth1", "bridge=br1", "address=10.1.0.5/24"});
  transport.unknown_names = {"v1"};
  cluster({"run", "host", "v1", "id"});
  EXPECT_EQ(transport.asked_targets.at(0).address, "10.1.0.5");
  EXPECT_EQ(transport.asked_targets.at(0).name, "v1") << "its key and user go by its name";
  EXPECT_EQ(n1().calls["addresses"], 0);
  cluster({"set", "host", "v1", "address=v1.example.org"});
  cluster({"run", "host", "v1", "id"});
  EXPECT_EQ(transport.asked_targets.at(0).address, "v1.example.org");
}

TEST_F(Guest, IsReachedWhereLibvirtSaysItIsUnlessItsNameLeadsThere) {
  n1().addresses["v1"] = {{{"", "10.1.0.7"}}, "arp"};
  cluster({"run", "host", "v1", "id"});
  EXPECT_EQ(transport.asked_targets.at(0).address, "");
  EXPECT_EQ(n1().calls["addresses"], 0);
  transport.unknown_names = {"v1", "v2"};
  cluster({"run", "host", "v1", "v2", "n1", "id"});
  EXPECT_EQ(transport.asked_targets.at(0).address, "");
  EXPECT_EQ(transport.asked_targets.at(1).address, "10.1.0.7");
  EXPECT_EQ(transport.asked_targets.at(2).address, "") << "it does not run: its name is tried";
  n1().failure = Error(Fault::unreachable, "no route to host");
  cluster({"run", "host", "v1", "id"});
  EXPECT_EQ(transport.asked_targets.at(0).address, "");
}

TEST_F(Guest, HasAConsole) {
  transport.conversation_status = 3;
  cluster({"open", "host", "console", "v1"}, 3);
  EXPECT_EQ(transport.asked_targets.at(0).name, "n1");
  EXPECT_EQ(transport.asked_command,
            "virsh -c qemu:///system console 00000000-0000-4000-8000-000000000001");
  transport.conversation_status = 0;
  cluster({"open", "host", "console", "v1", "force=yes"});
  EXPECT_THAT(transport.asked_command, HasSubstr("console --force 0000"));
}

TEST_F(Guest, WithoutAConsoleIsRefused) {
  cluster({"open", "host", "console", "n1"}, 1, "host 'n1' is no VM: want ssh, or its BMC");
  cluster({"open", "host", "console", "v2"}, 1, "VM 'v2' does not run: cluster start host vm v2");
  v1().xml = "<domain><devices><serial type='file'/></devices></domain>";
  cluster({"open", "host", "console", "v1"}, 1,
          "the serial console of VM 'v1' goes to a file (attribute vm_serial): want pty there, and "
          "another start");
  v1().xml = "<domain><devices/></domain>";
  cluster({"open", "host", "console", "v1"}, 1, "VM 'v1' has no serial console");
  // The one that it runs with counts, not that of its next start.
  n1().running[v1().uuid] = "<domain><devices><serial type='pty'/></devices></domain>";
  cluster({"open", "host", "console", "v1"});
}

TEST_F(Guest, IsPausedAndGoesOn) {
  cluster({"resume", "host", "vm", "v1"}, 1, "v1: it is running, not paused");
  cluster({"pause", "host", "vm", "v1"});
  cluster({"pause", "host", "vm", "v1"}, 1, "v1: it is paused, not running");
  cluster({"resume", "host", "vm", "v1"});
  cluster({"pause", "host", "vm", "v2"}, 1, "v2: it is shut off, not running");
  EXPECT_THAT(n1().done, ElementsAre("pause v1", "resume v1"));
}

TEST_F(Guest, OfAPatternOrAContainerIsNotStoppedUnasked) {
  for (const auto* verb : {"pause", "save", "stop"}) {
    for (const auto* word : {"v*", "vm", "n1", "n[1]"}) {
      const auto [out, err, status] = run({verb, "host", "vm", word});
      EXPECT_EQ(status, 1) << verb << " " << word;
      EXPECT_THAT(err, HasSubstr(": want yes=yes, or their names\n")) << verb << " " << word;
    }
  }
  EXPECT_THAT(n1().done, ElementsAre());
  cluster({"pause", "host", "vm", "n1", "yes=yes"});
  EXPECT_THAT(n1().done, ElementsAre("pause v1"));
  domains.hosts["n2"].domains.at(0).state = virt::DomainState::paused;
  cluster({"resume", "host", "vm", "v*"}, 0, "resumed 2 VMs");
}

TEST_F(Guest, IsSavedAndRestored) {
  cluster({"save", "host", "vm", "v1"});
  EXPECT_THAT(cluster({"list", "host", "vm", "v1", "status=yes"}), HasSubstr(" saved\n"));
  cluster({"save", "host", "vm", "v1"}, 1, "v1: it is saved, not running");
  cluster({"restore", "host", "vm", "v1"});
  EXPECT_THAT(n1().done, ElementsAre("save v1", "start v1"));
  cluster({"restore", "host", "vm", "v2"}, 1,
          "v2: it has no saved memory: cluster start host vm v2");
}

TEST_F(Guest, WithACardCannotBeSaved) {
  cluster({"add", "host", "gpu", "n1", "gpupci1", "02:00.0"});
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1"});
  const std::string why =
      "v1: it has a card, whose state cannot be saved (and so it cannot be migrated while it "
      "runs): cluster stop host vm v1 action=shutdown";
  cluster({"save", "host", "vm", "v1"}, 1, why);
  cluster({"remove", "host", "gpu", "v1", "gpupci", "force=yes"});
  v1().xml =
      "<domain><devices><hostdev mode='subsystem' type='pci'><source><address domain='0x0000' "
      "bus='0x03' slot='0x00' function='0x0'/></source></hostdev></devices></domain>";
  cluster({"save", "host", "vm", "v1"}, 1, why);
  EXPECT_TRUE(n1().done.empty());
}

}  // namespace
}  // namespace cluster
