#include "node-agent/kernel/sysfs.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Sysfs, ReadsWhatTheKernelSaysOfAFunction) {
  FakeSysfs fake;
  fake.add({"0000:02:00.0", "0300", "10de:1c03", "nvidia", 13});
  const auto function = fake.sysfs().read({0, 2, 0, 0});
  EXPECT_EQ(function.device_class, 0x0300);
  EXPECT_EQ(function.vendor, 0x10de);
  EXPECT_EQ(function.device, 0x1c03);
  EXPECT_EQ(function.driver, "nvidia");
  EXPECT_EQ(function.iommu_group, 13);
}

TEST(Sysfs, SaysNothingOfWhatIsNotThere) {
  FakeSysfs fake;
  fake.add({"10000:02:00.0", "0302", "10de:06de", std::nullopt, std::nullopt});
  const auto function = fake.sysfs().read({0x10000, 2, 0, 0});
  EXPECT_EQ(function.driver, std::nullopt);
  EXPECT_EQ(function.iommu_group, std::nullopt);
  EXPECT_EQ(fake.sysfs().driver_override(function.pci), "");
  EXPECT_EQ(fake.sysfs().device_class({0, 9, 0, 0}), std::nullopt);
  EXPECT_THROW(fake.sysfs().read({0, 9, 0, 0}), Error);
  EXPECT_THAT(Sysfs("/nonexistent").functions(), IsEmpty());
}

TEST(Sysfs, FindsNothingOfWhatCannotBeRead) {
  FakeSysfs fake;
  fake.add({"0000:02:00.0", "0300", "10de:1c03", "nvidia", 13});
  EXPECT_EQ(fake.sysfs().find({0, 2, 0, 0})->device, 0x1c03);
  EXPECT_FALSE(fake.sysfs().find({0, 9, 0, 0}));
  std::filesystem::remove(fake.root() / "bus/pci/devices/0000:02:00.0/vendor");
  EXPECT_FALSE(fake.sysfs().find({0, 2, 0, 0}));
}

TEST(Sysfs, SortsFunctionsAndGroupsByAddress) {
  FakeSysfs fake;
  fake.add({"10000:00:00.0", "0300", "10de:1c03", "nvidia", 1})
      .add({"0000:0a:00.0", "0300", "10de:1c03", "nvidia", 1})
      .add({"0000:02:00.1", "0403", "10de:10f1", "nvidia", 2});
  EXPECT_THAT(fake.sysfs().functions(), ElementsAre(PciAddress{0, 2, 0, 1}, PciAddress{0, 10, 0, 0},
                                                    PciAddress{0x10000, 0, 0, 0}));
  std::filesystem::create_directory(fake.root() / "kernel/iommu_groups/1/devices/MSFT1000:00");
  const auto members = fake.sysfs().group_members(1);
  EXPECT_THAT(members.functions,
              ElementsAre(PciAddress{0, 10, 0, 0}, PciAddress{0x10000, 0, 0, 0}));
  EXPECT_THAT(members.others, ElementsAre("MSFT1000:00"));
}

TEST(Sysfs, KnowsABridgeByItsHeader) {
  FakeSysfs fake;
  fake.add({"0000:00:01.0", "0604", "8086:1901", "pcieport", 1})
      .add({"0000:01:00.0", "0680", "10de:22a3", std::nullopt, 1});
  const auto config = fake.root() / "bus/pci/devices/0000:01:00.0/config";
  EXPECT_TRUE(fake.sysfs().is_bridge({0, 0, 1, 0}));
  EXPECT_FALSE(fake.sysfs().is_bridge({0, 1, 0, 0}));
  replace_file(config, std::string(14, '\0') + "\x81");  // of a slot with several functions
  EXPECT_TRUE(fake.sysfs().is_bridge({0, 1, 0, 0}));
  replace_file(config, std::string(64, '\xff'));  // it does not answer
  EXPECT_FALSE(fake.sysfs().is_bridge({0, 1, 0, 0}));
  EXPECT_FALSE(fake.sysfs().is_bridge({0, 9, 0, 0}));
}

TEST(Sysfs, LearnsHeadersAtOnceAndKeepsThem) {
  FakeSysfs fake;
  fake.add_card("0000:02:00", 3, 13);
  const auto config = [&](int function) {
    return fake.root() / ("bus/pci/devices/0000:02:00." + std::to_string(function) + "/config");
  };
  const std::vector<PciAddress> functions{{0, 2, 0, 0}, {0, 2, 0, 1}, {0, 2, 0, 2}};
  replace_file(config(0), std::string(64, '\0'));
  replace_file(config(1), std::string(64, '\xff'));
  const auto sysfs = fake.sysfs();
  sysfs.learn_header_types(functions);
  replace_file(config(0), std::string(14, '\0') + "\x01");
  replace_file(config(1), std::string(14, '\0') + "\x01");
  replace_file(config(2), std::string(14, '\0') + "\x01");
  EXPECT_EQ(sysfs.header_type(functions[0]), 0U);
  EXPECT_EQ(sysfs.header_type(functions[1]), 1U) << "it did not answer then";
  EXPECT_EQ(sysfs.header_type(functions[2]), 1U) << "it was not there then";
}

TEST(Sysfs, RefusesAnAttributeThatIsNoNumber) {
  FakeSysfs fake;
  fake.add({"0000:02:00.0", "0300", "10de:1c03", "nvidia", 13});
  for (const auto* text : {"", "10de", "0x", "0x10de rest", "0xgg"}) {
    replace_file(fake.root() / "bus/pci/devices/0000:02:00.0/vendor", text);
    EXPECT_THROW(fake.sysfs().read({0, 2, 0, 0}), Error) << text;
  }
}

}  // namespace
}  // namespace cluster::agent
