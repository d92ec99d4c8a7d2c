#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "db/sqlite_engine.h"
#include "schema/schema.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class InventoryFile : public Story {
 protected:
  void write(const std::string& text) const { std::ofstream(file) << text; }

  std::string read() const {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  void sql(const std::string& statements) const { db::open_sqlite(file)->run(statements); }

  std::string named(const std::string& why) const {
    return "inventory '" + file.native() + "': " + why;
  }
};

TEST_F(InventoryFile, OnlyAddHostMakesOne) {
  const auto missing =
      "no inventory at '" + file.native() + "' (the first `cluster add host` makes it)";
  cluster({"list", "host"}, 1, missing);
  cluster({"add", "host", "gpu", "node", "gpupci1", "02:00.0"}, 1, missing);
  cluster({"add", "host", "not a name"}, 2,
          "not a host name: 'not a name' (want letters, digits, hyphens and _: vm-container-0-15)");
  EXPECT_FALSE(std::filesystem::exists(file));
  cluster({"add", "host", "node"});
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_F(InventoryFile, ItsFolderIsMadeToo) {
  const auto deep = (folder.path() / "a/b/cluster.db").native();
  cluster({"add", "host", "node", "--db", deep});
  EXPECT_EQ(cluster({"dump", "host", "db=" + deep}),
            "cluster add host node appliance=vm-container\n");
}

TEST_F(InventoryFile, AForeignFileIsLeftAlone) {
  write("#!/bin/sh\necho this is a script, and long enough to be read as a database header\n");
  const auto before = read();
  cluster({"add", "host", "node"}, 1, named("is not an inventory (not an SQLite file)"));
  EXPECT_EQ(read(), before);
}

TEST_F(InventoryFile, AForeignDatabaseIsLeftAlone) {
  sql("CREATE TABLE host (name TEXT)");
  const auto before = read();
  cluster({"add", "host", "node"}, 1, named("is a database of another program"));
  cluster({"list", "host"}, 1, named("is a database of another program"));
  EXPECT_EQ(read(), before);
}

TEST_F(InventoryFile, ANewerVersionIsLeftAlone) {
  cluster({"add", "host", "node"});
  sql("PRAGMA user_version = 99");
  cluster({"list", "host"}, 1,
          named("is of a newer version (schema 99, this program knows " +
                std::to_string(migrations().size()) + "): upgrade `cluster`"));
}

TEST_F(InventoryFile, AnUpgradeSaysWhetherItChangedSomething) {
  sql(std::string(migrations()[0]) + "PRAGMA application_id = 0x526f6c6c; PRAGMA user_version = 1");
  EXPECT_EQ(cluster({"upgrade", "database"}), "brought up to date\n");
  EXPECT_EQ(cluster({"upgrade", "database"}), "up to date\n");
  sql("PRAGMA application_id = 1");
  cluster({"upgrade", "database"}, 1, named("is a database of another program"));
}

TEST_F(InventoryFile, AFolderIsNoFile) {
  std::filesystem::create_directory(file);
  cluster({"add", "host", "node"}, 1, named("is a folder"));
}

TEST_F(InventoryFile, ItsFolderMustBeMakeable) {
  write("a file");
  const auto below = (file / "cluster.db").native();
  cluster({"add", "host", "node", "--db", below}, 1,
          "inventory '" + below + "': cannot make its folder: Not a directory");
}

TEST_F(InventoryFile, WhoMayOnlyReadIsToldWhoMayWrite) {
  cluster({"add", "host", "node"});
  chmod(folder.path().c_str(), 0755);
  chmod(file.c_str(), 0444);
  const uid_t self = geteuid();
  if (self == 0) {  // root may write everywhere
    ASSERT_EQ(seteuid(65534), 0);
    cluster({"add", "host", "n2"}, 1, named("is not writable: be root (sudo)"));
    EXPECT_EQ(cluster({"dump", "host"}), "cluster add host node appliance=vm-container\n");
    ASSERT_EQ(seteuid(self), 0);
  } else {
    EXPECT_EQ(run({"add", "host", "n2"}).status, 1);
  }
  EXPECT_EQ(cluster({"dump", "host"}), "cluster add host node appliance=vm-container\n");
}

// Becomes somebody who may read the file and no more. Root may write everywhere, so it steps down.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : folder_(file.parent_path()) {
    chmod(folder_.c_str(), 0555);
    chmod(file.c_str(), 0444);
    if (self_ == 0) {
      EXPECT_EQ(seteuid(65534), 0);
    }
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  Reader(Reader&&) = delete;
  Reader& operator=(Reader&&) = delete;
  ~Reader() {
    EXPECT_EQ(seteuid(self_), 0);
    chmod(folder_.c_str(), 0755);
  }

 private:
  std::filesystem::path folder_;
  uid_t self_ = geteuid();
};

TEST_F(InventoryFile, WhoMayOnlyReadSeesWhatHostsSay) {
  cluster({"add", "host", "n1"});
  cluster({"add", "host", "gpu", "n1", "gpupci1", "pci_0000_01_00_0", "wish=detached"});
  transport.by_command["gpupci -l --json"] =
      R"({"cards": [{"name": "gpupci1", "pci": "pci_0000_01_00_0", "functions": [
          {"pci": "pci_0000_01_00_0", "class": "030000", "vendor": "10de", "device": "1eb8",
           "driver": "nvidia"}]}]})";
  const auto before = dump();
  const Reader reader(file);
  const auto shown = run({"list", "host", "gpu", "status=yes"});
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("is attached to its host"));
  EXPECT_THAT(shown.err, HasSubstr("what was learned is not stored: "));
  EXPECT_THAT(shown.err, HasSubstr("is not writable"));
  const auto checked = run({"check", "host", "gpu"});
  EXPECT_THAT(checked.err, Not(HasSubstr("internal error")));
  const auto found = run({"discover", "host", "vm"});
  EXPECT_EQ(found.status, 0) << found.err;
  EXPECT_EQ(dump(), before);
}

TEST_F(InventoryFile, WhoMayOnlyReadChangesNoHost) {
  cluster({"add", "host", "n1"});
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"sync", "vm", "config", "v1"});
  const auto& there = domains.hosts["n1"];
  const auto done = there.done;
  const Reader reader(file);
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"start", "host", "vm", "v1"},
                                             {"sync", "vm", "config"},
                                             {"remove", "host", "vm", "v1", "undefine=yes"},
                                             {"sync", "host", "key"},
                                             {"discover", "host", "vm", "import=yes"}}) {
    cluster(words, 1, named("is not writable: be root (sudo)"));
  }
  EXPECT_EQ(there.done, done);
  EXPECT_EQ(there.domains.size(), 1U);
}

TEST_F(InventoryFile, AnEmptyFileIsNoInventoryUntilOneIsMadeOfIt) {
  write("");
  cluster(
      {"list", "host"}, 1,
      named("is an empty file, and no inventory (the first `cluster add host` makes one of it)"));
  cluster({"add", "host", "node"});
  EXPECT_EQ(cluster({"dump", "host"}), "cluster add host node appliance=vm-container\n");
}

TEST_F(InventoryFile, ADamagedOneIsSaid) {
  cluster({"add", "host", "node"});
  sql("PRAGMA user_version = -3");
  cluster({"list", "host"}, 1, named("is damaged: its version is -3"));
  std::filesystem::resize_file(file, 8192);
  EXPECT_EQ(run({"list", "host"}).status, 1);
  EXPECT_EQ(run({"list", "host"}).err.find("internal error"), std::string::npos);
}

TEST_F(InventoryFile, NobodyTrustsOneThatEverybodyMayWriteTo) {
  cluster({"add", "host", "node"});
  chmod(file.c_str(), 0666);
  cluster({"list", "host"}, 1,
          named("everybody may write to it (want `chmod o-w` after a look at what is in it)"));
}

TEST_F(InventoryFile, ManyMayMakeItAtOnce) {
  std::vector<std::jthread> makers;
  std::atomic<int> failed = 0;
  for (int maker = 0; maker < 8; ++maker) {
    makers.emplace_back([&, maker] {
      try {
        Inventory inventory(file, Inventory::Open::create);
        inventory.add_host(
            {HostName("n-" + std::to_string(maker)), "compute", {}, {}, {}, {}, {}, {}});
      } catch (const std::exception& error) {
        ++failed;
        ADD_FAILURE() << error.what();
      }
    });
  }
  makers.clear();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(Inventory(file, Inventory::Open::existing).hosts().size(), 8U);
}

TEST_F(InventoryFile, WritersWaitForEachOther) {
  cluster({"add", "host", "node"});
  std::vector<std::jthread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([this, writer] {
      for (int i = 0; i < 5; ++i) {
        Inventory inventory(file, Inventory::Open::existing);
        inventory.add_host({HostName("n-" + std::to_string(writer) + "-" + std::to_string(i)),
                            "compute",
                            {},
                            {},
                            {},
                            {},
                            {},
                            {}});
      }
    });
  }
  writers.clear();
  EXPECT_EQ(Inventory(file, Inventory::Open::existing).hosts().size(), 21U);
}

}  // namespace
}  // namespace cluster
