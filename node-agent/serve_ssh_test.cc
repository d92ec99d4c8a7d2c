#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/called_gpupci.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class ServeSsh : public CalledGpupci {
 protected:
  ServeSsh() { fake_.add_card("0000:02:00", 1, 13); }

  std::string ask(const std::optional<std::string>& command) {
    host_.ssh_command = command;
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
