#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "node-agent/checks/checks.h"
#include "node-agent/guard/guards.h"
#include "node-agent/state/wedged.h"
#include "tests/support/called_gpupci.h"
#include "tests/support/fake_proc.h"

namespace cluster::agent {
namespace {

// Makes a guard refuse card 02:00, and a check fail with it.
class HarmedCard : public CalledGpupci {
 protected:
  HarmedCard() {
    environment_.proc = proc_.root();
    vm_devices_ = {};
  }

  void set(const std::filesystem::path& attribute, const std::string& text) {
    replace_file(fake_.root() / "bus/pci/devices" / attribute, text);
  }

  const std::map<const Guard*, std::function<void()>> harm_{
      {&kVmGuard,
       [this] {
         vm_devices_ = {{"rocks-33", "0000:02:00.0"}};
       }},
      {&kBusGuard, [this] { set("0000:02:00.0/config", std::string(64, '\xff')); }},
      {&kIommuGuard,
       [this] { remove_all(fake_.root() / "bus/pci/devices/0000:02:00.0/iommu_group"); }},
      {&kGroupGuard,
       [this] {
         fake_.add({"0000:03:00.0", "0200", "8086:100e", "e1000", 13});
       }},
      {&kLinksGuard, [this] { set("0000:02:00.0/consumer:pci:0000:05:00.0/x", ""); }},
      {&kSlicesGuard, [this] { set("0000:02:00.0/sriov_numvfs", "2\n"); }},
      {&kDiskGuard,
       [this] {
         set("0000:02:00.0/nvme/nvme0/nvme0n1/dev", "259:0\n");
         set("0000:02:00.0/nvme/nvme0/nvme0n1/uevent", "DEVNAME=nvme0n1\n");
         std::filesystem::create_symlink(
             "../../class/block",
             fake_.root() / "bus/pci/devices/0000:02:00.0/nvme/nvme0/nvme0n1/subsystem");
         proc_.file("self/mountinfo", "36 22 259:0 / /data rw - ext4 /dev/nvme0n1 rw\n");
       }},
      {&kNetworkGuard,
       [this] {
         set("0000:02:00.0/net/eth1/mtu", "1500\n");
         proc_.file("net/route",
                    "Iface\tDestination\neth1\t00000000\t0100000A\t3\t0\t0\t0\t00000000\t0\n");
       }},
      {&kConsoleGuard,
       [this] {
         set("0000:02:00.0/boot_vga", "1\n");
         replace_file(fake_.root() / "class/vtconsole/vtcon1/name", "(M) frame buffer device\n");
         replace_file(fake_.root() / "class/vtconsole/vtcon1/bind", "1\n");
       }},
      {&kFramebufferGuard,
       [this] {
         for (const auto* function : {"0000:02:00.0", "0000:02:00.1"}) {
           set(std::filesystem::path(function) / "resource", "0xe0000000 0xefffffff 0x14220c\n");
         }
         proc_.file("iomem", "e1000000-e12fffff : BOOTFB\n");
       }},
      {&kFbdevGuard,
       [this] {
         replace_file(fake_.root() / "module/nvidia_drm/parameters/fbdev", "Y\n");
         set("0000:02:00.0/graphics/fb0/name", "nvidia-drmdrmfb\n");
       }},
      {&kHolderGuard,
       [this] {
         set("0000:02:00.0/drm/card0/dev", "1:3\n");
         set("0000:02:00.0/drm/card0/uevent", "DEVNAME=dri/card0\n");
         proc_.process(812, "Xorg").open(812, 9, "/dev/null");
       }},
  };

  FakeProc proc_;
};

// There is one list, not two. Every guard is found by a check. Every check has a guard if its FAIL
// means that acting would do harm.
TEST_F(HarmedCard, EveryGuardStandsBehindACheck) {
  std::set<const Guard*> found;
  for (const auto& check : card_checks()) {
    for (const auto* guard : check.refused_by) {
      if (guard != nullptr) found.insert(guard);
    }
  }
  EXPECT_EQ(found, std::set<const Guard*>(guards().begin(), guards().end()));
  for (const auto* guard : guards()) EXPECT_TRUE(harm_.contains(guard)) << guard->name;
}

class HarmBy : public HarmedCard, public ::testing::WithParamInterface<const Guard*> {};

TEST_P(HarmBy, WhatACheckFailsAsHarmfulIsNotDetached) {
  const auto& guard = *GetParam();
  fake_.add_card("0000:02:00", 2, 13);
  const auto before = fake_.drivers();
  ASSERT_TRUE(harm_.contains(&guard)) << guard.name << ": say here what makes it refuse";
  harm_.at (&guard)();
  const auto table = gpupci({"--check", "gpupci1"});
  const auto all = card_checks();
  for (const auto& check : all) {
    if (std::ranges::find(check.refused_by, &guard) == check.refused_by.end()) continue;
    auto line = std::string(check.id);
    line.resize(5, ' ');
    EXPECT_NE(table.find("\n" + line + "gpupci1  FAIL"), std::string::npos) << table;
  }
  for (const auto* words : {"", "--dry-run"}) {
    std::vector<std::string> arguments{"-d", "gpupci1"};
    if (*words != '\0') arguments.emplace_back(words);
    EXPECT_EQ(gpupci(arguments), "");
    EXPECT_EQ(status_, 1);
    EXPECT_NE(err_.find("gpupci: cannot detach gpupci1: "), std::string::npos) << err_;
    EXPECT_NE(err_.find(std::string(guard.name) + ": "), std::string::npos) << err_;
    EXPECT_EQ(fake_.drivers().substr(0, before.size()), before);
  }
}

INSTANTIATE_TEST_SUITE_P(Guards, HarmBy, ::testing::ValuesIn(guards().begin(), guards().end()),
                         [](const auto& one) { return std::string(one.param->name); });

// A card that is wedged does not concern the guards: the call ends before any guard is asked.
TEST_F(HarmedCard, WhatIsWedgedIsNeitherDetachedNorAttached) {
  fake_.add_card("0000:02:00", 2, 13);
  proc_.file("sys/kernel/random/boot_id", "b1\n");
  WedgedCards(environment_.wedged, "b1").mark({0, 2, 0, 0}, "echo x > unbind");
  fake_.lock({0, 2, 0, 0});
  EXPECT_NE(gpupci({"--check", "gpupci1"}).find("\nD23  gpupci1  FAIL     wedged since "),
            std::string::npos);
  for (const auto* action : {"-d", "-a"}) {
    gpupci({action, "gpupci1"});
    EXPECT_EQ(status_, 1);
    EXPECT_NE(err_.find(" gpupci1: wedged since "), std::string::npos) << err_;
    EXPECT_NE(err_.find(" (no end of: echo x > unbind); reboot the host\n"), std::string::npos);
  }
  EXPECT_EQ(fake_.drivers(), "nvidia snd_hda_intel");
}

// A process may choose any name. The name cannot pass for a way out, nor for a command.
TEST_F(HarmedCard, NamesCannotPassForOurWords) {
  fake_.add_card("0000:02:00", 2, 13);
  set("0000:02:00.0/drm/card0/dev", "1:3\n");
  set("0000:02:00.0/drm/card0/uevent", "DEVNAME=dri/card0\n");
  proc_.process(812, "x'); rm -rf /").open(812, 9, "/dev/null");
  gpupci({"-d", "gpupci1"});
  EXPECT_EQ(err_,
            "gpupci: cannot detach gpupci1: holder: process 812 ('x\\x27); rm -rf /') has "
            "/dev/dri/card0 open; stop it (kill 812)\n");
  const auto json = gpupci({"--check", "gpupci1", "--json"});
  EXPECT_NE(json.find(R"x("fix":"stop it (kill 812)")x"), std::string::npos) << json;
}

}  // namespace
}  // namespace cluster::agent
