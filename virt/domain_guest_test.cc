#include "virt/domain_guest.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace cluster::virt {
namespace {

std::string address(int bus, int slot, int function = 0) {
  return "<address type='pci' domain='0x0000' bus='" + std::to_string(bus) + "' slot='" +
         std::to_string(slot) + "' function='" + std::to_string(function) + "'/>";
}

std::string controller(int index, const std::string& model, const std::string& inner) {
  return "<controller type='pci' index='" + std::to_string(index) + "' model='" + model + "'>" +
         inner + "</controller>";
}

std::string card_behind(const std::string& guest) {
  return "<hostdev mode='subsystem' type='pci'><source><address domain='0x0000' bus='0xc1' "
         "slot='0x00' function='0x1'/></source>" +
         guest + "</hostdev>";
}

std::vector<PlacedDevice> placed(const std::string& devices) {
  return placed_devices("<domain><devices>" + devices + "</devices></domain>");
}

TEST(PlacedDevices, AreFoundByTheWayThatLeadsThere) {
  const auto one = placed(
      controller(0, "pcie-root", "") + controller(1, "pcie-root-port", address(0, 2, 3)) +
      controller(5, "pcie-switch-upstream-port", address(1, 0)) +
      controller(6, "pcie-switch-downstream-port", address(5, 4)) + card_behind(address(6, 0, 1)));
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].device, "0000:c1:00.1");
  EXPECT_EQ(one[0].path, "00/02.3/00.0/04.0/00.1");
}

TEST(PlacedDevices, BehindAnExpanderBeginAtItsBus) {
  const auto one =
      placed(controller(3, "pcie-expander-bus", "<target busNr='180'/>" + address(0, 4)) +
             controller(4, "pcie-root-port", address(3, 0)) + card_behind(address(4, 0)));
  EXPECT_EQ(one.at(0).path, "b4/00.0/00.0");
}

TEST(PlacedDevices, AreBehindTheFirstControllerOfThatNumber) {
  const auto one = placed(controller(1, "pcie-root-port", address(0, 2)) +
                          controller(1, "pcie-root-port", address(0, 3)) +
                          "<controller type='usb' index='2'>" + address(0, 4) + "</controller>" +
                          card_behind(address(1, 0)) + card_behind(address(2, 0)));
  EXPECT_EQ(one.at(0).path, "00/02.0/00.0");
  EXPECT_EQ(one.at(1).path, "") << "a controller of USB leads to no device of PCI";
}

TEST(PlacedDevices, MayBeAnywhereOrMediated) {
  const auto all =
      placed(card_behind("") + card_behind(address(9, 0)) + card_behind(address(0, 5)) +
             "<hostdev type='mdev'><source><address uuid='u'/></source>" + address(0, 16) +
             "</hostdev><hostdev type='usb'/>");
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].path, "") << "libvirt chooses";
  EXPECT_EQ(all[1].path, "") << "no such controller";
  EXPECT_EQ(all[2].path, "00/05.0");
  EXPECT_EQ(all[3].device, "u");
  EXPECT_EQ(all[3].path, "00/10.0");
}

// libvirt gives a virtual function of a network card its MAC address in this way.
TEST(PlacedDevices, MayBeInterfaces) {
  const auto all = placed(
      "<interface type='hostdev' managed='yes'><mac address='52:54:00:00:00:01'/><source><address "
      "type='pci' domain='0x0000' bus='0x05' slot='0x00' function='0x2'/></source>" +
      address(0, 6) +
      "</interface><interface type='bridge'><source bridge='br0'/></interface>"
      "<disk type='file'><source file='/a'/></disk>");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].device, "0000:05:00.2");
  EXPECT_EQ(all[0].path, "00/06.0");
}

TEST(PlacedDevices, ACircleIsNoWay) {
  EXPECT_EQ(placed(controller(1, "pcie-root-port", address(2, 0)) +
                   controller(2, "pcie-root-port", address(1, 0)) + card_behind(address(1, 0)))
                .at(0)
                .path,
            "");
}

TEST(PathInSysfs, IsTheSameWay) {
  EXPECT_EQ(path_in_sysfs("/sys/devices/pci0000:00/0000:00:02.3/0000:01:00.0/0000:02:04.0/"
                          "0000:06:00.1"),
            "00/02.3/00.0/04.0/00.1");
  EXPECT_EQ(path_in_sysfs("/sys/devices/pci0000:b4/0000:b4:00.0/0000:b5:00.0"), "b4/00.0/00.0");
  for (const auto* none : {"", "/sys/devices/virtual/net/lo", "/sys/devices/pci0000:00"}) {
    EXPECT_EQ(path_in_sysfs(none), "") << none;
  }
}

TEST(Console, IsTheFirstOne) {
  const auto of = [](const std::string& devices) {
    return console_of("<domain><devices>" + devices + "</devices></domain>");
  };
  EXPECT_EQ(of("<serial type='pty'/><console type='pty'/>"), "pty");
  EXPECT_EQ(of("<serial type='file'/>"), "file");
  EXPECT_EQ(of("<disk/>"), "");
  EXPECT_THROW(console_of("<network/>"), Error);
}

}  // namespace
}  // namespace cluster::virt
