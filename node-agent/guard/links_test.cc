#include "node-agent/guard/links.h"

#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

class GuardLinks : public GuardedCard {
 protected:
  GuardLinks() { fake_.add_card("0000:02:00", 2, 13); }

  void link(const std::string& name) { set("0000:02:00.0/" + name + "/x", ""); }
};

TEST_F(GuardLinks, KeepACardThatADeviceOfTheHostDependsOn) {
  link("consumer:pci:0000:05:00.0");
  EXPECT_EQ(why(),
            "links: 0000:05:00.0 depends on 0000:02:00.0; detach it too (devices: in "
            "/etc/gpupci/gpupci.yaml)");
  EXPECT_EQ(why({"links"}), "nothing");
  fake_.add({"0000:05:00.0", "0302", "10de:1e07", "nvidia", 14});
  EXPECT_EQ(why({}, true), "nothing") << "both are detached by the same call";
}

TEST_F(GuardLinks, OfTheCardItselfAndOfBridgesDoNoHarm) {
  fake_.add({"0000:00:01.0", "0604", "8086:1901", "pcieport", 1});
  fake_.add({"0000:00:00.2", "0806", "1022:1419", std::nullopt, std::nullopt});
  for (const auto* name :
       {"consumer:pci:0000:02:00.1", "supplier:pci:0000:00:01.0", "consumer:pci:0000:00:00.2",
        "supplier:platform:x", "consumer:usb:1-1", "supplier:pci:0000:06:00.0"}) {
    link(name);
  }
  EXPECT_EQ(why(), "nothing") << "the host loses nothing that the card depends on";
}

// Thunderbolt's ports depend on its controller, and what is plugged in is behind them.
TEST_F(GuardLinks, KeepACardThatABridgeDependsOn) {
  fake_.add({"0000:00:07.0", "0604", "8086:9a23", "pcieport", 1});
  link("consumer:pci:0000:00:07.0");
  EXPECT_EQ(why(),
            "links: the bridge 0000:00:07.0 depends on 0000:02:00.0; keep it: the host would lose "
            "what is behind that bridge");
}

// The kernel links the sound of a GPU to the GPU in this way, also where that stays with the host.
TEST_F(GuardLinks, OfPowerAloneDoNoHarm) {
  link("consumer:pci:0000:05:00.0");
  link("supplier:pci:0000:06:00.0");
  set("0000:02:00.0/supplier:pci:0000:06:00.0/status", "not tracked");
  EXPECT_THAT(why(), ::testing::StartsWith("links: 0000:05:00.0 depends on 0000:02:00.0"));
  set("0000:02:00.0/consumer:pci:0000:05:00.0/status", "not tracked");
  EXPECT_EQ(why(), "nothing");
  const auto sysfs = fake_.sysfs();
  const auto cards = find_cards(sysfs, settings_);
  const auto seen = input(sysfs);
  const auto links = foreign_links(Subject(cards.front(), cards, seen), {0, 2, 0, 0});
  EXPECT_TRUE(links && links->empty());
}

TEST_F(GuardLinks, AreInTheOrderOfAddresses) {
  link("supplier:pci:0000:06:00.0");
  link("consumer:pci:0000:05:00.0");
  const auto sysfs = fake_.sysfs();
  const auto cards = find_cards(sysfs, settings_);
  const auto seen = input(sysfs);
  const auto links = foreign_links(Subject(cards.front(), cards, seen), {0, 2, 0, 0});
  ASSERT_TRUE(links && links->size() == 2);
  EXPECT_TRUE(links->front().other_depends);
  EXPECT_EQ(links->back().other, (PciAddress{0, 6, 0, 0}));
  EXPECT_FALSE(links->back().other_depends);
  EXPECT_FALSE(foreign_links(Subject(cards.front(), cards, seen), {0, 9, 0, 0}));
}

// A device of another bus is unbound as well: a USB-C connector of the platform, for one.
class GuardOtherLinks : public GuardLinks {
 protected:
  // The link to a consumer that `folder` is.
  std::filesystem::path add_consumer(const std::string& name, const std::filesystem::path& folder,
                                     const std::string& driver) {
    const auto functions = fake_.root() / "bus/pci/devices";
    replace_file(fake_.root() / folder / "uevent", "\n");
    if (!driver.empty()) {
      std::filesystem::create_symlink("/sys/bus/x/drivers/" + driver,
                                      fake_.root() / folder / "driver");
    }
    const auto link = functions / "0000:02:00.0" / name;
    replace_file(link / "status", "active\n");
    std::filesystem::create_symlink(fake_.root() / folder, link / "consumer");
    return link;
  }
};

TEST_F(GuardOtherLinks, KeepACardThatAnotherBusDependsOn) {
  const auto link =
      add_consumer("consumer:platform:USBC000:00", "devices/platform/USBC000:00", "ucsi_acpi");
  EXPECT_EQ(why(),
            "links: 'USBC000:00' (no PCI device, driver 'ucsi_acpi') depends on 0000:02:00.0; keep "
            "it: the host would lose that device, too");
  EXPECT_EQ(why({"links"}), "nothing");
  replace_file(link / "status", "not tracked\n");
  EXPECT_EQ(why(), "nothing") << "the kernel orders only the power of such a one";
  replace_file(link / "status", "active\n");
  replace_file(link / "sync_state_only", "1\n");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardOtherLinks, LoseNothingThatHasNoDriverOrIsTheCardsOwn) {
  add_consumer("consumer:platform:x", "devices/platform/x", "");
  add_consumer("consumer:i2c:3-0008", "bus/pci/devices/0000:02:00.0/i2c-3/3-0008", "ucsi_ccg");
  EXPECT_EQ(why(), "nothing");
}

}  // namespace
}  // namespace cluster::agent
