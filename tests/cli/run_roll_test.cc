// Tests the scripts of rolls, and what is told of the hosts that run them.

#include <map>

#include "core/file.h"
#include "core/sha256.h"
#include "frontend/hosts/agent_program.h"
#include "rolls/engine/subprocess.h"
#include "tests/support/json_shape.h"
#include "tests/support/roll_story.h"

namespace cluster {
namespace {

class RunRoll : public RollStory {};

TEST_F(RunRoll, NothingOfTheInventoryIsReadByTheShell) {
  enabled_demo();
  const std::string nasty = R"('; touch /tmp/owned; "$(id)` \)";
  cluster({"set", "attr", "demo_greeting", nasty});
  const auto script = cluster({"run", "roll", "demo", "host=n1"});
  EXPECT_NE(script.find(R"(export demo_greeting=''\''; touch /tmp/owned; "$(id)` \')"),
            std::string::npos);
  EXPECT_NE(script.find("\n" + nasty + " from n1\n"), std::string::npos);  // in a quoted heredoc
  EXPECT_EQ(shellcheck(script), 0);
  EXPECT_EQ(cluster({"run", "roll", "demo", "host=n1"}), script);
}

TEST_F(RunRoll, WhatNoScriptCanMakeSoEndsIt) {
  const auto demo = laid_out();
  const std::string run = R"(        run: |
          keep /etc/motd    # so that undo=yes puts it back
          printf '%s from %s\n' "$demo_greeting" "$host" >>/etc/motd
)";
  replace(demo / "roll.yaml", run, "");
  cluster({"add", "roll", demo.native()});
  cluster({"enable", "roll", "demo"});
  const auto script = cluster({"run", "roll", "demo"});
  EXPECT_EQ(script.find("step_1() {"), std::string::npos);
  EXPECT_NE(script.find("  needs \"$(look is_done_1 2>&1 | tail -n 1)\"\nelse\n  look is_done_1\n"
                        "  [ \"$held\" -eq 0 ] || fail 'it is not so'\nfi\n"),
            std::string::npos);
  EXPECT_EQ(shellcheck(script), 0);
}

TEST_F(RunRoll, ACheckEndsAtItsFirstLineThatFails) {
  const auto demo = laid_out();
  const std::string check = R"(        check: grep -qxF "$demo_greeting from $host" /etc/motd)";
  replace(demo / "roll.yaml", check, "        check: |\n          false\n          true");
  cluster({"add", "roll", demo.native()});
  cluster({"enable", "roll", "demo"});
  EXPECT_EQ(shellcheck(cluster({"run", "roll", "demo"})), 0);
  const auto script = (folder.path() / "add-roll.sh").native();
  const auto said = folder.path() / "said";
  EXPECT_EQ(rolls::run_subprocess({{"sh", script, "--dry-run"}, ".", said, {}}), 0);
  EXPECT_NE(read_file(said).value().find("demo: would    the greeting"), std::string::npos)
      << read_file(said).value();
}

TEST_F(RunRoll, AttributesCountAsEverywhere) {
  enabled_demo();
  cluster({"set", "appliance", "attr", "vm-container", "demo_greeting", "Hi"});
  cluster({"set", "host", "attr", "n1", "demo_greeting", "Hey"});
  EXPECT_NE(cluster({"run", "roll", "demo"}).find("export demo_greeting=Hi\n"), std::string::npos);
  EXPECT_NE(cluster({"run", "roll", "demo", "host=n1"}).find("export demo_greeting=Hey\n"),
            std::string::npos);
  cluster({"run", "roll", "demo", "appliance=compute"}, 1,
          "roll 'demo' has nothing for hosts of 'compute', only for those of vm-container");
}

TEST_F(RunRoll, CardsOfTheHostAreKnown) {
  enabled_demo();
  cluster({"add", "host", "gpu", "n1", "gpupci1", "02:00.0"});
  cluster({"add", "host", "gpu", "n1", "gpupci2", "03:00.0"});
  EXPECT_NE(cluster({"run", "roll", "demo", "host=n1"})
                .find("export cards='0000:02:00.0 0000:03:00.0'\n"),
            std::string::npos);
}

TEST_F(RunRoll, ApplyTellsWhatBecameOfEachHost) {
  enabled_demo();
  cluster({"add", "host", "n2"});
  cluster({"add", "host", "n3"});
  cluster({"add", "host", "n4"});
  cluster({"add", "host", "c1", "appliance=compute"});
  const auto say = [&](const std::string& host, const std::string& out, int status = 0,
                       const std::string& err = "") {
    transport.answers[host] = {out, err, {ssh::End::exited, status, "", {}}};
  };
  say("n1",
      "demo: changed  file /etc/a\ndemo: done, 1 changed\n\nTOKEN\tdone\tdemo\tdone, 1 changed\n");
  say("n2",
      "\nTOKEN\treboot\tdemo\t"
      "reboot needed (demo: x); then run this again, to see that it worked\n");
  say("n3", "demo: ok       packages\n\nTOKEN\tfailed\tdemo\tpackages x (status 100)\n", 1,
      "E: no such package\ndemo: failed: packages x (status 100)\n");
  transport.answers["n4"] = {"", "", {ssh::End::unreachable, -1, "connection refused", {}}};
  const auto [out, err, status] = run({"run", "roll", "demo", "apply=yes"});
  EXPECT_EQ(
      out,
      "HOST ROLL OUTCOME DETAILS\n"
      "n1:  demo done    done, 1 changed\n"
      "n2:  demo reboot  reboot needed (demo: x); then run this again, to see that it worked\n"
      "n3:  demo failed  packages x (status 100)\n"
      "n4:  demo failed  connection refused\n");
  const auto logs = beside("roll-logs");
  EXPECT_EQ(err,
            "cluster: n3: E: no such package\n"
            "cluster: n3: demo: failed: packages x (status 100)\n"
            "cluster: what the hosts said is in " +
                logs.native() + "\n");
  EXPECT_EQ(fs::status(logs).permissions(), fs::perms::owner_all);
  const auto log = fs::directory_iterator(logs / "n1")->path();
  EXPECT_EQ(read_file(log), "demo: changed  file /etc/a\ndemo: done, 1 changed\n");
  EXPECT_TRUE(log.native().ends_with("-demo.log")) << log;
  EXPECT_EQ(status, 3);
  ASSERT_EQ(transport.asked_targets.size(), 4U);
  EXPECT_EQ(transport.asked_targets[1].command, "sh -s");
  EXPECT_NE(transport.asked_targets[1].input.text().find("export host=n2\n"), std::string::npos);
  cluster({"run", "roll", "demo", "host=vm-container"}, 2,
          "host='vm-container' means 4 hosts: want one, or apply=yes");
  EXPECT_EQ(cluster({"dump", "host", "roll", "n1", "c1"}), "cluster run roll demo host=n1\n");
  transport.asked_targets.clear();
  EXPECT_NE(cluster({"run", "roll", "demo", "host=n1"}).find("#!/bin/sh"), std::string::npos);
  EXPECT_TRUE(transport.asked_targets.empty()) << "what a dump prints acts on no host";
}

// One host has none, one a newer one, one a package's, one of its own build, and one is away.
TEST_F(RunRoll, ApplyPutsTheAgentThereFirst) {
  const auto demo = laid_out();
  replace(demo / "roll.yaml", "  vm-container:\n", "  vm-container:\n    agent: yes\n");
  cluster({"add", "roll", demo.native()});
  cluster({"enable", "roll", "demo"});
  const auto gpupci = folder.path() / "gpupci";
  replace_file(gpupci, "#!/bin/sh\necho gpupci 1.0.0\n");
  const std::string path = "path /usr/local/bin/gpupci\nmachine x86_64\n";
  const std::string old = "checksum " + sha256_hex("old") + "\n";
  const std::map<std::string, std::string> told{{"n1", ""},
                                                {"n2", old + "version 999.1\n"},
                                                {"n3", old + "version 0.0.1\npackaged\n"},
                                                {"n4", old + "version 0.0.1\n"}};
  for (const auto& [host, lines] : told) {
    cluster({"add", "host", host});
    transport.exactly[{host, frontend::question_of_program("")}].out = path + lines + "whole\n";
    transport.exactly[{host, frontend::unit_of_program("/usr/local/bin/gpupci")}].out =
        path + (host == "n2" ? lines : "version 1.0.0\n") + "whole\n";
    transport.exactly[{host, "sh -s"}].out = "\nTOKEN\tdone\tdemo\tdone\n";
    transport.exactly[{host, "sh -s -- --dry-run"}].out = "\nTOKEN\tdone\tdemo\tdone\n";
    transport.answers[host].out = "rollcall put\n";  // whatever else is asked is the delivery
  }
  cluster({"add", "host", "n5"});
  transport.answers["n5"] = {"", "", {ssh::End::unreachable, -1, "no route to host", {}}};
  const std::vector<std::string> words{"run",        "roll",      "demo",
                                       "format=csv", "apply=yes", "agent=" + gpupci.native()};
  auto dryrun = words;
  dryrun.emplace_back("dryrun=yes");
  EXPECT_EQ(run(dryrun).out,
            "host,roll,outcome,details\n"
            "n1,demo,done,gpupci would be installed; done\n"
            "n2,demo,done,done\n"
            "n3,demo,done,done\n"
            "n4,demo,done,gpupci would be installed; done\n"
            "n5,demo,failed,no route to host\n");
  const auto applied = run(words);
  EXPECT_EQ(applied.status, 3);
  EXPECT_EQ(applied.out,
            "host,roll,outcome,details\n"
            "n1,demo,done,gpupci 1.0.0 installed; done\n"
            "n2,demo,done,done\n"
            "n3,demo,done,done\n"
            "n4,demo,done,gpupci 1.0.0 installed; done\n"
            "n5,demo,failed,no route to host\n");
}

// The output of a step is not the report of the script, even if it looks the same.
TEST_F(RunRoll, ApplyBelievesNoStepThatSaysDone) {
  enabled_demo();
  for (const auto* host : {"n2", "n3"}) cluster({"add", "host", host});
  const std::string fake = "0123\tdone\tdemo\tdone\ndemo: done\n";
  transport.answers["n1"] = {fake, "", {ssh::End::exited, 0, "", {}}};
  transport.answers["n2"] = {fake, "demo: failed: it is well\n", {ssh::End::exited, 137, "", {}}};
  transport.answers["n3"] = {fake + "\nTOKEN\tfailed\tbase\tdisk (status 1)\n" + fake,
                             "demo: failed: another\n",
                             {ssh::End::exited, 1, "", {}}};
  const auto told = run({"run", "roll", "demo", "apply=yes", "format=csv"});
  EXPECT_EQ(told.status, 1);
  EXPECT_EQ(told.out,
            "host,roll,outcome,details\n"
            "n1,demo,failed,the script did not come to its end: demo: done\n"
            "n2,demo,failed,the script did not come to its end (status 137): demo: failed: it is "
            "well\n"
            "n3,demo,failed,base: disk (status 1)\n");
}

TEST_F(RunRoll, ItemsOfHostsThatSayTheSameAreOne) {
  enabled_demo();
  cluster({"add", "host", "n2"});
  const std::string said =
      "demo: ok       packages\n"
      "demo: would    packages gcc\n"
      "demo: needs    a card: none is there\n"
      "H8   -        WARN     there is no modules.alias\n"
      "S2   UNKNOWN  nobody knows\n"
      "demo: skipped  check: it works: dry run\n"
      "demo: dry run: 1 to be done\n"
      "\nTOKEN\tdone\tdemo\tdry run: 1 to be done\n";
  for (const auto* host : {"n1", "n2"}) transport.answers[host].out = said;
  expect_shape(run({"run", "roll", "demo", "apply=yes", "dryrun=yes", "format=json"}).out,
               "run_roll");
  const auto [out, err, status] = run({"run", "roll", "demo", "apply=yes", "dryrun=yes"});
  EXPECT_EQ(status, 0) << err;
  EXPECT_EQ(out,
            "HOST        ROLL OUTCOME DETAILS\n"
            "n[1-2] (2): demo would   packages gcc\n"
            "n[1-2] (2): demo needs   a card: none is there\n"
            "n[1-2] (2): demo warn    H8   -        WARN     there is no modules.alias\n"
            "n[1-2] (2): demo unknown S2   UNKNOWN  nobody knows\n"
            "n[1-2] (2): demo skipped check: it works: dry run\n"
            "n[1-2] (2): demo done    dry run: 1 to be done\n");
}

TEST_F(RunRoll, TheLastLinesOfHostsThatFailAlikeAreOne) {
  enabled_demo();
  cluster({"add", "host", "n2"});
  std::string said;
  for (int i = 1; i <= 20; ++i) said += "line " + std::to_string(i) + "\n";
  for (const auto* host : {"n1", "n2"}) {
    transport.answers[host] = {
        said + "\nTOKEN\tfailed\tdemo\tit broke\n", "", {ssh::End::exited, 1, "", {}}};
  }
  const auto err = run({"run", "roll", "demo", "apply=yes"}).err;
  EXPECT_EQ(err.find("cluster: n[1-2] (2): line 9\n"), 0U) << err;
  EXPECT_NE(err.find("cluster: n[1-2] (2): line 20\n"), std::string::npos) << err;
}

// A host knows the token of its script, and may say what it likes behind it.
TEST_F(RunRoll, WhatAHostSaysOfItsOutcomeIsOneLineOfBoundedLength) {
  enabled_demo();
  const std::string endless = "\x1b[2J" + std::string(std::size_t{1} << 20U, 'x');
  for (const auto& [out, err, status] : std::vector<std::tuple<std::string, std::string, int>>{
           {"\nTOKEN\tdone\tdemo\t" + endless + "\n", "", 0},
           {"\nTOKEN\tfailed\t" + endless + "\t" + endless + "\n", "", 1},
           {endless, "", 0},
           {"", endless, 1},
           {endless + ": would    x\n", "", 1}}) {
    transport.answers["n1"] = {out, err, {ssh::End::exited, status, "", {}}};
    const auto result = run({"run", "roll", "demo", "apply=yes"});
    const auto said = result.out + result.err;
    EXPECT_NE(result.out.find("\\x1b[2Jxxx"), std::string::npos);
    EXPECT_EQ(said.find('\x1b'), std::string::npos);
    EXPECT_LT(said.size(), 5'000U);
  }
}

TEST_F(RunRoll, OfEachHostTheNewestLogsAreKept) {
  enabled_demo();
  const auto logs = beside("roll-logs/n1");
  for (int i = 10; i < 22; ++i) {
    replace_file(logs / ("2020-01-" + std::to_string(i) + "T000000Z-demo.log"), "old\n");
  }
  transport.answers["n1"].out = "demo: done\n\nTOKEN\tdone\tdemo\tdone\n";
  run({"run", "roll", "demo", "apply=yes"});
  EXPECT_EQ(std::distance(fs::directory_iterator(logs), fs::directory_iterator()), 10);
  EXPECT_FALSE(fs::exists(logs / "2020-01-12T000000Z-demo.log"));
  EXPECT_TRUE(fs::exists(logs / "2020-01-13T000000Z-demo.log"));
}

TEST_F(RunRoll, WhatARollDidIsTakenBackOnHostsThatAreNamed) {
  enabled_demo();
  const auto script = cluster({"run", "roll", "demo", "host=n1", "undo=yes"});
  EXPECT_NE(script.find("\nput_back /etc/demo/greeting\n"), std::string::npos) << script;
  EXPECT_EQ(shellcheck(script), 0);
  cluster({"run", "roll", "demo", "undo=yes", "apply=yes"}, 2,
          "undo=yes with apply=yes wants host= or appliance=");
  cluster({"run", "roll", "demo", "packages=remove"}, 2,
          "packages=remove (want keep, or remove with undo=yes)");
  transport.answers["n1"].out = "demo: stays    packages gcc: x\n\nTOKEN\tdone\tdemo\tdone\n";
  const auto told = run({"run", "roll", "demo", "undo=yes", "apply=yes", "host=n1",
                         "packages=remove", "format=csv", "dryrun=yes"});
  EXPECT_EQ(told.out,
            "host,roll,outcome,details\nn1,demo,stays,packages gcc: x\nn1,demo,done,done\n");
  EXPECT_EQ(transport.asked_targets.back().command, "sh -s -- --dry-run --remove-packages");
}

}  // namespace
}  // namespace cluster
