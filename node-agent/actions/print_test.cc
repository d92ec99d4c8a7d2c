#include <gmock/gmock.h>

#include "core/file.h"
#include "tests/support/called_gpupci.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class Print : public CalledGpupci {
 protected:
  Print() {
    environment_.os_release = fake_.root() / "os-release";
    environment_.program = "/usr/bin/gpupci";
    environment_.modules = fake_.root() / "modules";
    replace_file(fake_.root() / "proc/sys/kernel/osrelease", "6.12.0-test\n");
    fake_.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 2, 14);
    cpu("GenuineIntel");
  }

  void aliases() {
    replace_file(environment_.modules / "6.12.0-test/modules.alias",
                 "alias pci:v000010DEd*sv*sd*bc03sc*i* nouveau\n"
                 "alias pci:v000010DEd*sv*sd*bc03sc00i00* nvidia\n"
                 "alias pci:v*d*sv*sd*bc04sc03i00* snd_hda_intel\n");
  }

  void cpu(const std::string& vendor) {
    replace_file(fake_.root() / "proc/cpuinfo", "vendor_id\t: " + vendor + "\n");
  }
};

TEST_F(Print, GivesAUnitThatComesBeforeLibvirt) {
  const auto unit = gpupci({"--print-unit"});
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(unit, HasSubstr("\nExecStart=/usr/bin/gpupci --restore\n"));
  EXPECT_THAT(unit, HasSubstr("\nBefore=basic.target libvirtd.service virtqemud.service "));
}

TEST_F(Print, GivesTheModelsOfAllCards) {
  replace_file(environment_.modules / "6.12.0-test/modules.alias", "# none\n");
  EXPECT_EQ(gpupci({"--print-modprobe"}),
            "# /etc/modprobe.d/gpupci.conf, from gpupci --print-modprobe; then put it into the\n"
            "# initramfs: update-initramfs -u (Debian) or dracut -f (RHEL), and reboot.\n"
            "# For gpupci1, gpupci2.\n"
            "# ids= takes every device of a model, at whatever address; a card of the same model "
            "that\n"
            "# the host is to keep cannot be told from these. Then leave it out: gpupci --restore "
            "goes\n"
            "# by address.\n"
            "options vfio-pci ids=10de:10f7,10de:1e07\n"
            "softdep nvidia pre: vfio-pci\n"
            "softdep snd_hda_intel pre: vfio-pci\n"
            "# On a host whose own screen and sound need none of these, they can stay out "
            "wholly:\n"
            "# blacklist nvidia\n"
            "# blacklist snd_hda_intel\n");
  EXPECT_FALSE(std::filesystem::exists(environment_.names));
}

TEST_F(Print, WarnsOfTwinsOfWhatIsDetached) {
  fake_.set_driver({0, 3, 0, 0}, "vfio-pci");
  const auto text = gpupci({"--print-modprobe"});
  EXPECT_THAT(text, HasSubstr("# For gpupci2.\n"));
  EXPECT_THAT(text, HasSubstr("# CAUTION, it takes these as well: 0000:02:00.0, 0000:02:00.1\n"));
}

// What modprobe would load for a card counts, and not which driver happens to have it: a file that
// is renewed has the same lines again.
TEST_F(Print, NamesTheModulesThatWouldTakeTheCardAtBoot) {
  aliases();
  const auto before = gpupci({"--print-modprobe"});
  EXPECT_THAT(before, HasSubstr("softdep nouveau pre: vfio-pci\nsoftdep nvidia pre: vfio-pci\n"
                                "softdep snd_hda_intel pre: vfio-pci\n"));
  for (const auto& driver : {std::optional<std::string>("vfio-pci"), {}}) {
    for (const auto& pci : fake_.sysfs().functions()) fake_.set_driver(pci, driver);
    EXPECT_EQ(gpupci({"--print-modprobe"}), before);
  }
}

TEST_F(Print, SaysThatTheListOfModulesIsMissing) {
  const auto file = (environment_.modules / "6.12.0-test/modules.alias").native();
  const auto caution = "# CAUTION, " + file + " is missing: ";
  EXPECT_THAT(gpupci({"--print-modprobe"}), HasSubstr(caution));
  aliases();
  EXPECT_THAT(gpupci({"--print-modprobe"}), Not(HasSubstr(caution)));
}

// Ubuntu has vfio-pci in its kernel, and others have the USB controllers' driver there.
TEST_F(Print, SaysWhatIsBuiltIntoTheKernel) {
  aliases();
  const auto list = environment_.modules / "6.12.0-test/modules.builtin";
  replace_file(list, "kernel/drivers/usb/host/xhci-hcd.ko\nkernel/fs/ext4/ext4.ko\n");
  EXPECT_THAT(gpupci({"--print-modprobe"}), Not(HasSubstr("CAUTION")));
  replace_file(list, "kernel/drivers/vfio/pci/vfio-pci.ko\n");
  EXPECT_THAT(
      gpupci({"--print-modprobe"}),
      HasSubstr("# CAUTION, vfio-pci is built into this kernel and does not read this line; "
                "want\n# vfio-pci.ids= of gpupci --print-cmdline instead.\noptions "));
  replace_file(list, "kernel/sound/pci/hda/snd-hda-intel.ko\n");
  const auto text = gpupci({"--print-modprobe"});
  EXPECT_THAT(text, HasSubstr("before vfio-pci can:\n# snd_hda_intel. gpupci --restore takes"));
  EXPECT_THAT(text, Not(HasSubstr("vfio-pci is built")));
  EXPECT_THAT(text, Not(HasSubstr("# blacklist snd_hda_intel"))) << "no file keeps it out";
}

TEST_F(Print, KeepsTheDriversThatOtherDevicesNeed) {
  aliases();
  fake_.add({"0000:05:00.0", "0680", "10de:22a3", "nvidia-nvswitch", 20})
      .add({"0000:00:1f.3", "0403", "8086:a348", std::nullopt, 21})
      .add_card("0000:04:00", 4, 15);
  std::filesystem::create_directories(fake_.root() / "module/nvidia");
  std::filesystem::create_directory_symlink(
      fake_.root() / "module/nvidia", fake_.root() / "bus/pci/drivers/nvidia-nvswitch/module");
  const auto text = gpupci({"--print-modprobe"});
  EXPECT_THAT(text, HasSubstr("softdep nvidia pre: vfio-pci\n"));
  EXPECT_THAT(text, Not(HasSubstr("# blacklist nvidia\n"))) << "the NVSwitch needs it";
  EXPECT_THAT(text, Not(HasSubstr("# blacklist snd_hda_intel"))) << "the host's sound would get it";
  EXPECT_THAT(text, HasSubstr("# blacklist nouveau\n"));
  EXPECT_THAT(text, HasSubstr("softdep xhci_hcd pre: vfio-pci\n"));
  EXPECT_THAT(text, Not(HasSubstr("# blacklist xhci_hcd"))) << "for USB, whatever is there now";
}

TEST_F(Print, HasNoHeadingWithoutContent) {
  replace_file(environment_.settings, "vendors: [ffff]\ndevices: [144d:a804]\n");
  fake_.add({"0000:06:00.0", "0108", "144d:a804", "nvme", 20});
  const auto text = gpupci({"--print-modprobe"});
  EXPECT_THAT(text, ::testing::EndsWith("options vfio-pci ids=144d:a804\n"
                                        "softdep nvme pre: vfio-pci\n"));
}

// ids= knows no address. A disk of the host that is of the same model would be taken as well.
TEST_F(Print, LeavesOutModelsThatTheHostHasToo) {
  replace_file(environment_.settings, "devices: [\"0000:06:00.0\"]\n");
  fake_.add({"0000:06:00.0", "0108", "144d:a804", "nvme", 20})
      .add({"0000:07:00.0", "0108", "144d:a804", "nvme", 21});
  const auto text = gpupci({"--print-modprobe"});
  EXPECT_THAT(text, HasSubstr("options vfio-pci ids=10de:10f7,10de:1e07\n"));
  EXPECT_THAT(text, Not(HasSubstr("softdep nvme")));
  EXPECT_THAT(text, HasSubstr("144d:a804 (0000:07:00.0)"));
  EXPECT_THAT(gpupci({"--print-cmdline"}), HasSubstr("vfio-pci.ids=10de:10f7,10de:1e07\n"));
  replace_file(environment_.settings, "vendors: [ffff]\ndevices: [\"0000:06:00.0\"]\n");
  EXPECT_THAT(gpupci({"--print-modprobe"}), Not(HasSubstr("options")));
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(gpupci({"--print-cmdline"}), Not(HasSubstr("vfio-pci.ids")));
}

// Nobody can forbid it: a host may have no other display. But it is to be known before the boot.
TEST_F(Print, TellsOfACardWithTheConsole) {
  replace_file(fake_.root() / "class/vtconsole/vtcon0/name", "(S) VGA+\n");
  replace_file(fake_.root() / "class/vtconsole/vtcon0/bind", "1\n");
  EXPECT_THAT(gpupci({"--print-modprobe"}), Not(HasSubstr("console")));
  replace_file(fake_.root() / "bus/pci/devices/0000:02:00.0/boot_vga", "1\n");
  for (const auto* action : {"--print-modprobe", "--print-cmdline"}) {
    EXPECT_THAT(gpupci({action}),
                HasSubstr("# CAUTION, the host boots without its console there: gpupci1: "
                          "0000:02:00.0 shows the host's console (vtcon0).\n"));
    EXPECT_THAT(gpupci({action}), HasSubstr("10de:10f7,10de:1e07"));
  }
}

TEST_F(Print, GivesTheIommusOwnWords) {
  cpu("AuthenticAMD");
  replace_file(fake_.root() / "firmware/acpi/tables/DMAR", "x");
  EXPECT_THAT(gpupci({"--print-cmdline", "debian"}), HasSubstr("\nintel_iommu=on iommu=pt "));
  std::filesystem::remove_all(fake_.root() / "firmware");
  replace_file(fake_.root() / "proc/cpuinfo", "CPU implementer\t: 0x41\n");
  const auto arm = gpupci({"--print-cmdline", "debian"});
  EXPECT_THAT(arm, HasSubstr("\niommu.passthrough=1 vfio-pci.ids="));
  EXPECT_THAT(arm, Not(HasSubstr("AMD")));
  EXPECT_THAT(arm, Not(HasSubstr("iommu=pt")));
}

TEST_F(Print, GivesACommandLineForTheCpuAndTheDistribution) {
  EXPECT_THAT(gpupci({"--print-cmdline"}),
              HasSubstr("/etc/default/grub, then update-grub and reboot:\n"
                        "intel_iommu=on iommu=pt vfio-pci.ids=10de:10f7,10de:1e07\n"));
  replace_file(environment_.os_release,
               "NAME=Rocky\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n");
  EXPECT_THAT(gpupci({"--print-cmdline"}),
              HasSubstr("\ngrubby --update-kernel=ALL --args='intel_iommu=on iommu=pt "
                        "vfio-pci.ids=10de:10f7,10de:1e07'\n"));
  cpu("AuthenticAMD");
  const auto amd = gpupci({"--print-cmdline", "debian"});
  EXPECT_THAT(amd, HasSubstr("\niommu=pt vfio-pci.ids="));
  EXPECT_THAT(amd, Not(HasSubstr("amd_iommu=on")));
  EXPECT_THAT(gpupci({"--print-cmdline", "arch"}), IsEmpty());
  EXPECT_EQ(status_, 2);
  EXPECT_EQ(err_, "gpupci: no such family of distributions: 'arch' (want debian or rhel)\n");
}

TEST_F(Print, HasNothingForAHostWithoutCards) {
  for (const auto& pci : fake_.sysfs().functions()) fake_.remove(pci.sysfs());
  EXPECT_THAT(gpupci({"--print-modprobe"}), IsEmpty());
  EXPECT_EQ(status_, 1);
  EXPECT_THAT(err_, StartsWith("gpupci: no card found on this host"));
}

}  // namespace
}  // namespace cluster::agent
