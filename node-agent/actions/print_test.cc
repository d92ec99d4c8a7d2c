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
    fake_.add_card("0000:02:00", 2, 13).add_card("0000:03:00", 2, 14);
    cpu("GenuineIntel");
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
