#include "node-agent/actions/boot_cards.h"

#include <gmock/gmock.h>

#include "tests/support/called_gpupci.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class BootCardsOf : public CalledGpupci {
 protected:
  std::string modprobe() { return gpupci({"--print-modprobe"}); }
};

TEST_F(BootCardsOf, AHostAreAllUntilSomeAreDetached) {
  fake_.add({"0000:02:00.0", "0300", "10de:1c03", "nvidia", 13});
  fake_.add({"0000:03:00.0", "0300", "10de:1e07", "nvidia", 14});
  EXPECT_THAT(modprobe(), HasSubstr("# For gpupci1, gpupci2.\n"));
  EXPECT_THAT(modprobe(), HasSubstr("ids=10de:1c03,10de:1e07\n"));
  gpupci({"-d", "gpupci2"});
  EXPECT_THAT(modprobe(), HasSubstr("# For gpupci2.\n"));
  EXPECT_THAT(modprobe(), HasSubstr("ids=10de:1e07\n"));
  // The driver that it had must still come after vfio-pci at the next boot.
  EXPECT_THAT(modprobe(), HasSubstr("softdep nvidia pre: vfio-pci\n"));
}

TEST_F(BootCardsOf, AModelAreNamedOnce) {
  fake_.add({"0000:02:00.0", "0300", "10de:1c03", "nvidia", 13});
  fake_.add({"0000:03:00.0", "0300", "10de:1c03", "nvidia", 14});
  EXPECT_THAT(modprobe(), HasSubstr("ids=10de:1c03\n"));
  EXPECT_THAT(modprobe(), Not(HasSubstr("CAUTION, it takes")));
}

// The kernel asks no guard at a boot: the host would come up without its root.
TEST_F(BootCardsOf, AHostLeaveItsOwnDiskOut) {
  replace_file(environment_.settings, "devices: [144d:a80a]\n");
  fake_.add({"0000:02:00.0", "0300", "10de:1c03", "nvidia", 13});
  fake_.add({"0000:04:00.0", "0108", "144d:a80a", "nvme", 14});
  fake_.add({"0000:05:00.0", "0108", "144d:a80a", "nvme", 15});
  const auto disk = fake_.root() / "bus/pci/devices/0000:04:00.0/nvme/nvme0/nvme0n1";
  replace_file(disk / "dev", "259:0\n");
  std::filesystem::create_symlink("../../../../class/block", disk / "subsystem");
  EXPECT_THAT(modprobe(), HasSubstr("ids=10de:1c03,144d:a80a\n"));
  replace_file(environment_.proc / "self/mountinfo", "36 1 259:0 / / rw - ext4 /dev/nvme0n1 rw\n");
  const auto text = modprobe();
  EXPECT_THAT(text, HasSubstr("# For gpupci1, gpupci3.\n"));
  EXPECT_THAT(text, HasSubstr("ids=10de:1c03\n"));
  EXPECT_THAT(text, Not(HasSubstr("softdep nvme")));
  EXPECT_THAT(text,
              HasSubstr("# CAUTION, left out, as the host needs it: 144d:a80a (0000:04:00.0): "
                        "/dev/nvme0n1 is mounted on '/'.\n"));
  fake_.set_driver({0, 5, 0, 0}, "vfio-pci");
  EXPECT_THAT(modprobe(), HasSubstr("# For gpupci3.\n"));
  EXPECT_THAT(modprobe(), Not(HasSubstr("options")));
  EXPECT_THAT(gpupci({"--print-cmdline"}), Not(HasSubstr("vfio-pci.ids")));
}

TEST_F(BootCardsOf, ADriverHaveTheNameOfItsModule) {
  fake_.add({"0000:02:00.0", "0300", "10de:1c03", "bochs-drm", 13});
  const auto driver = fake_.sysfs().driver_path("bochs-drm");
  std::filesystem::create_directories(driver);
  EXPECT_THAT(modprobe(), HasSubstr("softdep bochs_drm pre: vfio-pci\n"));
  std::filesystem::create_directory_symlink("../../../../module/bochs", driver / "module");
  EXPECT_THAT(modprobe(), HasSubstr("softdep bochs pre: vfio-pci\n"));
}

}  // namespace
}  // namespace cluster::agent
