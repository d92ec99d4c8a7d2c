#include <gmock/gmock.h>

#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;

class RunHost : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "node", "address=10.0.0.1", "port=2222", "user=root"});
    cluster({"add", "host", "vm-container-0-1"});
    cluster({"add", "host", "vm", "rocks-33", "node"});
  }

  std::vector<std::string> asked() const {
    std::vector<std::string> names;
    for (const auto& target : transport.asked_targets) names.push_back(target.name);
    return names;
  }
};

TEST_F(RunHost, OneHostPrintsWhatTheCommandPrints) {
  transport.answers["node"] = {"Detached GPU card 'gpupci1' video device 0000:02:00.0\n", "", {}};
  transport.answers["node"].reply.end = ssh::End::exited;
  transport.answers["node"].reply.status = 0;
  EXPECT_EQ(cluster({"run", "host", "node", "gpupci -d all"}),
            "Detached GPU card 'gpupci1' video device 0000:02:00.0\n");
  EXPECT_EQ(transport.asked_command, "gpupci -d all");
  ASSERT_THAT(asked(), ElementsAre("node"));
  EXPECT_EQ(transport.asked_targets[0].address, "10.0.0.1");
  EXPECT_EQ(transport.asked_targets[0].port, 2222);
  EXPECT_EQ(transport.asked_targets[0].user, "root");
}

TEST_F(RunHost, WithoutHostsItRunsOnTheManagedOnes) {
  cluster({"run", "host", "uptime"});
  EXPECT_THAT(asked(), ElementsAre("node", "vm-container-0-1"));
}

TEST_F(RunHost, TheCommandIsPassedUntouched) {
  for (const std::string command : {"A=1 cmd", "[ -f /x ]", "echo \"$HOME\" 'a b' \\\\", "x\ny",
                                    "timeout=5; echo", "a,b", " spaces  "}) {
    if (command.starts_with("timeout=")) {
      cluster({"run", "host", "node", "--", command});
    } else {
      cluster({"run", "host", "node", command});
    }
    EXPECT_EQ(transport.asked_command, command);
  }
  cluster({"run", "host", "node", "command=-x --y"});
  EXPECT_EQ(transport.asked_command, "-x --y");
  EXPECT_THAT(asked(), ElementsAre("node"));
}

TEST_F(RunHost, LinesOfSeveralHostsArePrefixedAndWhole) {
  transport.answers["node"] = {"a\nb", "warning\n"};
  transport.answers["vm-container-0-1"] = {"\nc\n", ""};
  const auto [out, err, status] = run({"run", "host", "node", "vm-container-0-1", "x"});
  EXPECT_EQ(out, "node: a\nnode: b\nvm-container-0-1: \nvm-container-0-1: c\n");
  EXPECT_EQ(err, "node: warning\n");
  EXPECT_EQ(status, 0);
  EXPECT_EQ(run({"run", "host", "node", "vm-container-0-1", "x", "collate=no"}).out, "a\nb\nc\n");
  EXPECT_EQ(run({"run", "host", "vm-container-0-1", "x", "collate=yes"}).out,
            "vm-container-0-1: \nvm-container-0-1: c\n");
}

TEST_F(RunHost, OneHostGivesTheCommandsOwnStatus) {
  transport.answers["node"] = {"", "no such card\n", {ssh::End::exited, 7, "", {}}};
  const auto [out, err, status] = run({"run", "host", "node", "x"});
  EXPECT_EQ(err, "no such card\n");
  EXPECT_EQ(status, 7);
  transport.answers["node"] = {"", "", {ssh::End::timed_out, -1, "took longer than 1 s", {}}};
  cluster({"run", "host", "node", "x", "timeout=1"}, 124, "node: took longer than 1 s");
  transport.answers["node"] = {"", "", {ssh::End::signaled, -1, "killed by SIGKILL", {}}};
  cluster({"run", "host", "node", "x"}, 1, "node: killed by SIGKILL");
}

TEST_F(RunHost, AHostThatIsNotReachedIsStatus3) {
  for (const auto end : {ssh::End::unreachable, ssh::End::host_key, ssh::End::no_login}) {
    transport.answers["node"] = {"", "", {end, -1, "why", {}}};
    cluster({"run", "host", "node", "x"}, 3, "node: why");
  }
  transport.answers["vm-container-0-1"] = {"", "", {ssh::End::exited, 2, "", {}}};
  cluster({"run", "host", "x"}, 3,
          "node: why\ncluster: vm-container-0-1: exit status 2\n"
          "cluster: run host: failed on 1, did not reach 1 of 2 hosts");
  transport.answers["node"] = {};
  cluster({"run", "host", "x"}, 1,
          "vm-container-0-1: exit status 2\ncluster: run host: failed on 1 of 2 hosts");
}

TEST_F(RunHost, BoundsReachTheTransport) {
  cluster({"run", "host", "node", "x", "timeout=0", "connect-timeout=3", "num-threads=8"});
  EXPECT_EQ(transport.asked_limits.command_timeout.count(), 0);
  EXPECT_EQ(transport.asked_limits.connect_timeout.count(), 3);
  EXPECT_EQ(transport.asked_limits.at_once, 8U);
  cluster({"run", "host", "node", "x"});
  EXPECT_EQ(transport.asked_limits.command_timeout.count(), 30);
}

TEST_F(RunHost, StatsAreSaidOnStandardError) {
  EXPECT_EQ(cluster({"run", "host", "node", "x", "stats=yes"}, 0, "node: 0.01 s, exit status 0"),
            "");
}

TEST_F(RunHost, RefusesWhatIsWrong) {
  cluster({"run", "host"}, 2, "run host: want a command, quoted as one word");
  cluster({"run", "host", "node"}, 2,
          "run host: want a command for host 'node', quoted as one word");
  cluster({"run", "host", "node", ""}, 2, "run host: the command is empty");
  cluster({"run", "host", "nod", "x"}, 1,
          "host 'nod' is not in the inventory (did you mean 'node'?)");
  cluster({"run", "host", "node", "x", "timeout=soon"}, 2,
          "timeout='soon': want a whole number from 0 to 604800");
  cluster({"run", "host", "node", "x", "num-threads=0"}, 2,
          "num-threads='0': want a whole number from 1 to 65535");
  cluster({"run", "host", "node", "x", "collate=perhaps"}, 2, "collate='perhaps': want yes or no");
  const auto [out, err, status] = run({"run", "host", "node", "gpupci", "-d", "all"});
  EXPECT_EQ(status, 2);
  EXPECT_TRUE(transport.asked_targets.empty());
}

}  // namespace
}  // namespace cluster
