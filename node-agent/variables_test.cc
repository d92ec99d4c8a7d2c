#include "node-agent/variables.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>

#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::agent {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

Variables of(std::map<std::string, std::string> all) {
  return [all = std::move(all)](const char* name) -> const char* {
    const auto found = all.find(name);
    return found == all.end() ? nullptr : found->second.c_str();
  };
}

bool foreign(const Variables& variables, const Words& words = {"gpupci", "-l"}) {
  return are_foreign(variables, words, false);
}

TEST(Variables, AreTheCallersOwn) {
  EXPECT_FALSE(foreign(of({})));
  EXPECT_FALSE(foreign(of({{"SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22"}, {"USER", "root"}})));
  EXPECT_FALSE(foreign(of({}), {}));
}

TEST(Variables, AreThoseOfAClientOfSsh) {
  EXPECT_TRUE(foreign(of({}), {"/usr/local/bin/gpupci", "--serve-ssh"}));
  EXPECT_TRUE(foreign(of({}), {"gpupci", "--json", "--serve-ssh"}));
  // The forced command is another action of gpupci.
  EXPECT_TRUE(foreign(of({{"SSH_ORIGINAL_COMMAND", "id"}}), {"gpupci", "--check"}));
  EXPECT_TRUE(foreign(of({{"SSH_ORIGINAL_COMMAND", ""}}), {"gpupci", "--check"}));
}

TEST(Variables, AreThoseOfWhomSudoLetsRunGpupci) {
  const auto by_sudo = [](const std::string& command, const std::string& program) {
    return foreign(of({{"SUDO_UID", "1000"}, {"SUDO_COMMAND", command}}), {program, "-l"});
  };
  EXPECT_TRUE(by_sudo("/usr/local/bin/gpupci", "gpupci"));
  EXPECT_TRUE(by_sudo("/usr/local/bin/gpupci -l", "/usr/local/bin/gpupci"));
  EXPECT_TRUE(by_sudo("/opt/gpupci-1 -l", "./gpupci-1"));
  EXPECT_TRUE(foreign(of({{"SUDO_UID", "0"}})));
}

// Who has a shell of root can do all that gpupci can.
TEST(Variables, AreRootsOwnBelowItsShell) {
  for (const auto* command : {"/bin/bash", "/usr/bin/env gpupci -l", "/bin/sh -c /opt/gpupci",
                              "./run-tests", "/srv/gpupci/run-tests", "/opt/gpupci.old"}) {
    EXPECT_FALSE(foreign(of({{"SUDO_UID", "1000"}, {"SUDO_COMMAND", command}}))) << command;
  }
}

TEST(Variables, AreAnybodysWhereTheKernelSaysSo) {
  EXPECT_TRUE(are_foreign(of({}), {"gpupci", "-l"}, true));
}

TEST(Variables, AreSettings) {
  Environment environment;
  take_settings(of({{"GPUPCI_STATE", "/srv/state"},
                    {"GPUPCI_SETTINGS", "/srv/cards.yaml"},
                    {"GPUPCI_DEADLINE", "7"}}),
                environment);
  EXPECT_EQ(environment.saved_drivers, "/srv/state/drivers.json");
  EXPECT_EQ(environment.settings, "/srv/cards.yaml");
  EXPECT_EQ(environment.act_deadline, 7s);
}

TEST(Variables, LeaveADeadlineThatIsNone) {
  for (const auto* text : {"", "0", "-1", "3601", "1 s", "x", "99999999999999999999"}) {
    Environment environment;
    take_settings(of({{"GPUPCI_DEADLINE", text}}), environment);
    EXPECT_EQ(environment.act_deadline, 60s) << text;
  }
}

TEST(Variables, TakeADeadlineOfUpToAnHour) {
  for (const auto seconds : {1, 59, 3600}) {
    Environment environment;
    const auto text = std::to_string(seconds);
    take_settings(of({{"GPUPCI_DEADLINE", text.c_str()}}), environment);
    EXPECT_EQ(environment.act_deadline, std::chrono::seconds(seconds));
  }
}

TEST(Variables, AreForgottenWithAllThatTheyTellPrograms) {
  const TempDir folder;
  const auto file = (folder.path() / "variables").native();
  const auto child = ::fork();
  if (child == 0) {
    ::setenv("LIBVIRT_LOG_OUTPUTS", "1:file:/etc/passwd", 1);
    ::setenv("GPUPCI_SETTINGS", "/etc/shadow", 1);
    forget_variables();
    replace_file(file, std::getenv("PATH"));
    ::_exit(std::getenv("LIBVIRT_LOG_OUTPUTS") == nullptr &&
                    std::getenv("GPUPCI_SETTINGS") == nullptr
                ? 0
                : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read_file(file), "/usr/sbin:/usr/bin:/sbin:/bin");
}

}  // namespace
}  // namespace cluster::agent
