#include "tests/support/full_inventory.h"
#include "tests/support/json_shape.h"
#include "tests/support/roll_story.h"

// `copy database`: the whole inventory in another place.
namespace cluster {
namespace {

class CopiedInventory : public RollStory {
 protected:
  std::string at(const char* name) const { return (folder.path() / name).native(); }
  std::string db(const char* name) const { return "db=" + at(name); }
};

TEST_F(CopiedInventory, IsTheSameThere) {
  cluster({"add", "roll", laid_out().native()});
  Places::connect(place)->run("UPDATE roll SET enabled = 1;" + std::string(kFullInventory) +
                              "DELETE FROM roll WHERE name <> 'demo'");
  expect_shape(cluster({"copy", "database", place, at("json.db"), "format=json"}), "copy_database");
  const auto told = cluster({"copy", "database", place, at("new/other.db"), "format=csv"});
  EXPECT_TRUE(told.starts_with("table,rows\n")) << told;
  EXPECT_NE(told.find("\nhost,3\n"), std::string::npos) << told;
  EXPECT_NE(told.find("\nroll,1\n"), std::string::npos) << told;
  EXPECT_EQ(cluster({"dump", db("new/other.db")}), cluster({"dump"}));
  EXPECT_EQ(cluster({"list", "change", db("new/other.db")}), cluster({"list", "change"}));
  EXPECT_EQ(cluster({"list", "roll", db("new/other.db")}), cluster({"list", "roll"}));
  EXPECT_TRUE(fs::exists(folder.path() / "new/rolls/demo-0.1.0/roll.yaml"));
  EXPECT_EQ(cluster({"check", "database", db("new/other.db")}), "");
}

TEST_F(CopiedInventory, GoesNowhereButIntoANewOne) {
  cluster({"add", "host", "n1"});
  cluster({"copy", "database", place, place}, 2,
          "'" + place + "' is the inventory that is copied: want another TO");
  cluster({"copy", "database", place, at("other.db"), "db=" + place}, 2,
          "--db names one inventory: want FROM and TO");
  cluster({"copy", "database", at("none.db"), at("other.db")}, 1,
          "no inventory at '" + at("none.db") + "' (the first `cluster add host` makes it)");
  EXPECT_FALSE(fs::exists(at("other.db")));
  cluster({"copy", "database", place, ":memory:"}, 2,
          "TO: ':memory:' is no inventory (want the path of a file)");
  cluster({"copy", "database", place, at("other.db")});
  cluster({"copy", "database", place, at("other.db")}, 1,
          "inventory '" + at("other.db") + "' is not empty (1 in table host): want a new one");
}

TEST_F(CopiedInventory, TakesNoRollThatIsNotAsItWasAdded) {
  enabled_demo();
  replace(stored("demo-0.1.0/roll.yaml"), "summary:", "# changed\nsummary:");
  cluster({"copy", "database", file.native(), at("new/other.db")}, 1,
          "roll 'demo' 0.1.0 was changed after it was added ('" + at("rolls/demo-0.1.0") +
              "'); remove it and add it again");
  EXPECT_FALSE(fs::exists(folder.path() / "new/rolls"));
  EXPECT_EQ(cluster({"list", "host", db("new/other.db")}),
            "HOST APPLIANCE RACK RANK CPUS ADDRESS PORT USER SUDO MAINTENANCE\n");
}

TEST_F(CopiedInventory, KeepsTheRollsOfAnotherOneBesideIt) {
  enabled_demo();
  cluster({"copy", "database", file.native(), at("./cluster.db")}, 2,
          "'" + at("./cluster.db") + "' is the inventory that is copied: want another TO");
  cluster({"copy", "database", file.native(), at("beside.db")});
  EXPECT_EQ(cluster({"check", "database", db("beside.db")}), "") << "both have the same folder";
  cluster({"create", "new", "roll", "demo", at("other/demo")});
  replace(fs::path(at("other/demo/roll.yaml")), "summary:", "# ours\nsummary:");
  cluster({"add", "roll", at("other/demo"), db("other/cluster.db")});
  cluster({"copy", "database", file.native(), at("other/beside.db")}, 1,
          "'" + at("other/rolls/demo-0.1.0") +
              "' is there, another roll of that name and version: if no other inventory has it, "
              "remove the folder");
  EXPECT_EQ(cluster({"check", "database", db("other/cluster.db")}), "");
}

}  // namespace
}  // namespace cluster
