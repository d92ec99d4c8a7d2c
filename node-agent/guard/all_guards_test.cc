#include <algorithm>
#include <functional>
#include <map>
#include <string_view>

#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// A card, and for each guard a harm that it alone finds.
class AllGuards : public GuardedCard {
 protected:
  AllGuards() { fake_.add_card("0000:02:00", 3, 13); }

  std::map<std::string_view, std::function<void()>> harms() {
    return {
        {"vm",
         [this] {
           replace_file(fake_.root() / "class/vfio/13/dev", "1:5\n");
           proc_.process(900, "qemu").open(900, 3, "/dev/zero");
         }},
        {"bus", [this] { set("0000:02:00.1/config", std::string(64, '\xff')); }},
        {"iommu", [this] { fs::remove_all(functions() / "0000:02:00.1/iommu_group"); }},
        {"group",
         [this] {
           fake_.add({"0000:03:00.0", "0106", "8086:a102", "ahci", 13});
         }},
        {"links", [this] { set("0000:02:00.0/consumer:pci:0000:09:00.0/x", ""); }},
        {"slices", [this] { set("0000:02:00.0/sriov_numvfs", "2"); }},
        {"disk",
         [this] {
           add_node("0000:02:00.2/usb1/1-1/host1/block/sdb", "8:16", "sdb", "block");
           proc_.file("self/mountinfo", "36 22 8:16 / /data rw - ext4 /dev/sdb rw\n");
         }},
        {"network",
         [this] {
           set("0000:02:00.2/usb2/2-1/net/eth1/flags", "0x1003");
           proc_.file("net/if_inet6", "20010db8000000000000000000000005 07 40 00 80     eth1\n");
         }},
        {"console",
         [this] {
           set("0000:02:00.0/boot_vga", "1");
           replace_file(fake_.root() / "class/vtconsole/vtcon0/name", "(S) VGA+\n");
           replace_file(fake_.root() / "class/vtconsole/vtcon0/bind", "1\n");
         }},
        {"framebuffer",
         [this] {
           set("0000:02:00.0/resource", "0xe0000000 0xefffffff 0x14220c");
           proc_.file("iomem", "e0000000-e02fffff : BOOTFB\n");
         }},
        {"fbdev",
         [this] {
           replace_file(fake_.root() / "module/nvidia_drm/parameters/fbdev", "Y\n");
           set("0000:02:00.0/graphics/fb0/name", "nvidia-drmdrmfb");
         }},
        {"holder",
         [this] {
           add_node("0000:02:00.0/drm/card0", "1:3", "dri/card0");
           proc_.process(812, "Xorg").open(812, 9, "/dev/null");
         }},
    };
  }

  using Ids = std::vector<std::string_view>;

  // The guards that speak when the card is to be detached, when it is half detached, and when it is
  // to be given back.
  Ids refuse(const Forced& forced = {}) {
    const auto sysfs = fake_.sysfs();
    const auto cards = find_cards(sysfs, settings_);
    return ids(refusals(cards.front(), {cards.front()}, input(sysfs), forced));
  }
  Ids refuse_again(const Forced& forced = {}) {
    const auto sysfs = fake_.sysfs();
    const auto cards = find_cards(sysfs, settings_);
    return ids(changed_refusals(cards.front(), {cards.front()}, input(sysfs), forced));
  }
  Ids refuse_attach() {
    const auto sysfs = fake_.sysfs();
    const auto cards = find_cards(sysfs, settings_);
    return ids(attach_refusals(cards.front(), input(sysfs)));
  }

  static bool has_id(const Ids& all, std::string_view id) {
    return std::ranges::find(all, id) != all.end();
  }

  fs::path functions() const { return fake_.root() / "bus/pci/devices"; }
};

TEST_F(AllGuards, AreSilentOnACardThatNobodyUses) {
  EXPECT_EQ(refuse(), Ids());
  EXPECT_EQ(refuse_again(), Ids());
  EXPECT_EQ(refuse_attach(), Ids());
}

// One harm at a time: no guard speaks for another one.
class EachGuard : public AllGuards, public ::testing::WithParamInterface<const Guard*> {};

TEST_P(EachGuard, FindsItsOwnHarmAndNoOther) {
  const auto& guard = *GetParam();
  harms().at(guard.name)();
  EXPECT_EQ(refuse(), Ids{guard.name});
}

TEST_P(EachGuard, IsOverriddenWhereItSaysSo) {
  const auto& guard = *GetParam();
  harms().at(guard.name)();
  const bool stays = !guard.not_forced.empty();
  const Forced forced{std::string(guard.name)};
  EXPECT_EQ(refuse(forced), stays ? Ids{guard.name} : Ids());
  const bool again = guard.again || guard.of_programs;
  EXPECT_EQ(refuse_again(forced), stays && again ? Ids{guard.name} : Ids());
}

// While a card lets go of one function, programs come and disks are mounted; nothing else changes.
TEST_P(EachGuard, IsAskedAgainWhereItsAnswerMayChange) {
  const auto& guard = *GetParam();
  harms().at(guard.name)();
  const bool again = guard.again || guard.of_programs;
  EXPECT_EQ(refuse_again(), again ? Ids{guard.name} : Ids());
  constexpr std::array<std::string_view, 4> kMayChange{"vm", "disk", "network", "holder"};
  EXPECT_EQ(again, std::ranges::find(kMayChange, guard.name) != kMayChange.end());
}

TEST_P(EachGuard, IsAskedOnTheWayBackOnlyAboutVms) {
  const auto& guard = *GetParam();
  harms().at(guard.name)();
  EXPECT_EQ(refuse_attach(), guard.name == "vm" ? Ids{"vm"} : Ids());
  EXPECT_EQ(guard.on_attach, guard.name == "vm");
}

INSTANTIATE_TEST_SUITE_P(OfTheTable, EachGuard,
                         ::testing::ValuesIn(guards().begin(), guards().end()),
                         [](const auto& one) { return std::string(one.param->name); });

// All at once: they speak in the order of the table, whatever is asked first.
TEST_F(AllGuards, SpeakInTheOrderOfTheTable) {
  Ids names;
  for (const auto& [name, harm] : harms()) harm();
  for (const auto* guard : guards()) names.push_back(guard->name);
  EXPECT_EQ(refuse(), names);
}

TEST_F(AllGuards, AreOverriddenOneByOne) {
  for (const auto& [name, harm] : harms()) harm();
  Forced forced;
  for (const auto* guard : guards()) {
    EXPECT_TRUE(has_id(refuse(forced), guard->name)) << guard->name;
    forced.emplace(guard->name);
    EXPECT_EQ(has_id(refuse(forced), guard->name), !guard->not_forced.empty()) << guard->name;
  }
  EXPECT_EQ(refuse(forced), Ids{"vm"}) << "a running VM stays";
}

TEST_F(AllGuards, NameEveryReasonOfTheirs) {
  for (const auto& [name, harm] : harms()) harm();
  const auto sysfs = fake_.sysfs();
  const auto cards = find_cards(sysfs, settings_);
  for (const auto& reason : refusals(cards.front(), {cards.front()}, input(sysfs))) {
    EXPECT_FALSE(reason.id.empty()) << reason.what;
    EXPECT_FALSE(reason.what.empty());
    EXPECT_FALSE(way_out(reason).empty()) << reason.what;
    EXPECT_EQ(reason.what.find('\n'), std::string::npos) << reason.what;
  }
}

}  // namespace
}  // namespace cluster::agent
