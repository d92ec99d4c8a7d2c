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
