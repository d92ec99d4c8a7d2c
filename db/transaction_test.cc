#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "core/error.h"
#include "db/inventory.h"
#include "db/sqlite_engine.h"
#include "tests/support/temp_dir.h"

// A method does its work as a whole or not at all, both alone and as a part of more.
namespace cluster {
namespace {

class Transaction : public ::testing::Test {
 protected:
  void add(const char* name) {
    inventory.add_host({HostName(name), "compute", {}, {}, {}, {}, {}, {}});
  }

  std::string names() { return names_in(inventory); }

  static std::string names_in(Inventory& from) {
    std::string text;
    for (const auto& host : from.hosts()) text += host.name.str() + " ";
    return text;
  }

  TempDir folder;
  std::filesystem::path file = folder.path() / "cluster.db";
  Inventory inventory{file, Inventory::Open::create};
};

TEST_F(Transaction, APartThatFailsMayBeLeftOut) {
  inventory.together("add", [&] {
    add("n1");
    EXPECT_THROW(add("n1"), Error);
    EXPECT_THROW(inventory.together("more",
                                    [&] {
                                      add("n2");
                                      add("N1");
                                    }),
                 Error);
    add("n3");
  });
  EXPECT_EQ(names(), "n1 n3 ");
}

TEST_F(Transaction, WhatIsThrownUndoesAllOfIt) {
  EXPECT_THROW(inventory.together("add",
                                  [&] {
                                    add("n1");
                                    inventory.together("more", [&] { add("n2"); });
                                    throw std::runtime_error("out of cards");
                                  }),
               std::runtime_error);
  EXPECT_EQ(names(), "");
  add("n1");
  EXPECT_EQ(names(), "n1 ") << "no transaction is left open";
}

TEST_F(Transaction, OfSeveralRowsNoneStaysWhenOneIsRefused) {
  add("n1");
  EXPECT_THROW(
      inventory.add_attributes({{{}, HostName("n1"), "a", "1"}, {{}, HostName("n9"), "a", "1"}}),
      Error);
  EXPECT_TRUE(inventory.attributes().empty());
  EXPECT_THROW(inventory.remove_hosts({HostName("n1"), HostName("n9")}), Error);
  EXPECT_EQ(names(), "n1 ");
}

TEST_F(Transaction, OthersSeeItWhenItIsDone) {
  Inventory other(file, Inventory::Open::existing);
  inventory.together("add", [&] {
    add("n1");
    EXPECT_EQ(names(), "n1 ");
    EXPECT_EQ(names_in(other), "");
  });
  EXPECT_EQ(names_in(other), "n1 ");
}

TEST_F(Transaction, WhatIsReadTogetherIsNotChangedInBetween) {
  Inventory other(file, Inventory::Open::existing);
  add("n1");
  inventory.look_together("list", [&] {
    EXPECT_EQ(names(), "n1 ");
    other.add_host({HostName("n2"), "compute", {}, {}, {}, {}, {}, {}});
    EXPECT_EQ(names(), "n1 ");
  });
  EXPECT_EQ(names(), "n1 n2 ");
}

TEST_F(Transaction, ARemovedHostTakesWhatIsItsOwnWithIt) {
  add("n1");
  inventory.add_gpu({HostName("n1"), GpuName("gpupci1"), {0, 2, 0, 0}});
  inventory.add_attributes({{{}, HostName("n1"), "a", "1"}, {{}, {}, "a", "2"}});
  inventory.remove_hosts({HostName("n1")});
  EXPECT_EQ(inventory.host_gpus().size(), 0U);
  EXPECT_EQ(inventory.attributes().size(), 1U);
}

TEST_F(Transaction, WhereLeadsToTheSameInventory) {
  add("n1");
  Inventory again(inventory.where(), Inventory::Open::existing);
  EXPECT_EQ(names_in(again), "n1 ");
  EXPECT_TRUE(std::filesystem::path(inventory.where()).is_absolute());
}

// Returns the reason why the inventory cannot be opened.
std::string refusal(const std::filesystem::path& file) {
  try {
    const Inventory inventory(file, Inventory::Open::existing);
  } catch (const Error& error) {
    return error.what();
  }
  return "opened";
}

// Of several that wait for one that writes, each has its turn in the short time between two of its
// writes. SQLite's own waiting asks every 100 ms by then, and half of these would miss it, however
// fast the machine is.
TEST_F(Transaction, WhoeverWaitsForAWriterHasItsTurn) {
  using std::chrono::milliseconds;
  constexpr int kWaiting = 5;
  constexpr int kStagger = 20;  // ms between them, so that not all of them ask at once
  const auto had_their_turn = [&] {
    const auto writer = db::open_sqlite(file, db::kBusyTimeoutMs);
    std::atomic<int> done = 0;
    writer->begin_write();
    {
      std::vector<std::jthread> waiting;
      for (int i = 0; i < kWaiting; ++i) {
        waiting.emplace_back([&, i] {
          std::this_thread::sleep_for(milliseconds(i * kStagger));
          try {
            const auto own = db::open_sqlite(file, 1500);
            own->begin_write();
            own->commit();
            ++done;
          } catch (const db::Failure& failure) {
            EXPECT_EQ(failure.why, db::Why::busy) << failure.what();
          }
        });
      }
      std::this_thread::sleep_for(milliseconds(700));
      writer->commit();
      std::this_thread::sleep_for(milliseconds(60));
      writer->begin_write();
    }
    return done == kWaiting;
  };
  // A machine with other work may let one of them sleep too long.
  bool all = false;
  for (int tries = 0; tries < 4 && !all; ++tries) all = had_their_turn();
  EXPECT_TRUE(all);
}

TEST(Opening, SaysWhatIsWrongWithTheFile) {
  const TempDir folder;
  const auto file = folder.path() / "cluster.db";
  const auto named = [](const std::filesystem::path& path, const std::string& why) {
    return "inventory '" + path.native() + "': " + why;
  };
  EXPECT_EQ(refusal(file),
            "no inventory at '" + file.native() + "' (the first `cluster add host` makes it)");
  EXPECT_EQ(refusal(folder.path()), named(folder.path(), "is a folder"));
  const auto sql = db::open_sqlite(file);
  sql->run("CREATE TABLE t (x)");
  EXPECT_EQ(refusal(file), named(file, "is a database of another program"));
  sql->run("PRAGMA application_id = 0x526f6c6c; PRAGMA user_version = 999");
  EXPECT_NE(refusal(file).find("is of a newer version (schema 999"), std::string::npos);
  const auto link = folder.path() / "link.db";
  std::filesystem::create_symlink("gone/cluster.db", link);
  try {
    const Inventory inventory(link, Inventory::Open::create);
    ADD_FAILURE() << "there is no folder";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), named(link,
                                  "is a link to 'gone/cluster.db', which is not there, nor "
                                  "is its folder"));
  }
}

}  // namespace
}  // namespace cluster
