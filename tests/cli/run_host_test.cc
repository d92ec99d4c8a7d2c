#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "tests/support/json_shape.h"
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
  EXPECT_EQ(run({"run", "host", "vm-container-0-1", "x", "collate=prefix"}).out,
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
  cluster({"run", "host", "node", "x", "collate=perhaps"}, 2,
          "collate='perhaps': want yes, no or prefix");
  const auto [out, err, status] = run({"run", "host", "node", "gpupci", "-d", "all"});
  EXPECT_EQ(status, 2);
  EXPECT_TRUE(transport.asked_targets.empty());
}

class RunManyHosts : public Story {
 protected:
  RunManyHosts() {
    for (const auto* name : {"n0", "n1", "n2", "n3"}) {
      cluster({"add", "host", name, "appliance=compute"});
      transport.answers[name] = {"6.1\n", "", {ssh::End::exited, 0, "", {}}};
    }
  }
};

TEST_F(RunManyHosts, ThatSayTheSameAreFolded) {
  transport.answers["n1"].out = "5.10\n";
  transport.answers["n3"] = {"", "", {ssh::End::unreachable, -1, "no route", {}}};
  const auto [out, err, status] = run({"run", "host", "uname -r", "collate=yes"});
  EXPECT_EQ(out,
            "---------------\nn[0,2] (2)\n---------------\n6.1\n"
            "---------------\nn1\n---------------\n5.10\n");
  EXPECT_EQ(err, "cluster: n3: no route\ncluster: run host: did not reach 1 of 4 hosts\n");
  EXPECT_EQ(status, 3);
  EXPECT_EQ(run({"run", "host", "n[0,2]", "uname -r"}).out, "n0: 6.1\nn2: 6.1\n");
}

TEST_F(RunManyHosts, ThatFailInTheSameWayAreFolded) {
  for (const auto* name : {"n0", "n1", "n2"}) {
    transport.answers[name] = {"", "no such file\n", {ssh::End::exited, 2, "", {}}};
  }
  const auto [out, err, status] = run({"run", "host", "x", "collate=yes"});
  EXPECT_EQ(out, "---------------\nn3\n---------------\n6.1\n");
  EXPECT_EQ(err,
            "n[0-2] (3): no such file\ncluster: n[0-2] (3): exit status 2\n"
            "cluster: run host: failed on 3 of 4 hosts\n");
  EXPECT_EQ(status, 1);
}

TEST_F(RunManyHosts, AnObjectForEachInJson) {
  transport.answers["n1"] = {"\xff\x1b", "e\n", {ssh::End::timed_out, -1, "too long", {}}};
  transport.answers["n0"].reply.elapsed = std::chrono::milliseconds(1250);
  const auto [out, err, status] = run({"run", "host", "n0", "n1", "x", "--format", "json"});
  expect_shape(out, "run_host");
  const auto said = nlohmann::json::parse(out);
  ASSERT_EQ(said.size(), 2U);
  EXPECT_EQ(said[0]["host"], "n0");
  EXPECT_EQ(said[0]["outcome"], "exited");
  EXPECT_EQ(said[0]["status"], 0);
  EXPECT_EQ(said[0]["stdout"], "6.1\n");
  EXPECT_EQ(said[0]["seconds"], 1.25);
  EXPECT_EQ(said[0]["tries"], 1);
  EXPECT_TRUE(said[0]["reason"].is_null());
  EXPECT_EQ(said[1]["outcome"], "timed_out");
  EXPECT_TRUE(said[1]["status"].is_null());
  EXPECT_EQ(said[1]["reason"], "too long");
  EXPECT_EQ(said[1]["stdout"], "\xef\xbf\xbd\x1b");
  EXPECT_EQ(said[1]["stderr"], "e\n");
  EXPECT_EQ(err, "cluster: run host: failed on 1 of 2 hosts\n");
  EXPECT_EQ(status, 1);
}

TEST_F(RunManyHosts, GoIntoFiles) {
  const auto dir = folder.path() / "logs";
  std::filesystem::create_directory(dir);
  replace_file(folder.path() / "victim", "kept");
  std::filesystem::create_symlink(folder.path() / "victim", dir / "n0.out");
  std::filesystem::create_hard_link(folder.path() / "victim", dir / "n1.out");
  transport.answers["n1"].err = "warning\n";
  EXPECT_EQ(cluster({"run", "host", "x", "output-dir=" + dir.native()}), "");
  EXPECT_EQ(read_file(folder.path() / "victim"), "kept");
  EXPECT_EQ(read_file(dir / "n0.out"), "6.1\n");
  EXPECT_EQ(read_file(dir / "n1.out"), "6.1\n");
  EXPECT_EQ(read_file(dir / "n1.err"), "warning\n");
  EXPECT_EQ(read_file(dir / "n2.err"), "");
  EXPECT_EQ(std::filesystem::status(dir / "n0.out").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  cluster({"run", "host", "x", "output-dir=" + (folder.path() / "victim").native()}, 1,
          "cannot open '" + (folder.path() / "victim").native() + "': Not a directory");
}

TEST_F(RunManyHosts, ThatFailedAreTriedAgain) {
  cluster(
      {"run", "host", "x", "retry=failed"}, 1,
      "retry=failed: it is not known where your last run failed: none has ended here, or it was "
      "cut off");
  transport.answers["n1"].reply = {ssh::End::exited, 4, "", {}};
  transport.answers["n2"].reply = {ssh::End::unreachable, -1, "no route", {}};
  run({"run", "host", "x"});
  transport.answers["n1"].reply = {ssh::End::exited, 0, "", {}};
  const auto [out, err, status] = run({"run", "host", "y", "retry=failed"});
  EXPECT_EQ(out, "n1: 6.1\nn2: 6.1\n");
  EXPECT_EQ(err,
            "cluster: run host: again on n[1-2] (2)\ncluster: n2: no route\n"
            "cluster: run host: did not reach 1 of 2 hosts\n");
  EXPECT_EQ(status, 3);
  cluster({"run", "host", "n0", "y", "retry=failed"}, 2,
          "run host: retry=failed says on which hosts, so name none");
  cluster({"run", "host", "y", "retry=all"}, 2, "retry='all': want failed");
  transport.answers["n2"].reply = {ssh::End::exited, 0, "", {}};
  run({"run", "host", "y", "retry=failed"});
  cluster({"run", "host", "y", "retry=failed"}, 1, "retry=failed: no host failed in your last run");
  transport.answers["n2"].reply = {ssh::End::exited, 1, "", {}};
  run({"run", "host", "n1", "n2", "x"});
  cluster({"remove", "host", "n2"});
  cluster(
      {"run", "host", "y", "retry=failed"}, 1,
      "retry=failed: the hosts on which your last run failed are not in the inventory any more");
}

TEST_F(RunManyHosts, OfARunThatWasCutOffNobodyKnowsWhoFailed) {
  transport.answers["n1"].reply = {ssh::End::exited, 4, "", {}};
  run({"run", "host", "x"});
  transport.answers.erase("n1");
  transport.failure = Error(Fault::io, "nobody reads on");
  cluster({"run", "host", "y"}, 1, "nobody reads on");
  transport.failure.reset();
  cluster(
      {"run", "host", "z", "retry=failed"}, 1,
      "retry=failed: it is not known where your last run failed: none has ended here, or it was "
      "cut off");
}

TEST_F(RunManyHosts, ReadWhatInputSays) {
  run({"run", "host", "cat"});
  EXPECT_EQ(transport.asked_targets[0].input.text(), "");
  replace_file(folder.path() / "in", "text");
  run({"run", "host", "cat", "input=" + (folder.path() / "in").native()});
  EXPECT_EQ(transport.asked_targets[0].input.text(), "text");
  EXPECT_EQ(transport.asked_targets[3].input.text().data(),
            transport.asked_targets[0].input.text().data());
  cluster({"run", "host", "cat", "input=/none"}, 1, "input='/none': there is no such file");
}

// Standard input can be read once.
TEST_F(RunManyHosts, AreReadFromStandardInputOrReadIt) {
  for (const std::string hosts : {"-", "n0,-", " - "}) {
    cluster({"run", "host", hosts, "cat", "input=-"}, 2,
            "run host: standard input has either the hosts (-) or what they read (input=-)");
  }
  EXPECT_TRUE(transport.asked_targets.empty());
}

TEST_F(RunManyHosts, HaveTheirTimesToldHoweverTheyArePrinted) {
  const auto dir = (folder.path() / "logs").native();
  transport.answers["n0"].reply.elapsed = std::chrono::milliseconds(1250);
  for (const auto& way : {std::string("collate=yes"), std::string("collate=prefix"),
                          std::string("collate=no"), "output-dir=" + dir}) {
    const auto err = run({"run", "host", "n[0-1]", "x", "stats=yes", way}).err;
    EXPECT_NE(err.find("cluster: n0: 1.25 s, exit status 0\n"), std::string::npos) << way << err;
    EXPECT_NE(err.find("cluster: n1: "), std::string::npos) << way << err;
  }
}

TEST_F(RunManyHosts, ArePrintedInOneWay) {
  cluster({"run", "host", "x", "--format", "csv"}, 2, "run host: want --format json, or none");
  cluster({"run", "host", "x", "--format", "json", "collate=yes"}, 2,
          "run host: want one of --format json, output-dir= and collate=");
}

TEST_F(RunManyHosts, AreInterruptedWith130) {
  transport.interrupted_by = 2;
  for (const auto* name : {"n1", "n2"}) {
    transport.answers[name] = {"", "", {ssh::End::interrupted, -1, "interrupted; gone", {}}};
  }
  const auto [out, err, status] = run({"run", "host", "x"});
  EXPECT_EQ(out, "n0: 6.1\nn3: 6.1\n");
  EXPECT_EQ(err,
            "cluster: n[1-2] (2): interrupted; gone\ncluster: run host: failed on 2 of 4 hosts\n");
  EXPECT_EQ(status, 130);
}

}  // namespace
}  // namespace cluster
