#include "tests/support/story.h"

namespace cluster {
namespace {

class HostInterface : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "n1"});
    cluster({"add", "host", "vm", "v1", "n1", "uuid=c2177883-f1bb-47f0-914d-32a22e3a8804"});
    cluster({"add", "host", "vm", "v2", "n1", "uuid=c2177883-f1bb-47f0-914d-32a22e3a8805"});
  }
};

TEST_F(HostInterface, AddThenList) {
  cluster({"add", "host", "interface", "v1", "eth0", "bridge=br0"});
  cluster({"add", "host", "interface", "v1", "eth10", "ovs=br-int", "vlan=42", "model=e1000e",
           "mac=52:54:00:AB:CD:EF"});
  cluster({"add", "host", "interface", "v1", "eth2", "direct=eno1"});
  cluster({"add", "host", "interface", "v2", "eth0", "network=default"});
  EXPECT_EQ(cluster({"list", "host", "interface"}),
            "HOST IFACE KIND    SOURCE  MAC               MODEL  VLAN ADDRESS SUBNET\n"
            "v1:  eth0  bridge  br0     52:54:00:a5:b1:7a virtio -    dhcp    -\n"
            "v1:  eth2  direct  eno1    52:54:00:f4:9e:38 virtio -    dhcp    -\n"
            "v1:  eth10 ovs     br-int  52:54:00:ab:cd:ef e1000e 42   dhcp    -\n"
            "v2:  eth0  network default 52:54:00:e8:76:c0 virtio -    dhcp    -\n");
  EXPECT_EQ(cluster({"list", "host", "interface", "n1"}), cluster({"list", "host", "interface"}));
  EXPECT_EQ(cluster({"dump", "host", "interface", "v2"}),
            "cluster add host interface v2 eth0 network=default mac=52:54:00:e8:76:c0 "
            "model=virtio\n");
}

TEST_F(HostInterface, HasTheAddressesOfItsGuest) {
  cluster({"add", "host", "interface", "v1", "eth0", "bridge=br0", "mac=52:54:00:00:00:01",
           "address=10.1.0.5/24,FD00::5/64"});
  const auto listed = [this] {
    const auto table = cluster({"list", "host", "interface", "v1", "format=csv"});
    return table.substr(table.find('\n') + 1);
  };
  EXPECT_EQ(listed(), "v1,eth0,bridge,br0,52:54:00:00:00:01,virtio,,\"10.1.0.5/24,fd00::5/64\",\n");
  EXPECT_EQ(cluster({"dump", "host", "interface"}),
            "cluster add host interface v1 eth0 bridge=br0 mac=52:54:00:00:00:01 model=virtio "
            "address=10.1.0.5/24,fd00::5/64\n");
  cluster({"set", "host", "interface", "v1", "eth0", "vlan=7"});
  cluster({"set", "host", "interface", "v1", "eth0", "address=10.1.0.6/24"});
  EXPECT_EQ(listed(), "v1,eth0,bridge,br0,52:54:00:00:00:01,virtio,7,10.1.0.6/24,\n");
  cluster({"set", "host", "interface", "v1", "eth0", "address=10.1.0.6"}, 2,
          "address='10.1.0.6': want an address with its prefix, 10.1.0.5/24, or dhcp");
  cluster({"set", "host", "interface", "v1", "eth0", "address=dhcp"});
  EXPECT_EQ(listed(), "v1,eth0,bridge,br0,52:54:00:00:00:01,virtio,7,dhcp,\n");
}

TEST_F(HostInterface, SetChangesWhatIsNamed) {
  cluster(
      {"add", "host", "interface", "v1", "eth0", "bridge=br0", "mac=52:54:00:00:00:01", "vlan=7"});
  cluster({"set", "host", "interface", "v1", "eth0", "direct=eno1", "model=e1000"});
  EXPECT_EQ(cluster({"dump", "host", "interface"}),
            "cluster add host interface v1 eth0 direct=eno1 mac=52:54:00:00:00:01 model=e1000 "
            "vlan=7\n");
  cluster({"set", "host", "interface", "v1", "iface=eth0", "mac=", "vlan="});
  EXPECT_EQ(cluster({"dump", "host", "interface"}),
            "cluster add host interface v1 eth0 direct=eno1 mac=52:54:00:a5:b1:7a model=e1000\n");
  cluster({"remove", "host", "interface", "v1", "eth0"});
  EXPECT_EQ(cluster({"dump", "host", "interface"}), "");
}

TEST_F(HostInterface, RefusesWhatIsWrong) {
  cluster({"add", "host", "interface", "v2", "eth0", "bridge=br0", "mac=52:54:00:00:00:01"});
  const auto before = dump();
  const auto refused = [this](const std::vector<std::string>& keys, int status,
                              const std::string& error) {
    std::vector<std::string> words{"add", "host", "interface", "v1"};
    words.insert(words.end(), keys.begin(), keys.end());
    cluster(words, status, error);
  };
  refused({"eth0"}, 2, "want one of bridge=, direct=, network=, ovs=");
  refused({"eth0", "bridge=br0", "ovs=br1"}, 2, "want one of bridge=, direct=, network=, ovs=");
  refused({"Eth0", "bridge=br0"}, 2, "not an interface name: 'Eth0' (want eth0, eth1, ...)");
  refused({"eth0.1", "bridge=br0"}, 2, "not an interface name: 'eth0.1' (want eth0, eth1, ...)");
  refused({"eth0", "bridge="}, 2, "bridge='': want the name of a device");
  refused({"eth0", "bridge=br 0"}, 2, "bridge='br 0': want the name of a device");
  refused({"eth0", "direct=a-name-too-long-"}, 2,
          "direct='a-name-too-long-': want the name of a device");
  refused({"eth0", "network=a/b"}, 2, "network='a/b': want the name of a network");
  refused({"eth0", "bridge=br0", "vlan=4095"}, 2,
          "vlan='4095': want a whole number from 1 to 4094");
  refused({"eth0", "bridge=br0", "model=virtoi"}, 2,
          "model='virtoi': want one of virtio, e1000, e1000e, igb, pcnet, rtl8139, vmxnet3, "
          "ne2k_pci");
  refused({"eth0", "bridge=br0", "mac=01:00:5e:00:00:01"}, 2,
          "not a MAC address: '01:00:5e:00:00:01' (a multicast address: want an even first byte)");
  refused({"eth0", "bridge=br0", "mac=52:54:00:00:00:01"}, 1,
          "MAC address 52:54:00:00:00:01 is that of eth0 of VM 'v2'");
  cluster({"add", "host", "interface", "v2", "eth0", "bridge=br0"}, 1,
          "VM 'v2' has an interface 'eth0' already (`cluster set host interface` changes it)");
  cluster({"add", "host", "interface", "n1", "eth0", "bridge=br0"}, 1,
          "host 'n1' is a physical host: only interfaces of VMs are recorded");
  cluster({"set", "host", "interface", "v2", "eth1", "vlan=1"}, 1,
          "VM 'v2' has no interface 'eth1' (it has eth0)");
  cluster({"set", "host", "interface", "v2", "eth0"}, 2,
          "set host interface: nothing to set (want key=value)");
  cluster({"remove", "host", "interface", "v1", "eth0"}, 1,
          "VM 'v1' has no interface 'eth0' (it has none: `cluster add host interface`)");
  EXPECT_EQ(dump(), before);
}

}  // namespace
}  // namespace cluster
