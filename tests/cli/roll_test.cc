// Tests rolls from the folder to the script that a host runs.

#include <fstream>
#include <map>

#include "core/file.h"
#include "core/sha256.h"
#include "frontend/hosts/agent_program.h"
#include "rolls/engine/subprocess.h"
#include "tests/support/roll_story.h"

namespace cluster {
namespace {

constexpr const char* kHead = "NAME  VERSION ARCH ENABLED STATE\n";

TEST_F(RollStory, FromTheFolderToTheList) {
  const auto demo = laid_out();
  cluster({"add", "roll", demo.native()});
  EXPECT_EQ(cluster({"list", "roll"}), std::string(kHead) + "demo: 0.1.0   any  no      ok\n");
  cluster(
      {"add", "roll", demo.native()}, 1,
      "roll 'demo' 0.1.0 is there already (`cluster remove roll` first, or give this one another "
      "version)");
  cluster({"enable", "roll", "demo"});
  EXPECT_EQ(cluster({"list", "roll"}), std::string(kHead) + "demo: 0.1.0   any  yes     ok\n");
  EXPECT_EQ(cluster({"dump", "roll"}), "cluster add roll " + stored("demo-0.1.0").native() +
                                           "\ncluster enable roll demo version=0.1.0\n");
  cluster({"remove", "roll", "demo"}, 1,
          "roll 'demo' 0.1.0 is enabled: first `cluster disable roll demo`");
  cluster({"disable", "roll", "demo"});
  cluster({"remove", "roll", "demo"});
  EXPECT_EQ(cluster({"list", "roll"}), "NAME VERSION ARCH ENABLED STATE\n");
  EXPECT_FALSE(fs::exists(stored("demo-0.1.0")));
}

TEST_F(RollStory, FromTheArchive) {
  const auto archive = folder.path() / "demo.tar.gz";
  cluster({"create", "roll", laid_out().native(), archive.native()});
  cluster({"add", "roll", archive.native()});
  cluster({"list", "roll"});
  EXPECT_EQ(read_file(stored("demo-0.1.0/files/greeting")),
            "{{ demo_greeting }} from {{ host }}\n");
}

TEST_F(RollStory, OneThatIsInstalledByItsName) {
  const auto installed = folder.path() / "installed";
  fs::create_directory(installed);
  fs::rename(laid_out(), installed / "demo");
  cluster({"add", "roll", "demi"}, 1,
          "no roll 'demi' is here or in '" + installed.native() + "' (did you mean 'demo'?)");
  cluster({"add", "roll", "demo"});
  cluster({"list", "roll"});
  EXPECT_EQ(read_file(stored("demo-0.1.0/roll.yaml")), read_file(installed / "demo/roll.yaml"));
}

TEST_F(RollStory, AFolderOfTheSameNameIsNotMistakenForAnInstalledOne) {
  const auto installed = folder.path() / "installed";
  fs::create_directory(installed);
  fs::rename(laid_out(), installed / "demo");
  const auto before = fs::current_path();
  fs::create_directory(folder.path() / "here");
  fs::current_path(folder.path() / "here");
  fs::create_directory("demo");
  cluster({"add", "roll", "demo"}, 2,
          "'demo' is here, and an installed roll: want './demo' or '" +
              (installed / "demo").native() + "'");
  fs::current_path(installed);
  cluster({"add", "roll", "demo"});
  fs::current_path(before);
}

TEST_F(RollStory, WhatIsWrongIsNotStored) {
  const auto demo = laid_out();
  replace(demo / "roll.yaml", "summary:", "sumary:");
  cluster(
      {"add", "roll", demo.native()}, 2,
      demo.native() + "/roll.yaml:4:1: unknown key 'sumary' in 'roll' (did you mean 'summary'?)");
  EXPECT_FALSE(fs::exists(file));
  EXPECT_FALSE(fs::exists(stored("")));
  replace_file(folder.path() / "broken.tar.gz", "no archive\n");
  EXPECT_NE(run({"add", "roll", (folder.path() / "broken.tar.gz").native()}).status, 0);
  EXPECT_FALSE(fs::exists(stored("")));
  cluster({"add", "roll", "/no/where"}, 1,
          "there is no '/no/where' (want a roll's folder or its .tar.gz)");
}

TEST_F(RollStory, OneVersionAtATime) {
  const auto demo = laid_out();
  cluster({"add", "roll", demo.native()});
  replace(demo / "roll.yaml", "0.1.0", "0.2.0");
  cluster({"add", "roll", demo.native()});
  cluster({"enable", "roll", "demo"}, 2, "roll 'demo' is there as 0.1.0, 0.2.0: want version=");
  cluster({"enable", "roll", "demo", "version=0.1.0"});
  cluster({"enable", "roll", "demo", "version=0.2.0"});
  EXPECT_EQ(cluster({"list", "roll", "format=csv"}),
            "name,version,arch,enabled,state\ndemo,0.1.0,any,no,ok\ndemo,0.2.0,any,yes,ok\n");
  cluster({"enable", "roll", "demi"}, 1,
          "roll 'demi' is not in the inventory (did you mean 'demo'?)");
}

TEST_F(RollStory, AChangedRollIsNoticedAndNotRun) {
  enabled_demo();
  std::ofstream(stored("demo-0.1.0/files/greeting"), std::ios::app) << "more\n";
  EXPECT_EQ(cluster({"list", "roll"}), std::string(kHead) + "demo: 0.1.0   any  yes     changed\n");
  for (const auto* words : {"run roll demo", "report demo"}) {
    std::vector<std::string> command;
    for (std::istringstream in(words); !in.eof();) in >> command.emplace_back();
    cluster(command, 1,
            "roll 'demo' 0.1.0 was changed after it was added ('" + stored("demo-0.1.0").native() +
                "'); remove it and add it again");
  }
  cluster({"disable", "roll", "demo"});
  cluster({"remove", "roll", "demo"});
}

TEST_F(RollStory, WhatARollRequiresComesFirstAndStays) {
  const auto demo = laid_out();
  replace(demo / "roll.yaml", "requires: []", "requires: [base]");
  replace(demo / "roll.yaml", "  report demo:", "  report other:");
  cluster({"add", "roll", demo.native()});
  cluster({"enable", "roll", "demo"}, 1,
          "roll 'demo' requires roll 'base', which is not enabled: `cluster enable roll base`");
  cluster({"add", "roll", laid_out("base").native()});
  cluster({"enable", "roll", "base"});
  cluster({"enable", "roll", "demo"});
  cluster({"disable", "roll", "base"}, 1,
          "roll 'demo' requires roll 'base': first `cluster disable roll demo`");
  const auto script = cluster({"run", "roll", "demo"});
  EXPECT_LT(script.find("---- roll base"), script.find("---- roll demo"));
  EXPECT_EQ(shellcheck(script), 0);

  const auto base = folder.path() / "base";
  replace(base / "roll.yaml", "requires: []", "requires: [demo]");
  replace(base / "roll.yaml", "0.1.0", "0.2.0");
  const auto [out, err, status] = run({"add", "roll", base.native()});
  EXPECT_NE(err.find("rolls require each other"), std::string::npos) << err;
  EXPECT_EQ(status, 2);
}

TEST_F(RollStory, ACircleIsNotStoredEvenWhenNoneIsEnabled) {
  const auto demo = laid_out();
  replace(demo / "roll.yaml", "requires: []", "requires: [base]");
  cluster({"add", "roll", demo.native()});
  cluster({"list", "roll"});
  const auto base = laid_out("base");
  replace(base / "roll.yaml", "requires: []", "requires: [demo]");
  cluster({"add", "roll", base.native()}, 2,
          stored("demo-0.1.0/roll.yaml").native() +
              ":7:12: rolls require each other: base -> demo -> base");
  EXPECT_EQ(cluster({"list", "roll"}).find("base"), std::string::npos);
}

TEST_F(RollStory, AChangedVersionDoesNotStopTheNextOne) {
  enabled_demo();
  const auto demo = folder.path() / "demo";
  replace_file(stored("demo-0.1.0/files/greeting"), "changed\n");
  replace(demo / "roll.yaml", "0.1.0", "0.2.0");
  cluster({"add", "roll", demo.native()});
  cluster({"enable", "roll", "demo", "version=0.2.0"});
  EXPECT_NE(cluster({"run", "roll", "demo"}).find("demo 0.2.0"), std::string::npos);
}

TEST_F(RollStory, NothingOfTheInventoryIsReadByTheShell) {
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

TEST_F(RollStory, WhatNoScriptCanMakeSoEndsIt) {
  const auto demo = laid_out();
  const std::string run = R"(        run: |
          touch /etc/motd
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

TEST_F(RollStory, ACheckEndsAtItsFirstLineThatFails) {
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

TEST_F(RollStory, AttributesCountAsEverywhere) {
  enabled_demo();
  cluster({"set", "appliance", "attr", "vm-container", "demo_greeting", "Hi"});
  cluster({"set", "host", "attr", "n1", "demo_greeting", "Hey"});
  EXPECT_NE(cluster({"run", "roll", "demo"}).find("export demo_greeting=Hi\n"), std::string::npos);
  EXPECT_NE(cluster({"run", "roll", "demo", "host=n1"}).find("export demo_greeting=Hey\n"),
            std::string::npos);
  cluster({"run", "roll", "demo", "appliance=compute"}, 1,
          "roll 'demo' has nothing for hosts of 'compute', only for those of vm-container");
}

TEST_F(RollStory, CardsOfTheHostAreKnown) {
  enabled_demo();
  cluster({"add", "host", "gpu", "n1", "gpupci1", "02:00.0"});
  cluster({"add", "host", "gpu", "n1", "gpupci2", "03:00.0"});
  EXPECT_NE(cluster({"run", "roll", "demo", "host=n1"})
                .find("export cards='0000:02:00.0 0000:03:00.0'\n"),
            std::string::npos);
}

TEST_F(RollStory, ApplyTellsWhatBecameOfEachHost) {
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
  EXPECT_EQ(cluster({"dump", "host", "roll", "n1", "c1"}),
            "cluster run roll demo host=n1 apply=yes\n");
}

// One host has none, one a newer one, one a package's, one of its own build, and one is away.
TEST_F(RollStory, ApplyPutsTheAgentThereFirst) {
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
TEST_F(RollStory, ApplyBelievesNoStepThatSaysDone) {
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

TEST_F(RollStory, ItemsOfHostsThatSayTheSameAreOne) {
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

TEST_F(RollStory, TheLastLinesOfHostsThatFailAlikeAreOne) {
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

TEST_F(RollStory, OfEachHostTheNewestLogsAreKept) {
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

TEST_F(RollStory, WhatARollDidIsTakenBackOnHostsThatAreNamed) {
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

TEST_F(RollStory, ACommandOfItsOwn) {
  const auto demo = laid_out();
  replace_file(demo / "bin/report", "#!/bin/sh\nprintf '%s\\n' \"$@\" \"$CLUSTER_DB\" \"$ROLL\" >" +
                                        (folder.path() / "said").native() + "\nexit 7\n");
  fs::permissions(demo / "bin/report", fs::perms(0755));
  cluster({"add", "roll", demo.native()});
  const auto unknown = run({"report", "demo", "a b"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_NE(unknown.err.find("no command 'report demo a b'"), std::string::npos) << unknown.err;
  cluster({"enable", "roll", "demo"});
  EXPECT_EQ(cluster({"report", "demo", "a b", "--x=1", "--db", place}, 7), "");
  EXPECT_EQ(read_file(folder.path() / "said"),
            "a b\n--x=1\n" + place + "\n" + stored("demo-0.1.0").native() + "\n");
}

TEST_F(RollStory, HelpNamesTheCommandsOfEnabledRolls) {
  enabled_demo();
  const auto help = cluster({"help"});
  EXPECT_NE(help.find("\nCommands of rolls:\n  report demo  print the greeting (roll demo)\n"),
            std::string::npos)
      << help;
  cluster({"disable", "roll", "demo"});
  EXPECT_EQ(cluster({"help"}).find("Commands of rolls"), std::string::npos);
}

TEST_F(RollStory, BuiltInCommandsAreNotShadowed) {
  const auto demo = laid_out();
  for (const std::string path : {"list host", "report host", "run host now"}) {
    replace(demo / "roll.yaml", "  report demo:", "  " + path + ":");
    const auto [out, err, status] = run({"add", "roll", demo.native()});
    EXPECT_EQ(status, 1) << path;
    EXPECT_NE(err.find("has a command '" + path + "', and there is"), std::string::npos) << err;
    replace(demo / "roll.yaml", "  " + path + ":", "  report demo:");
  }
}

TEST_F(RollStory, ADistroIsOursToReplaceOrLeft) {
  enabled_demo();
  cluster({"create", "distro"});
  const auto distro = beside("distro");
  EXPECT_EQ(read_file(distro / "rolls/demo-0.1.0/bin/report"),
            read_file(stored("demo-0.1.0/bin/report")));
  cluster({"disable", "roll", "demo"});
  cluster({"create", "distro"});
  EXPECT_FALSE(fs::exists(distro / "rolls/demo-0.1.0"));
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    EXPECT_FALSE(entry.path().filename().native().starts_with(".distro-")) << entry.path();
  }
  cluster({"create", "distro", distro.native() + "/"});  // as a shell completes it
  const auto mask = umask(077);
  cluster({"enable", "roll", "demo"});
  cluster({"create", "distro"});
  umask(mask);
  for (const auto* path : {"rolls/demo-0.1.0", "rolls/demo-0.1.0/roll.yaml"}) {
    EXPECT_NE(fs::status(distro / path).permissions() & fs::perms::others_read, fs::perms::none);
  }
  const auto demo = folder.path() / "demo";
  replace(demo / "roll.yaml", "0.1.0", "0.2.0");
  replace_file(demo / "debs/broken.deb", "no package");
  cluster({"add", "roll", demo.native()});
  cluster({"enable", "roll", "demo", "version=0.2.0"});
  cluster({"create", "distro"}, 2, "'demo-0.2.0/broken.deb' is no Debian package");
  EXPECT_TRUE(fs::exists(distro / "rolls/demo-0.1.0"));  // the tree of before
  replace_file(folder.path() / "empty", "");
  cluster({"create", "distro", folder.path() / "empty"}, 1,
          "'" + (folder.path() / "empty").native() +
              "' is there and was not made by `cluster create distro`; want another folder");
  const auto other = folder.path() / "other";
  replace_file(other / "mine", "x\n");
  cluster({"create", "distro", other.native()}, 1,
          "'" + other.native() +
              "' is there and was not made by `cluster create distro`; want another folder");
  EXPECT_EQ(read_file(other / "mine"), "x\n");
}

}  // namespace
}  // namespace cluster
