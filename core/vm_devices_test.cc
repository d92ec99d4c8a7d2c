#include "core/vm_devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace cluster {
namespace {

TEST(VmDevices, EveryKindParsesBack) {
  for (const auto source : {DiskSource::file, DiskSource::block, DiskSource::cdrom}) {
    EXPECT_EQ(parse_disk_source(name(source)), source) << name(source);
  }
  for (const auto kind :
       {InterfaceKind::bridge, InterfaceKind::direct, InterfaceKind::network, InterfaceKind::ovs}) {
    EXPECT_EQ(parse_interface_kind(name(kind)), kind) << name(kind);
  }
}

TEST(VmDevices, AreSpelledAsRocksSpellsThem) {
  EXPECT_EQ(name(DiskSource::block), "phy");
  EXPECT_EQ(name(InterfaceKind::direct), "direct");
}

TEST(VmDevices, AnUnknownWordIsNoBridgeAndNoFile) {
  for (const char* wrong : {"", "block", "Bridge", "bridge ", "file:"}) {
    EXPECT_THROW(parse_disk_source(wrong), Error) << wrong;
    EXPECT_THROW(parse_interface_kind(wrong), Error) << wrong;
  }
}

}  // namespace
}  // namespace cluster
