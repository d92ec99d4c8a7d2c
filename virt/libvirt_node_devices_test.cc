#include "virt/libvirt_node_devices.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/error.h"

namespace cluster::virt {
namespace {

void ignore(const std::string&) {}

TEST(LibvirtNodeDevices, AreNotThereWhereNoDaemonAnswers) {
  EXPECT_EQ(open_libvirt_node_devices("qemu+unix:///system?socket=/nonexistent", Mode::act, ignore),
            nullptr);
}

TEST(LibvirtNodeDevices, TellOneLineWhenTheDeviceIsNotThere) {
  const auto devices = open_libvirt_node_devices("test:///default", Mode::act, ignore);
  ASSERT_NE(devices, nullptr);
  try {
    devices->detach({0, 2, 0, 0});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::io);
    EXPECT_EQ(std::string(error.what()),
              "libvirt cannot find 0000:02:00.0: Node device not found: no node device with "
              "matching name 'pci_0000_02_00_0'");
  }
}

TEST(LibvirtNodeDevices, SayWhatBringsThem) {
  EXPECT_EQ(
      way_to_node_devices(true,
                          "libvirt cannot find 0000:02:00.0: this function is not supported "
                          "by the connection driver: virNodeDeviceLookupByName"),
      "; install libvirt's driver of node devices (package libvirt-daemon-driver-nodedev) and "
      "restart libvirtd");
  EXPECT_EQ(way_to_node_devices(false,
                                "libvirt cannot find 0000:02:00.0: Failed to connect socket to "
                                "'/var/run/libvirt/virtnodedevd-sock': No such file or directory"),
            "; systemctl start virtnodedevd.socket (package libvirt-daemon-driver-nodedev)");
  EXPECT_EQ(way_to_node_devices(false, "Node device not found: no node device"), "");
}

}  // namespace
}  // namespace cluster::virt
