#include "node-agent/kernel/modules_alias.h"

#include <gmock/gmock.h>

#include "core/file.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kVga = "pci:v000010DEd00001C03sv00001458sd00003736bc03sc00i00";
constexpr const char* kSound = "pci:v000010DEd000010F1sv00001458sd00003736bc04sc03i00";

class ModulesAliasFile : public ::testing::Test {
 protected:
  ModulesAlias read(const std::string& text) {
    replace_file(fake_.root() / "modules.alias", text);
    return ModulesAlias(fake_.root() / "modules.alias");
  }

  FakeSysfs fake_;
};

TEST_F(ModulesAliasFile, NamesModulesAsModprobeFindsThem) {
  const auto aliases = read(
      "# Aliases extracted from modules themselves.\n"
      "alias pci:v000010DEd*sv*sd*bc03sc*i* nouveau\n"
      "alias pci:v000010DEd*sv*sd*bc03sc02i00* nvidia\n"
      "alias pci:v000010DEd*sv*sd*bc03sc00i00* nvidia\n"
      "alias pci:v000010DEd00001C03sv*sd*bc*sc*i* nvidia\n"
      "alias pci:v000010DEd*sv*sd*bc04sc03i00* snd_hda_intel\n"
      "alias pci:v00001002d*sv*sd*bc03sc00i00* amdgpu\n"
      "alias pci:v*d*sv*sd*bc0Csc03i30* xhci_pci\n"
      "alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n"
      "alias usb:v0123p*d*dc*dsc*dp*ic*isc*ip*in* other\n"
      "alias pci:broken\n"
      "softdep pci:v000010DEd*sv*sd*bc03sc*i* none\n"
      "alias pci:v000010DEd00001C03sv00001458sd00003736bc03sc00i00 last");
  EXPECT_TRUE(aliases.is_read());
  EXPECT_THAT(aliases.modules(kVga), ElementsAre("nouveau", "nvidia", "last"));
  EXPECT_THAT(aliases.modules(kSound), ElementsAre("snd_hda_intel"));
  EXPECT_THAT(aliases.modules("pci:v00001B21d00001142sv00001B21sd00001142bc0Csc03i30"),
              ElementsAre("xhci_pci"));
  EXPECT_THAT(aliases.modules("pci:v00008086d00001539sv00000000sd00000000bc02sc00i00"), IsEmpty());
}

TEST_F(ModulesAliasFile, NamesTheDriverOfVfioWithTheNarrowestLine) {
  const auto aliases = read(
      "alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n"
      "alias vfio_pci:v000010DEd00002342sv*sd*bc*sc*i* nvgrace_gpu_vfio_pci\n"
      "alias vfio_pci:v000010DEd*sv*sd*bc03sc*i* other_vfio_pci\n"
      "alias pci:v000010DEd00002342sv*sd*bc*sc*i* nvidia\n");
  EXPECT_EQ(aliases.vfio_module("pci:v000010DEd00002342sv000010DEsd000016EBbc03sc02i00"),
            "nvgrace_gpu_vfio_pci");
  EXPECT_EQ(aliases.vfio_module(kVga), "other_vfio_pci");
  EXPECT_EQ(aliases.vfio_module(kSound), "vfio_pci");
}

TEST_F(ModulesAliasFile, ThatIsMissingNamesNone) {
  const ModulesAlias none("/nonexistent/modules.alias");
  EXPECT_FALSE(none.is_read());
  EXPECT_THAT(none.modules(kVga), IsEmpty());
  EXPECT_EQ(none.vfio_module(kVga), "vfio_pci");
}

TEST_F(ModulesAliasFile, IsThatOfTheRunningKernel) {
  replace_file(fake_.root() / "proc/sys/kernel/osrelease", "6.12.0-test\n");
  EXPECT_EQ(modules_alias_file("/lib/modules", fake_.root() / "proc"),
            "/lib/modules/6.12.0-test/modules.alias");
}

TEST_F(ModulesAliasFile, NamesWhatIsBuiltIn) {
  replace_file(fake_.root() / "proc/sys/kernel/osrelease", "6.12.0\n");
  replace_file(fake_.root() / "6.12.0/modules.builtin",
               "kernel/drivers/vfio/pci/vfio-pci.ko\n\nkernel/fs/ext4/ext4.ko\n");
  EXPECT_THAT(builtin_modules(fake_.root(), fake_.root() / "proc"),
              ElementsAre("ext4", "vfio_pci"));
  EXPECT_THAT(builtin_modules("/nonexistent", fake_.root() / "proc"), IsEmpty());
}

TEST_F(ModulesAliasFile, IsAskedByTheWordsOfTheKernel) {
  fake_.add({"0000:02:00.0", "0300", "10de:1c03", "nvidia", 13});
  EXPECT_EQ(modalias(fake_.sysfs(), {0, 2, 0, 0}),
            "pci:v000010DEd00001C03sv00000000sd00000000bc03sc00i00");
  const auto folder = fake_.root() / "bus/pci/devices/0000:02:00.0";
  replace_file(folder / "subsystem_vendor", "0x1458\n");
  replace_file(folder / "subsystem_device", "0x3736\n");
  EXPECT_EQ(modalias(fake_.sysfs(), {0, 2, 0, 0}), kVga);
  replace_file(folder / "modalias", "\n");
  EXPECT_EQ(modalias(fake_.sysfs(), {0, 2, 0, 0}), kVga);
  replace_file(folder / "modalias", "pci:v000010DEd00001C03sv0000sd0000bc03sc00i00\n");
  EXPECT_EQ(modalias(fake_.sysfs(), {0, 2, 0, 0}), "pci:v000010DEd00001C03sv0000sd0000bc03sc00i00");
}

}  // namespace
}  // namespace cluster::agent
