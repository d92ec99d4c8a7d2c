// The store of rolls when things go wrong: the folders and the inventory agree afterwards.

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "core/file.h"
#include "rolls/engine/subprocess.h"
#include "tests/support/roll_story.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class RollStore : public RollStory {
 protected:
  // Returns what is in the folder of the store.
  std::vector<std::string> folders() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(stored(""))) {
      names.push_back(entry.path().filename().native());
    }
    return names;
  }
};

TEST_F(RollStore, WhatAKilledAddHasLeftIsNotInTheWay) {
  const auto demo = laid_out();
  // One roll was not placed yet; the other was placed, but not in the inventory yet.
  fs::create_directories(stored(".new/roll"));
  fs::copy(demo, stored("demo-0.1.0"), fs::copy_options::recursive);
  cluster({"add", "roll", demo.native()});
  EXPECT_THAT(folders(), ElementsAre("demo-0.1.0"));
  EXPECT_EQ(cluster({"list", "roll", "format=csv"}),
            "name,version,arch,enabled,state\ndemo,0.1.0,any,no,ok\n");
}

TEST_F(RollStore, ARollOfAnotherInventoryIsNotReplaced) {
  const auto demo = laid_out();
  cluster({"add", "roll", demo.native(), "db=" + (folder.path() / "other.db").native()});
  cluster({"add", "roll", demo.native()});  // the same one
  cluster({"remove", "roll", "demo", "db=" + (folder.path() / "other.db").native()});
  EXPECT_EQ(cluster({"list", "roll", "format=csv"}),
            "name,version,arch,enabled,state\ndemo,0.1.0,any,no,changed\n");
  cluster({"remove", "roll", "demo"});

  cluster({"add", "roll", demo.native(), "db=" + (folder.path() / "other.db").native()});
  std::ofstream(demo / "files/greeting", std::ios::app) << "more\n";
  cluster({"add", "roll", demo.native()}, 1,
          "'" + stored("demo-0.1.0").native() +
              "' is there, another roll of that name and version: if no other inventory has it, "
              "remove the folder");
  EXPECT_EQ(cluster({"list", "roll"}), "NAME VERSION ARCH ENABLED STATE\n");
  EXPECT_EQ(cluster({"list", "roll", "format=csv", "db=" + (folder.path() / "other.db").native()}),
            "name,version,arch,enabled,state\ndemo,0.1.0,any,no,ok\n");
}

TEST_F(RollStore, AnotherRollOfThatNameAndVersionIsToldFromIt) {
  const auto demo = laid_out();
  const std::string advice = " (`cluster remove roll` first, or give this one another version)";
  cluster({"add", "roll", demo.native()});
  cluster({"add", "roll", demo.native()}, 1, "roll 'demo' 0.1.0 is there already" + advice);
  std::ofstream(demo / "files/greeting", std::ios::app) << "more\n";
  cluster({"add", "roll", demo.native()}, 1,
          "roll 'demo' 0.1.0 is there already, with other files" + advice);
  EXPECT_EQ(cluster({"list", "roll", "format=csv"}),
            "name,version,arch,enabled,state\ndemo,0.1.0,any,no,ok\n");
}

TEST_F(RollStore, TwoAtOnceAreOneAfterTheOther) {
  const auto demo = laid_out();
  cluster({"add", "host", "n1"});
  std::vector<int> statuses(4);
  {
    std::vector<std::jthread> threads;
    for (auto& status : statuses) {
      threads.emplace_back([&] { status = run({"add", "roll", demo.native()}).status; });
    }
  }
  EXPECT_THAT(statuses, UnorderedElementsAre(0, 1, 1, 1));
  EXPECT_THAT(folders(), ElementsAre("demo-0.1.0"));
  EXPECT_EQ(cluster({"list", "roll", "format=csv"}),
            "name,version,arch,enabled,state\ndemo,0.1.0,any,no,ok\n");
}

// This stands for a full disk: no file may grow beyond 1 MiB.
TEST_F(RollStore, AFullDiskLeavesNothing) {
  const auto demo = laid_out();
  replace_file(demo / "files/big", std::string(3U << 20U, 'x'));
  const auto archive = folder.path() / "demo.tar.gz";
  cluster({"create", "roll", demo.native(), archive.native()});
  cluster({"add", "host", "n1"});
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{1U << 20U, before.rlim_max};
  std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto of_folder = run({"add", "roll", demo.native()});
  const auto of_archive = run({"add", "roll", archive.native()});
  setrlimit(RLIMIT_FSIZE, &before);
  for (const auto& [out, err, status] : {of_folder, of_archive}) {
    EXPECT_EQ(status, 1);
    EXPECT_EQ(err.substr(0, err.find(".new")), "cluster: cannot write '" + stored("").native());
    EXPECT_THAT(err, ::testing::HasSubstr("File too large"));
  }
  EXPECT_FALSE(fs::exists(stored("")));
  cluster({"add", "roll", demo.native()});
}

TEST_F(RollStore, AnUpgradeWhileAnotherRequiresIt) {
  const auto base = laid_out("base");
  const auto demo = laid_out();
  replace(demo / "roll.yaml", "requires: []", "requires: [base]");
  cluster({"add", "roll", base.native()});
  cluster({"add", "roll", demo.native()});
  cluster({"enable", "roll", "base"});
  cluster({"enable", "roll", "demo"});
  replace(base / "roll.yaml", "0.1.0", "0.2.0");
  cluster({"add", "roll", base.native()});
  cluster({"enable", "roll", "base", "version=0.2.0"});
  cluster({"disable", "roll", "base", "version=0.1.0"});  // is not enabled, so nobody needs it
  cluster({"disable", "roll", "base"}, 1,
          "roll 'demo' requires roll 'base': first `cluster disable roll demo`");
  cluster({"remove", "roll", "base", "version=0.1.0"});
  EXPECT_EQ(cluster({"list", "roll", "format=csv"}),
            "name,version,arch,enabled,state\nbase,0.2.0,any,yes,ok\ndemo,0.1.0,any,yes,ok\n");
}

TEST_F(RollStore, AnAttributeIsOfOneRoll) {
  const auto demo = laid_out("a");
  replace(demo / "roll.yaml", "a_greeting:\n", "a_b_greeting:\n");
  replace(demo / "files/greeting", "a_greeting", "a_b_greeting");
  cluster({"add", "roll", demo.native()});
  cluster({"add", "roll", laid_out("a-b").native()});
  cluster({"enable", "roll", "a"});
  cluster({"enable", "roll", "a-b"}, 1,
          "rolls 'a-b' and 'a' both have an attribute 'a_b_greeting'");
  const auto vm = laid_out("vm");
  cluster({"add", "roll", vm.native()}, 2,
          "no attribute of VMs is called 'vm_greeting' (`cluster help attr` lists them)");
  replace(vm / "roll.yaml", "vm_greeting:\n", "vm_machine:\n");
  replace(vm / "files/greeting", "vm_greeting", "vm_machine");
  cluster({"add", "roll", vm.native()}, 1,
          "roll 'vm' has an attribute 'vm_machine', and VMs have one already");
}

TEST_F(RollStore, AnArchiveIsNotPutIntoItself) {
  const auto demo = laid_out();
  const auto archive = demo / "demo.tar.gz";
  cluster({"create", "roll", demo.native(), archive.native()}, 1,
          "'" + archive.native() + "' would be in the roll itself; want ARCHIVE in another folder");
  EXPECT_FALSE(fs::exists(archive));
}

TEST_F(RollStore, AnArchiveComesIntoTheFolderThatOneIsIn) {
  laid_out();
  const auto before = fs::current_path();
  fs::current_path(folder.path());
  cluster({"create", "roll", "demo"});
  fs::current_path(before);
  EXPECT_TRUE(fs::exists(folder.path() / "demo-0.1.0.tar.gz"));
}

TEST_F(RollStore, AnArchiveWithoutAFolderMayBeReadByAll) {
  const auto demo = laid_out();
  const auto archive = (folder.path() / "demo.tar.gz").native();
  ASSERT_EQ(
      rolls::run_subprocess({{"tar", "-czf", archive, "-C", demo.native(), "."}, ".", {}, {}}), 0);
  cluster({"add", "roll", archive});
  EXPECT_EQ(fs::status(stored("demo-0.1.0")).permissions() & fs::perms(0055), fs::perms(0055));
}

TEST_F(RollStore, WhatWasMistypedIsNotBlamedOnAChangedRoll) {
  cluster({"add", "roll", laid_out().native()});
  cluster({"enable", "roll", "demo"});
  std::ofstream(stored("demo-0.1.0/roll.yaml"), std::ios::app) << "nonsense\n";
  const auto [out, err, status] = run({"lst", "host"});
  EXPECT_THAT(err, ::testing::HasSubstr("no command 'lst host'"));
  EXPECT_EQ(status, 2);
}

}  // namespace
}  // namespace cluster
