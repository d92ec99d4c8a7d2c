#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/called_gpupci.h"
#include "tests/support/fake_slices.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class ServeSsh : public CalledGpupci {
 protected:
  ServeSsh() { fake_.add_card("0000:02:00", 1, 13); }

  std::string ask(const std::optional<std::string>& command) {
    environment_.ssh_command = command;
    return gpupci({"--serve-ssh"});
  }
};

TEST_F(ServeSsh, RunsGpupciWithItsArguments) {
  EXPECT_EQ(ask("gpupci -l"), "gpupci1 pci_0000_02_00_0\n");
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(ask("  gpupci   -s  all --json "), StartsWith("{\"cards\":"));
  EXPECT_EQ(status_, 0);
  EXPECT_THAT(ask("gpupci -s gpupci9"), IsEmpty());
  EXPECT_EQ(err_, "GPU card gpupci9 not found\n");
  EXPECT_EQ(status_, 1);
}

TEST_F(ServeSsh, RunsWhatChecksAndMovesCards) {
  EXPECT_THAT(ask("gpupci --check all --json"), StartsWith("{\"checks\":["));
  EXPECT_EQ(status_, 2);
  EXPECT_EQ(ask("gpupci -d all --force=console,holder"),
            "Detached GPU card 'gpupci1' video device 0000:02:00.0\n");
  fake_.set_driver({0, 2, 0, 0}, "nvidia");  // as after a reboot
  EXPECT_THAT(ask("gpupci --restore"), HasSubstr("video device 0000:02:00.0")) << err_;
  EXPECT_EQ(fake_.drivers(), "vfio-pci");
  EXPECT_EQ(ask("gpupci -a gpupci1"), "Attached video card 0000:02:00.0 of gpupci1\n");
  EXPECT_EQ(status_, 0) << err_;
  EXPECT_EQ(fake_.drivers(), "nvidia");
}

TEST_F(ServeSsh, RunsWhatChangesSlices) {
  FakeSlices slices(fake_);
  environment_.slice_patience = std::chrono::milliseconds(0);
  environment_.write_attribute = [&](const auto& file, auto text) { slices.write(file, text); };
  slices.add_sriov("0000:02:00.0", 4);
  slices.offer_vendor_vgpu("0000:02:00.0", "1145 : NVIDIA L40S-4Q\n");
  EXPECT_EQ(ask("gpupci --vfs gpupci1 2"), "GPU card 'gpupci1' has 2 virtual functions\n") << err_;
  EXPECT_THAT(ask("gpupci --types"), HasSubstr("gpupci1.1  1145"));
  EXPECT_THAT(ask("gpupci --types gpupci1.0 --json"), StartsWith("{\"types\":[{\"parent\":"));
  const auto made = ask("gpupci --create-vgpu gpupci1.0 1145");
  EXPECT_THAT(made, StartsWith("Created vGPU gpupci1.0 of type 1145 on gpupci1.0, lease ")) << err_;
  EXPECT_THAT(ask("gpupci --vgpus"), HasSubstr("gpupci1.0  gpupci1.0  1145  present"));
  const auto lease = made.substr(made.size() - 17, 16);
  EXPECT_EQ(ask("gpupci --remove-vgpu gpupci1.0 --lease=" + lease), "Removed vGPU gpupci1.0\n");
  EXPECT_EQ(ask("gpupci --vfs gpupci1 0 --force=slices,holder"),
            "GPU card 'gpupci1' has 0 virtual functions\n");
  EXPECT_EQ(status_, 0) << err_;
}

TEST_F(ServeSsh, RefusesEverythingElseInOneLine) {
  for (const std::optional<std::string>& command :
       std::vector<std::optional<std::string>>{std::nullopt,
                                               "",
                                               " ",
                                               "reboot",
                                               "/bin/sh",
                                               "gpupci",
                                               "gpupci --serve-ssh",
                                               "gpupci -l; reboot",
                                               "gpupci -l | sh",
                                               "gpupci -s all\nreboot",
                                               "gpupci -s $(reboot)",
                                               "gpupci -s `reboot`",
                                               "gpupci '-l'",
                                               "gpupci \"-l\"",
                                               "gpupci -l && true",
                                               "gpupci -l > /etc/passwd",
                                               "gpupci -x",
                                               "gpupci -l -s all",
                                               "FOO=1 gpupci -l",
                                               "./gpupci -l",
                                               "gpupci -d ../x",
                                               "gpupci\t-l",
                                               "gpupci --vfs gpupci1",
                                               "gpupci --vfs gpupci1 2 3",
                                               "gpupci --vfs all 2",
                                               "gpupci --vfs ../x 2",
                                               "gpupci --vfs gpupci1 $(reboot)",
                                               "gpupci --vfs gpupci1 2;reboot",
                                               "gpupci --vfs gpupci1 2 --lease=1",
                                               "gpupci --types ../x",
                                               "gpupci --types gpupci1 --force=holder",
                                               "gpupci --vgpus gpupci1",
                                               "gpupci --vgpus --dry-run",
                                               "gpupci --create-vgpu gpupci1",
                                               "gpupci --create-vgpu ../../x 1145",
                                               "gpupci --create-vgpu gpupci1 a/b",
                                               "gpupci --create-vgpu gpupci1 'a b'",
                                               "gpupci --create-vgpu gpupci1 1145 --force=vm",
                                               "gpupci --remove-vgpu gpupci1.0",
                                               "gpupci --remove-vgpu gpupci1.0 --lease=",
                                               "gpupci --remove-vgpu gpupci1.0 --lease=a/b",
                                               "gpupci --remove-vgpu ../x --lease=1",
                                               "gpupci --remove-vgpu --lease=1",
                                               "internal-sftp",
                                               "scp -t /"}) {
    EXPECT_THAT(ask(command), IsEmpty());
    EXPECT_EQ(status_, 2) << command.value_or("(none)");
    EXPECT_THAT(err_, StartsWith("gpupci: this key runs gpupci only: "));
    EXPECT_EQ(std::ranges::count(err_, '\n'), 1) << err_;
  }
  EXPECT_THAT(ask("\x1b[31m"), IsEmpty());
  EXPECT_THAT(err_, HasSubstr("'\\x1b[31m'"));
}

}  // namespace
}  // namespace cluster::agent
