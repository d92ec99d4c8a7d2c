// Tests that root's work on a host whose login user is another goes by sudo, and how sudo's
// refusals are told.

#include <gmock/gmock.h>

#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kNoCards = R"({"cards": []})";
constexpr const char* kAllow =
    "put `ops ALL = (root) NOPASSWD: /usr/local/bin/gpupci` into /etc/sudoers.d/ops of the host "
    "(visudo -f; page security.md)";

class HostSudo : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "n1", "user=ops", "sudo=yes"});
    cluster({"add", "host", "n2"});
    transport.answers["n1"].out = kNoCards;
    transport.answers["n2"].out = kNoCards;
  }

  // The commands of the last question, by host.
  std::map<std::string, std::string> commands() {
    std::map<std::string, std::string> all;
    for (const auto& target : transport.asked_targets) all[target.name] = target.command;
    return all;
  }
};

TEST_F(HostSudo, TheAgentIsAskedAsRoot) {
  for (const auto& [words, asked] : std::map<std::vector<std::string>, std::string>{
           {{"discover", "host", "gpu"}, "-l --json"},
           {{"detach", "host", "gpu", "n1", "n2", "gpupci1"}, "-d gpupci1 --json"},
           {{"attach", "host", "gpu", "n1", "n2", "dryrun=yes"}, "-a all --json --dry-run"}}) {
    cluster(words);
    EXPECT_THAT(commands()["n1"], StartsWith("sh -c 'PATH="));
    EXPECT_THAT(commands()["n1"], HasSubstr("exec sudo -n "));
    EXPECT_THAT(commands()["n1"], EndsWith("' gpupci " + asked));
    EXPECT_EQ(commands()["n2"], "gpupci " + asked);
  }
}

TEST_F(HostSudo, TheHostWinsOverItsApplianceOverAll) {
  const auto by_sudo = [this](const std::string& host) {
    run({"discover", "host", "gpu", host});
    return commands()[host].find("sudo -n") != std::string::npos;
  };
  EXPECT_FALSE(by_sudo("n2"));
  cluster({"set", "attr", "ssh_sudo", "yes"});
  cluster({"set", "attr", "ssh_user", "everybody"});
  EXPECT_TRUE(by_sudo("n2"));
  EXPECT_EQ(transport.asked_targets.at(0).user, "everybody");
  cluster({"set", "appliance", "attr", "vm-container", "ssh_sudo", "no"});
  cluster({"set", "appliance", "attr", "vm-container", "ssh_user", "rollcall"});
  EXPECT_FALSE(by_sudo("n2"));
  EXPECT_EQ(transport.asked_targets.at(0).user, "rollcall");
  EXPECT_TRUE(by_sudo("n1"));
  EXPECT_EQ(transport.asked_targets.at(0).user, "ops");
  cluster({"set", "host", "attr", "n2", "ssh_sudo", "yes"});
  EXPECT_TRUE(by_sudo("n2"));
  cluster({"set", "host", "n2", "sudo=no", "user=root"});
  EXPECT_FALSE(by_sudo("n2"));
  EXPECT_EQ(transport.asked_targets.at(0).user, "root");
  cluster({"set", "host", "n2", "sudo="});
  EXPECT_TRUE(by_sudo("n2"));
}

TEST_F(HostSudo, WrongValuesAreRefusedWhenTheyAreTyped) {
  cluster({"set", "attr", "ssh_sudo", "maybe"}, 2, "ssh_sudo='maybe': want yes or no");
  cluster({"set", "attr", "ssh_user", "a b"}, 2, "user='a b': want a login name");
  cluster({"set", "host", "n1", "sudo=maybe"}, 2, "sudo='maybe': want yes or no");
}

TEST_F(HostSudo, DumpAndListHaveIt) {
  EXPECT_EQ(cluster({"dump", "host"}),
            "cluster add host n1 appliance=vm-container user=ops sudo=yes\n"
            "cluster add host n2 appliance=vm-container\n");
  EXPECT_THAT(cluster({"list", "host", "n1", "format=csv"}), HasSubstr(",ops,yes,\n"));
}

TEST_F(HostSudo, ARefusalSaysWhatToWriteIntoSudoers) {
  transport.answers["n1"] = {"", "sudo: a password is required\n", {ssh::End::exited, 1, "", {}}};
  cluster({"discover", "host", "gpu", "n1"}, 1,
          std::string("n1: sudo says 'sudo: a password is required' there: ") + kAllow);
  cluster({"detach", "host", "gpu", "n1"}, 1,
          std::string("n1: sudo says 'sudo: a password is required' there: ") + kAllow);
  transport.answers["n1"] = {"", "sh: 1: exec: sudo: not found\n", {ssh::End::exited, 127, "", {}}};
  cluster({"check", "host", "gpu", "n1"}, 1,
          "n1: sudo says 'sh: 1: exec: sudo: not found' there: install sudo on the host, or log in "
          "as root (`cluster set host`: sudo=no)");
  transport.answers["n1"] = {"", "", {ssh::End::exited, 127, "", {}}};
  EXPECT_THAT(run({"check", "host", "gpu", "n1"}).err, HasSubstr("there is no gpupci"));
}

TEST_F(HostSudo, AKeyWithAForcedCommandWantsNone) {
  auto& answer = transport.answers["n1"];
  answer.out = "";
  answer.err =
      "gpupci: this key runs gpupci only: ''PATH=$PATH:/usr/local/bin;' is no word of its\n";
  answer.reply.status = 2;
  cluster(
      {"discover", "host", "gpu", "n1"}, 1,
      "n1: gpupci ended with status 2 and no answer: gpupci: this key runs gpupci only: "
      "''PATH=$PATH:/usr/local/bin;' is no word of its (a host whose key has a forced command has "
      "no sudo=yes)");
}

TEST_F(HostSudo, RunHostIsTheLoginUsersUnlessItIsSaid) {
  cluster({"run", "host", "n1", "id -u"});
  EXPECT_EQ(transport.asked_command, "id -u");
  cluster({"run", "host", "n1", "n2", "echo 'it is'; id -u", "sudo=yes"});
  EXPECT_EQ(transport.asked_command, R"(sudo -n sh -c 'echo '\''it is'\''; id -u')");
}

TEST_F(HostSudo, WhatStartsVmsIsRoots) {
  cluster({"add", "host", "vm", "v1", "n1"});
  transport.answers["n1"].out = "v1\n";
  cluster({"start", "host", "vm", "v1"});
  EXPECT_THAT(transport.asked_command, StartsWith("sudo -n sh -c "));
  EXPECT_TRUE(domains.asked_target.sudo);
  EXPECT_EQ(domains.asked_target.user, "ops");
}

}  // namespace
}  // namespace cluster
