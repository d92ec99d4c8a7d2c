#include "node-agent/cards/cards.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> names(const std::vector<Card>& cards) {
  std::vector<std::string> list;
  for (const auto& card : cards) {
    list.push_back(card.name.str() + " " + card.pci().sysfs() + " " +
                   std::to_string(card.functions.size()));
  }
  return list;
}

TEST(Cards, OfSlotsThatAreTheirsHaveAllFunctions) {
  FakeSysfs fake;
  for (const int functions : {1, 2, 4, 8}) {
    fake.add_card("0000:0" + std::to_string(functions) + ":00", functions, functions);
  }
  EXPECT_THAT(names(find_cards(fake.sysfs(), Settings{})),
              ElementsAre("gpupci1 0000:01:00.0 1", "gpupci2 0000:02:00.0 2",
                          "gpupci3 0000:04:00.0 4", "gpupci4 0000:08:00.0 8"));
}

TEST(Cards, AreNumberedByAddressPastTenAndPastDomainZero) {
  FakeSysfs fake;
  fake.add_card("10000:01:00", 1, 1);
  for (int bus = 10; bus < 21; ++bus) fake.add_card("0000:" + std::to_string(bus) + ":00", 2, bus);
  const auto cards = find_cards(fake.sysfs(), Settings{});
  ASSERT_EQ(cards.size(), 12U);
  EXPECT_EQ(cards[1].name.str(), "gpupci2");
  EXPECT_EQ(cards[9].name.str(), "gpupci10");
  EXPECT_EQ(cards[11].pci().libvirt(), "pci_10000_01_00_0");
}

TEST(Cards, AreToldByClassAndVendor) {
  FakeSysfs fake;
  fake.add({"0000:00:02.0", "0300", "8086:3e92", "i915", 1})           // not of the vendors
      .add({"0000:03:00.0", "0108", "144d:a804", "nvme", 2})           // not of the classes
      .add({"0000:04:00.0", "0680", "10de:22a3", std::nullopt, 3})     // an NVSwitch
      .add({"0000:05:00.1", "0403", "10de:10f1", "snd_hda_intel", 4})  // audio is no card
      .add({"0000:06:00.0", "0380", "1002:740f", "amdgpu", 5})
      .add({"0000:07:00.0", "1200", "1002:74a5", "amdgpu", 6});
  EXPECT_THAT(names(find_cards(fake.sysfs(), Settings{})),
              ElementsAre("gpupci1 0000:06:00.0 1", "gpupci2 0000:07:00.0 1"));
  Settings only_nvme;
  only_nvme.vendors = {0x144d};
  only_nvme.classes = {0x0108};
  EXPECT_THAT(names(find_cards(fake.sysfs(), only_nvme)), ElementsAre("gpupci1 0000:03:00.0 1"));
}

TEST(Cards, AreAlsoWhatTheSettingsNameAndNotWhatTheyIgnore) {
  FakeSysfs fake;
  fake.add({"0000:01:00.0", "0108", "144d:a804", "nvme", 1})  // two disks, told by address
      .add({"0000:02:00.0", "0108", "144d:a804", "nvme", 2})
      .add({"0000:03:00.0", "0200", "15b3:1017", "mlx5_core", 3})  // by model
      .add_card("0000:04:00", 2, 4)
      .add_card("0000:05:00", 2, 5);
  Settings settings;
  settings.devices = {{{0, 2, 0, 0}}, {{0x15b3, 0x1017}}};
  settings.ignore = {{{0, 4, 0, 0}}, {}};
  EXPECT_THAT(
      names(find_cards(fake.sysfs(), settings)),
      ElementsAre("gpupci1 0000:02:00.0 1", "gpupci2 0000:03:00.0 1", "gpupci3 0000:05:00.0 2"));
  settings.ignore.models = {{0x10de, 0x1e07}, {0x15b3, 0x1017}};
  EXPECT_THAT(names(find_cards(fake.sysfs(), settings)), ElementsAre("gpupci1 0000:02:00.0 1"));
}

TEST(Cards, AreNotMadeOfVirtualFunctions) {
  FakeSysfs fake;
  fake.add_card("0000:82:00", 1, 1)
      .add({"0000:82:00.4", "0302", "10de:2236", "nvidia", 2})
      .add({"0000:82:01.0", "0302", "10de:2236", "nvidia", 3});
  for (const auto* slice : {"0000:82:00.4", "0000:82:01.0"}) {
    const auto devices = fake.root() / "bus/pci/devices";
    std::filesystem::create_directory_symlink(devices / "0000:82:00.0", devices / slice / "physfn");
  }
  EXPECT_THAT(names(find_cards(fake.sysfs(), Settings{})), ElementsAre("gpupci1 0000:82:00.0 1"));
}

TEST(Cards, AreNoneOnAHostWithoutPci) {
  EXPECT_THAT(find_cards(Sysfs("/nonexistent"), Settings{}), IsEmpty());
}

TEST(Kind, IsTheWordOfAClass) {
  const auto word = [](std::uint16_t device_class) {
    return std::string(kind({.pci = {},
                             .device_class = device_class,
                             .driver = std::nullopt,
                             .iommu_group = std::nullopt}));
  };
  EXPECT_EQ(word(0x0300), "video");
  EXPECT_EQ(word(0x0302), "video");
  EXPECT_EQ(word(0x0380), "video");
  EXPECT_EQ(word(0x0403), "audio");
  EXPECT_EQ(word(0x0c03), "usb");
  EXPECT_EQ(word(0x0700), "serial");
  EXPECT_EQ(word(0x0c80), "serial");
  EXPECT_EQ(word(0x1200), "function");
}

}  // namespace
}  // namespace cluster::agent
