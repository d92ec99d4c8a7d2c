#include "frontend/hosts/agent_program.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>

#include "core/error.h"
#include "core/file.h"
#include "core/sha256.h"
#include "tests/support/temp_dir.h"

namespace cluster::frontend {
namespace {

using ::testing::HasSubstr;

constexpr const char* kAgent =
    "#!/bin/sh\n"
    "case $1 in --version) echo gpupci 1.2.3;; --print-unit) printf '[Unit]\\nA=\\\\n%%\\n';; "
    "esac\n";

// The host is this machine, and its login shell sh(1).
class AProgram : public ::testing::Test {
 protected:
  AProgram() {
    std::filesystem::create_directory(units());
    std::filesystem::create_directory(packaged());
  }

  AgentProgram ask(const std::string& command) {
    replace_file(scratch_.path() / "command", command);
    const auto file = [this](const char* name) { return (scratch_.path() / name).native(); };
    const int status =
        std::system(("sh " + file("command") + " >" + file("out") + " 2>" + file("err")).c_str());
    return program_of({{HostName("n1"), "node", {}, {}, {}, {}, {}, {}, true},
                       {ssh::End::exited, WEXITSTATUS(status), "", {}},
                       *read_file(scratch_.path() / "out"),
                       *read_file(scratch_.path() / "err")});
  }

  void install() {
    replace_file(agent(), kAgent);
    ::chmod(agent().c_str(), 0755);
  }

  AgentProgram write_unit() {
    return ask(unit_of_program(agent(), units(), folder_.path() / "settings", packaged()));
  }

  std::string agent() const { return folder_.path() / "it's gpupci"; }
  std::string units() const { return folder_.path() / "units"; }
  std::string packaged() const { return folder_.path() / "packaged"; }

 private:
  TempDir folder_;
  TempDir scratch_;
};

TEST_F(AProgram, IsWhatTheHostHas) {
  EXPECT_EQ(ask(question_of_program(agent())).checksum, "");
  install();
  const auto program = ask(question_of_program(agent()));
  EXPECT_EQ(program.path, agent());
  EXPECT_EQ(program.version, "1.2.3");
  EXPECT_EQ(program.checksum, sha256_hex(kAgent));
  EXPECT_NE(program.machine, "");
  EXPECT_FALSE(program.is_packaged);
  ::chmod(agent().c_str(), 0644);
  EXPECT_EQ(ask(question_of_program(agent())).version, "");
}

TEST_F(AProgram, OfAPackageIsKnown) {
  if (std::system("dpkg-query -S /usr/bin/env >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "dpkg knows no /usr/bin/env here";
  }
  EXPECT_TRUE(ask(question_of_program("/usr/bin/env")).is_packaged);
}

TEST_F(AProgram, HasItsUnitOnce) {
  install();
  const auto look = [&] { return ask(look_at_unit_of_program(agent(), units(), packaged())); };
  EXPECT_TRUE(look().has_new_unit);
  EXPECT_TRUE(std::filesystem::is_empty(units())) << "it only looks";
  auto program = write_unit();
  EXPECT_TRUE(program.has_new_unit);
  EXPECT_FALSE(look().has_new_unit);
  EXPECT_EQ(program.version, "1.2.3");
  EXPECT_EQ(read_file(units() + "/gpupci-restore.service"), "[Unit]\nA=\\n%\n");
  EXPECT_FALSE(write_unit().has_new_unit);
  replace_file(units() + "/gpupci-restore.service", "an older one\n");
  EXPECT_TRUE(write_unit().has_new_unit);
  std::filesystem::remove_all(units());
  EXPECT_FALSE(write_unit().has_new_unit) << "the host has no systemd";
}

TEST_F(AProgram, HasTheUnitOfItsPackage) {
  install();
  const auto theirs = packaged() + "/gpupci-restore.service";
  const auto ours = units() + "/gpupci-restore.service";
  replace_file(theirs, "[Unit]\nA=\\n%\n");
  EXPECT_FALSE(write_unit().has_new_unit);
  EXPECT_FALSE(std::filesystem::exists(ours)) << "it would hide the package's for ever";
  replace_file(ours, "an older one, which counts\n");
  EXPECT_TRUE(write_unit().has_new_unit);
  std::filesystem::remove(ours);
  replace_file(theirs, "that of another gpupci\n");
  EXPECT_TRUE(write_unit().has_new_unit);
  EXPECT_EQ(read_file(ours), "[Unit]\nA=\\n%\n");
}

TEST_F(AProgram, SaysWhyThereIsNone) {
  AgentAnswer answer{{HostName("n1"), "node", {}, {}, {}, {}, {}, {}, true},
                     {ssh::End::exited, 1, "", {}},
                     "",
                     "gpupci: only gpupci may be run here\n"};
  EXPECT_THROW(program_of(answer), Error);
  answer.out = "path /usr/local/bin/gpupci\n";  // cut
  EXPECT_THROW(program_of(answer), Error);
}

TEST(MachineOf, AProgramIsInItsHeader) {
  const std::string head = std::string(
                               "\x7f"
                               "ELF\x02\x01\x01") +
                           std::string(9, '\0') + "\x03" + '\0';
  EXPECT_EQ(machine_of(head + "\x3e" + '\0'), "x86_64");
  EXPECT_EQ(machine_of(head + "\xb7" + '\0'), "aarch64");
  EXPECT_EQ(machine_of(head + "\x01" + '\0'), "");
  EXPECT_EQ(machine_of(head), "");
  EXPECT_EQ(machine_of("#!/bin/sh\n"), "");
}

}  // namespace
}  // namespace cluster::frontend
