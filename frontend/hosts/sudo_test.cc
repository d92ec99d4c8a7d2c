#include "frontend/hosts/sudo.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::frontend {
namespace {

Host host_with(std::optional<bool> sudo, HostLogin login = {}) {
  Host host{HostName("n1"), "vm-container", {}, {}, {}, {}, {}, "ops"};
  host.sudo = sudo;
  host.login = std::move(login);
  return host;
}

TEST(Sudo, TheKeyOfTheHostWinsOverTheAttributes) {
  EXPECT_FALSE(by_sudo(host_with({})));
  EXPECT_TRUE(by_sudo(host_with(true)));
  EXPECT_TRUE(by_sudo(host_with({}, {{}, "yes"})));
  EXPECT_FALSE(by_sudo(host_with(false, {{}, "yes"})));
  EXPECT_TRUE(by_sudo(host_with(true, {{}, "no"})));
  EXPECT_THROW(by_sudo(host_with({}, {{}, "perhaps"})), Error);
  auto host = host_with({}, {"rollcall", {}});
  EXPECT_EQ(target_of(host).user, "ops");
  host.user.reset();
  EXPECT_EQ(target_of(host).user, "rollcall");
  host.login.user = "no name";
  EXPECT_THROW(target_of(host), Error);
}

TEST(Sudo, CommandsAreRootsOnlyWhereItIsSaid) {
  EXPECT_EQ(as_root(host_with({}), "sh -s"), "sh -s");
  EXPECT_EQ(as_root(host_with(true), "sh -s"), "sudo -n sh -s");
  EXPECT_EQ(gpupci_command(host_with(false), "-l --json"), "gpupci -l --json");
  const auto command = gpupci_command(host_with(true), "-d gpupci1 --json");
  EXPECT_TRUE(command.starts_with("sh -c '")) << command;
  EXPECT_NE(command.find("sudo -n"), std::string::npos);
  EXPECT_TRUE(command.ends_with("' gpupci -d gpupci1 --json"));
}

TEST(Sudo, EachComplaintHasItsWayOut) {
  const auto told = [](std::string_view said) {
    return sudo_refusal("ops", said, "/usr/local/bin/gpupci");
  };
  const std::string allow =
      "put `ops ALL = (root) NOPASSWD: /usr/local/bin/gpupci` into /etc/sudoers.d/ops of the host "
      "(visudo -f; page security.md)";
  for (const auto* said :
       {"sudo: a password is required\n",
        "sudo: a terminal is required to read the password; either use the -S "
        "option to read from standard input\nsudo: a password is required\n",
        "sudo: interactive authentication is required\n",
        "Sorry, user ops is not allowed to execute '/usr/local/bin/gpupci -l' as "
        "root on n1.\n",
        "ops is not in the sudoers file.\n",
        "sudo: unable to resolve host n1: Name or service not known\n"
        "sudo: a password is required\n"}) {
    EXPECT_TRUE(told(said).ends_with(allow)) << told(said);
    EXPECT_EQ(told(said).find('\n'), std::string::npos);
  }
  EXPECT_TRUE(told("sudo: sorry, you must have a tty to run sudo\n")
                  .ends_with("put `Defaults:ops !requiretty` into /etc/sudoers.d/ops of the host "
                             "(visudo -f; page security.md)"));
  for (const auto* said : {"sh: 1: exec: sudo: not found\n", "sh: line 1: exec: sudo: not found\n",
                           "bash: line 1: sudo: command not found\n"}) {
    EXPECT_NE(told(said).find("install sudo on the host"), std::string::npos) << told(said);
  }
  EXPECT_NE(told("sudo: sh: command not found\n").find("secure_path"), std::string::npos);
  EXPECT_TRUE(told("sudo: The \"no new privileges\" flag is set\n").starts_with("sudo says "));
  EXPECT_EQ(told("sudo: unable to resolve host n1: Name or service not known\n"), "");
  EXPECT_EQ(told("gpupci: cannot detach gpupci1\n"), "");
  EXPECT_EQ(told(""), "");
}

TEST(Sudo, WhatAHostSaysIsEscaped) {
  const auto told = sudo_refusal("", "sudo: \x1b[2J a password is required", "ALL");
  EXPECT_EQ(told.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace cluster::frontend
