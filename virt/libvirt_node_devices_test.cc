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

}  // namespace
}  // namespace cluster::virt
