// Tests rolls from the folder to the list, their own commands, and the tree of create distro.

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

#include "core/file.h"
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
  const auto changes = cluster({"list", "change", "columns=change,what"});
  cluster({"enable", "roll", "demo"});
  EXPECT_EQ(cluster({"list", "change", "columns=change,what"}), changes)
      << "it was enabled already";
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

TEST_F(RollStory, WhatNoHostCouldRunIsNotStored) {
  const auto refusal = [&](const std::string& from, const std::string& to) {
    const auto roll = laid_out("demo");
    replace(roll / "roll.yaml", from, to);
    const auto result = run({"add", "roll", roll.native()});
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(
        run({"create", "roll", roll.native(), (folder.path() / "demo.tar.gz").native()}).status,
        to.starts_with("  vm") ? 0 : 2);
    std::filesystem::remove_all(roll);
    return result.err;
  };
  for (const std::string lines :
       {"'if true'", "\"x; }; rm -r /; {\"", "\"echo 'x\"", "'cat <<X'", "'touch x \\'"}) {
    const auto said = refusal("check: ", "check: " + lines + " # ");
    EXPECT_THAT(said, ::testing::HasSubstr("demo/roll.yaml:"));
    EXPECT_THAT(said, ::testing::HasSubstr(": sh cannot read 'check': line ")) << lines;
    EXPECT_EQ(std::ranges::count(said, '\n'), 1);
  }
  EXPECT_THAT(
      refusal("  vm-container:", "  vm-contaner:"),
      ::testing::HasSubstr(": there is no appliance 'vm-contaner' (did you mean 'vm-container'?)"));
  EXPECT_EQ(cluster({"list", "roll"}), "NAME VERSION ARCH ENABLED STATE\n");
  // A kind of hosts that the site has yet to name is no mistake.
  const auto roll = laid_out("demo");
  replace(roll / "roll.yaml", "  vm-container:", "  storage:");
  cluster({"add", "roll", roll.native()});
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
  const std::string empty =
      "no enabled roll has packages in debs/ or rpms/: there is no list to sign, and no key";
  cluster({"create", "distro"}, 0, empty);
  const auto distro = beside("distro");
  EXPECT_EQ(read_file(distro / "rolls/demo-0.1.0/bin/report"),
            read_file(stored("demo-0.1.0/bin/report")));
  cluster({"disable", "roll", "demo"});
  cluster({"create", "distro"}, 0, empty);
  EXPECT_FALSE(fs::exists(distro / "rolls/demo-0.1.0"));
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    EXPECT_FALSE(entry.path().filename().native().starts_with(".distro-")) << entry.path();
  }
  cluster({"create", "distro", distro.native() + "/"}, 0, empty);  // as a shell completes it
  const auto mask = umask(077);
  cluster({"enable", "roll", "demo"});
  cluster({"create", "distro"}, 0, empty);
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
