#include "frontend/vms/vm_interface.h"

#include <gtest/gtest.h>

#include <string>

#include "core/error.h"

namespace cluster::frontend {
namespace {

TEST(InterfaceName, IsThatOfAnInterfaceInAGuest) {
  for (const char* good : {"eth0", "ens3", "a", "ib0", "abcdefghijklmno"}) {
    EXPECT_EQ(parse_interface_name(good), good);
  }
  for (const char* bad : {"", "0eth", "Eth0", "eth-0", "eth_0", "eth 0", "eth0.1", "eth:0",
                          "abcdefghijklmnop", "\xc3\xa9th0"}) {
    EXPECT_THROW(parse_interface_name(bad), Error) << bad;
  }
}

TEST(InterfaceSource, OfADeviceIsANameThatLinuxTakes) {
  for (const auto kind : {InterfaceKind::bridge, InterfaceKind::direct, InterfaceKind::ovs}) {
    for (const char* good :
         {"br0", "vmbr0", "eno1.100", "br-int", "Bridge_1", "b@d", "0", "abcdefghijklmno"}) {
      EXPECT_EQ(parse_interface_source(kind, good), good);
    }
    for (const char* bad :
         {"", ".", "..", "a/b", "a b", "a:b", "a\tb", "a\n", "abcdefghijklmnop", "\xff"}) {
      EXPECT_THROW(parse_interface_source(kind, bad), Error) << bad;
    }
  }
}

TEST(InterfaceSource, OfANetworkIsANameThatLibvirtTakes) {
  for (const std::string& good : {std::string("default"), std::string("lab network: 1"),
                                  std::string("B\xc3\xbcro"), std::string(255, 'a')}) {
    EXPECT_EQ(parse_interface_source(InterfaceKind::network, good), good);
  }
  for (const std::string& bad : {std::string(), std::string("a/b"), std::string("a\nb"),
                                 std::string("\xff"), std::string(256, 'a')}) {
    EXPECT_THROW(parse_interface_source(InterfaceKind::network, bad), Error) << bad;
  }
}

TEST(InterfaceModel, IsOneThatQemuHas) {
  for (const char* good : {"virtio", "e1000", "e1000e", "igb", "rtl8139", "vmxnet3"}) {
    EXPECT_EQ(parse_interface_model(good), good);
  }
  for (const char* bad : {"", "Virtio", "virtio-net", "virtio-transitional", "netfront"}) {
    EXPECT_THROW(parse_interface_model(bad), Error) << bad;
  }
}

TEST(InterfaceModel, ARefusalNamesAll) {
  try {
    parse_interface_model("x");
    FAIL() << "it was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    EXPECT_STREQ(error.what(),
                 "model='x': want one of virtio, e1000, e1000e, igb, pcnet, rtl8139, vmxnet3, "
                 "ne2k_pci");
  }
}

}  // namespace
}  // namespace cluster::frontend
