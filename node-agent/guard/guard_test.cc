#include "node-agent/guard/guard.h"

#include <chrono>
#include <functional>
#include <set>
#include <thread>

#include "core/error.h"
#include "core/text.h"
#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Guards : public GuardedCard {};

TEST_F(Guards, LetACardGoThatIsAloneInItsGroup) {
  fake_.add_card("0000:02:00", 4, 13);
  EXPECT_EQ(why(), "nothing");
}

TEST_F(Guards, NameTheForeignerInTheGroup) {
  fake_.add_card("0000:02:00", 2, 13)
      .add({"0000:03:00.0", "0403", "8086:a170", "snd_hda_intel", 13});
  EXPECT_EQ(why(),
            "group: 0000:03:00.0 (class 0403, driver snd_hda_intel) shares IOMMU group 13 with it; "
            "put the card into a slot with a group of its own, or detach that device too (devices: "
            "in /etc/gpupci/gpupci.yaml)");
  EXPECT_EQ(why({"group"}), "nothing");
}

TEST_F(Guards, LetHarmlessNeighboursBe) {
  fake_.add_card("0000:02:00", 2, 13)
      .add({"0000:00:01.0", "0604", "8086:1901", "pcieport", 13})
      .add({"0000:03:00.0", "0200", "8086:100e", std::nullopt, 13})
      .add({"0000:04:00.0", "0108", "144d:a804", "vfio-pci", 13});
  EXPECT_EQ(why(), "nothing");
}

TEST_F(Guards, TakeTwoCardsOfOneGroupOnlyTogether) {
  fake_.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 1, 13);
  EXPECT_EQ(why(),
            "group: 0000:03:00.0 (class 0300, driver nvidia) shares IOMMU group 13 with it; they "
            "go together, to one VM: gpupci -d gpupci1,gpupci2");
  EXPECT_EQ(why({}, true), "nothing");
}

TEST_F(Guards, NameNoCardThatIsNotInTheGroup) {
  fake_.add_card("0000:02:00", 1, 13).add_card("0000:03:00", 1, 13).add_card("0000:04:00", 1, 14);
  fake_.add({"0000:05:00.0", "0106", "8086:a102", "ahci", 13});
  EXPECT_EQ(why(),
            "group: 0000:03:00.0 (class 0300, driver nvidia) shares IOMMU group 13 with it; they "
            "go together, to one VM: gpupci -d gpupci1,gpupci2; group: 0000:05:00.0 (class 0106, "
            "driver ahci) shares IOMMU group 13 with it; put the card into a slot with a group of "
            "its own");
}

// Only what is in the slot of the neighbour says whether the host can spare it.
TEST_F(Guards, AdviseToDetachADisplayThatNobodyUses) {
  fake_.add_card("0000:02:00", 1, 13)
      .add({"0000:01:00.0", "0300", "1a03:2000", "ast", 13})
      .add({"0000:07:00.0", "0106", "8086:a102", "ahci", 20});
  EXPECT_THAT(why(), HasSubstr("or detach that device too (devices: in /etc/gpupci/gpupci.yaml)"));
}

// The second slot of a board is often behind its chipset, in one group with the devices of the
// host and with a bridge that is a function of their slot.
TEST_F(Guards, AdviseToDetachNothingThatIsTheHosts) {
  fake_.add_card("0000:05:00", 1, 12)
      .add({"0000:01:00.0", "0c03", "1022:43d5", "xhci_hcd", 12})
      .add({"0000:01:00.1", "0106", "1022:43c8", "ahci", 12})
      .add({"0000:01:00.2", "0604", "1022:43c6", "pcieport", 12});
  auto all = why();
  EXPECT_THAT(all, HasSubstr("0000:01:00.0 (class 0c03, driver xhci_hcd) shares IOMMU group 12"));
  EXPECT_THAT(all, HasSubstr("0000:01:00.1 (class 0106, driver ahci) shares IOMMU group 12"));
  EXPECT_THAT(all, Not(HasSubstr("0000:01:00.2")));
  EXPECT_THAT(all, Not(HasSubstr("detach that")));
}

TEST_F(Guards, AdviseToDetachNoNeighbourThatIsInUse) {
  fake_.add_card("0000:02:00", 1, 13).add({"0000:03:00.0", "0200", "8086:100e", "e1000", 13});
  add_node("0000:03:00.0/uio/uio0", "1:3", "uio0");
  EXPECT_THAT(why(), HasSubstr("or detach that device too"));
  proc_.process(812, "dpdk").age(812, 3000).open(812, 9, "/dev/null");
  EXPECT_THAT(why(), Not(HasSubstr("detach that")));
}

// A bridge is known by its header, too: others have a class of their own, and a driver of the host.
TEST_F(Guards, LetEachKindOfBridgeBe) {
  fake_.add_card("0000:02:00", 1, 13).add({"0000:00:01.0", "0680", "1234:5678", "switch", 13});
  EXPECT_THAT(why(), StartsWith("group: 0000:00:01.0 (class 0680, driver switch) shares"));
  EXPECT_THAT(why(), Not(HasSubstr("detach that")));
  set("0000:00:01.0/config", std::string(14, '\0') + "\x81");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(Guards, NameAMemberThatIsNoPciDevice) {
  fake_.add_card("0000:02:00", 1, 13);
  const auto member = fake_.root() / "kernel/iommu_groups/13/devices/MSFT1000:00";
  std::filesystem::create_directories(member);
  EXPECT_EQ(why(), "nothing");  // no driver has it
  std::filesystem::create_symlink("../../../bus/platform/drivers/some-dma", member / "driver");
  EXPECT_EQ(why(),
            "group: 'MSFT1000:00' (no PCI device, driver 'some-dma') shares IOMMU group 13 with "
            "it; put the card into a slot with a group of its own");
  std::filesystem::remove_all(member);
  std::filesystem::create_symlink("../../gone", member);  // we cannot look
  EXPECT_THAT(why(), StartsWith("group: 'MSFT1000:00' (no PCI device) shares IOMMU group 13"));
}

TEST_F(Guards, LookAtTheGroupOfEachFunction) {
  fake_.add_card("0000:02:00", 1, 13)
      .add({"0000:02:00.1", "0403", "10de:10f1", "snd_hda_intel", 14})
      .add({"0000:03:00.0", "0c03", "8086:a36d", "xhci_hcd", 14});
  EXPECT_THAT(why(), StartsWith("group: 0000:03:00.0 (class 0c03"));
}

TEST_F(Guards, SayHowToTurnOnTheIommu) {
  fake_.add_card("0000:02:00", 2, std::nullopt);
  proc_.file("cpuinfo", "vendor_id\t: GenuineIntel\n");
  EXPECT_THAT(why(), StartsWith("iommu: 0000:02:00.0 is in no IOMMU group; turn on VT-d"));
  proc_.file("cpuinfo", "CPU implementer\t: 0x41\n");
  EXPECT_THAT(why(), StartsWith("iommu: 0000:02:00.0 is in no IOMMU group; turn on the SMMU"));
}

TEST_F(Guards, WaitForWhoHasItForAMomentOnly) {
  fake_.add_card("0000:02:00", 1, 13);
  add_node("0000:02:00.0/drm/card0", "1:3", "dri/card0");
  settle_time_ = std::chrono::seconds(30);  // not to be reached
  for (const auto* command : {"nvidia-smi", "(udev-worker)", "systemd-udevd"}) {
    const bool of_udev = std::string_view(command) != "nvidia-smi";
    proc_.process(812, command).age(812, of_udev ? 3000 : 1).open(812, 9, "/dev/null");
    std::jthread closes([this] {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      proc_.close(812, 9);
    });
    EXPECT_EQ(why(), "nothing") << command;
  }
}

TEST_F(Guards, RefuseWhoStays) {
  fake_.add_card("0000:02:00", 1, 13);
  add_node("0000:02:00.0/drm/card0", "1:3", "dri/card0");
  proc_.process(812, "Xorg").age(812, 1).open(812, 9, "/dev/null");
  settle_time_ = std::chrono::milliseconds(250);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(why(), StartsWith("holder: process 812 ('Xorg') has /dev/dri/card0 open"));
  EXPECT_GE(std::chrono::steady_clock::now() - start, settle_time_);

  // The answer comes at once for a holder that is not new, for one that is forced, and where
  // another guard refuses as well. A wait would not end within the time that a test has.
  settle_time_ = std::chrono::hours(1);
  proc_.process(813, "other").age(813, 3000).open(813, 9, "/dev/null");
  EXPECT_THAT(why(), HasSubstr("process 812 ('Xorg')"));
  proc_.close(813, 9);
  EXPECT_EQ(why({"holder"}), "nothing");
  set("0000:02:00.0/sriov_numvfs", "2");
  EXPECT_THAT(why(), HasSubstr("; holder: process 812 ('Xorg')"));
}

TEST_F(Guards, KeepACardThatIsSliced) {
  fake_.add_card("0000:02:00", 1, 13);
  set("0000:02:00.0/sriov_numvfs", "0");
  EXPECT_EQ(why(), "nothing");
  set("0000:02:00.0/sriov_numvfs", "2");
  EXPECT_THAT(why(), StartsWith("slices: 0000:02:00.0 has 2 active virtual functions; "));
  set("0000:02:00.0/sriov_numvfs", "0");
  set("0000:02:00.0/mdev_supported_types/nvidia-63/devices/c2177883/x", "");
  EXPECT_THAT(why(),
              StartsWith("slices: mediated device c2177883 (nvidia-63) is made from 0000:02:00.0"));
  EXPECT_EQ(why({"slices"}), "nothing");
}

TEST(Force, TakesTheNamesOfGuardsOnly) {
  Forced forced;
  add_forced("holder,console", forced);
  add_forced("group", forced);
  EXPECT_EQ(forced, (Forced{"console", "group", "holder"}));
  const auto refused = [&](std::string_view list) {
    try {
      add_forced(list, forced);
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::usage);
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_EQ(refused("all"),
            "no such guard: 'all' (want bus, iommu, group, links, slices, disk, network, console, "
            "framebuffer, fbdev, holder)");
  EXPECT_EQ(refused("holder,vm"), "a running or saved VM cannot be overridden; shut it down");
  EXPECT_THAT(refused(""), StartsWith("no such guard: ''"));
}

// Each name occurs once, in small letters, as --force and the docs take it.
TEST(GuardTable, NamesEachGuardOnce) {
  std::set<std::string_view> names;
  for (const auto* guard : guards()) {
    EXPECT_TRUE(names.insert(guard->name).second) << guard->name;
    EXPECT_EQ(guard->name.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), std::string_view::npos);
    EXPECT_FALSE(guard->help.empty()) << guard->name;
    EXPECT_THAT(guards_markdown(), HasSubstr("| `" + std::string(guard->name) + "` | "));
  }
}

std::string names_of(const std::function<bool(const Guard&)>& wanted) {
  std::vector<std::string> names;
  for (const auto* guard : guards()) {
    if (wanted(*guard)) names.emplace_back(guard->name);
  }
  return joined(names, " ");
}

// The actions that ask only some guards go by these. Whoever adds a guard decides here, too.
TEST(GuardTable, SaysWhereEachGuardIsAsked) {
  EXPECT_EQ(names_of([](auto& guard) { return guard.of_neighbours; }),
            "links disk network console framebuffer holder");
  EXPECT_EQ(names_of([](auto& guard) { return guard.at_boot == AtBoot::left_out; }),
            "disk network");
  EXPECT_EQ(names_of([](auto& guard) { return guard.at_boot == AtBoot::told; }), "console");
  EXPECT_EQ(names_of([](auto& guard) { return guard.for_vms_alone; }), "iommu group");
}

TEST(GuardTable, IsWhatForceTakes) {
  for (const auto* guard : guards()) {
    Forced forced;
    if (guard->not_forced.empty()) {
      add_forced(guard->name, forced);
      EXPECT_TRUE(forced.contains(guard->name));
    } else {
      EXPECT_THROW(add_forced(guard->name, forced), Error) << guard->name;
    }
  }
}

}  // namespace
}  // namespace cluster::agent
