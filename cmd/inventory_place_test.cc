#include "cmd/inventory_place.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::cmd {
namespace {

class PlaceOfInventory : public ::testing::Test {
 protected:
  void SetUp() override {
    unsetenv("CLUSTER_DB");
    setenv("CLUSTER_CONFIG", config.c_str(), 1);
  }
  void TearDown() override { unsetenv("CLUSTER_CONFIG"); }

  static std::string refusal(const std::string& option) {
    try {
      return "taken: " + inventory_place(option).file.native();
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::usage);
      return error.what();
    }
  }

  TempDir folder;
  std::filesystem::path config = folder.path() / "cluster.yaml";
};

TEST_F(PlaceOfInventory, IsTheSameForEverybodyUnlessSomebodySaysOtherwise) {
  EXPECT_EQ(inventory_place("").file, "/var/lib/cluster/cluster.db");
  EXPECT_EQ(inventory_place("").said_by, "built in");
  replace_file(config, "# nothing is set\n");
  EXPECT_EQ(inventory_place("").said_by, "built in");
  replace_file(config, "database: /srv/site.db\n");
  EXPECT_EQ(inventory_place("").file, "/srv/site.db");
  EXPECT_EQ(inventory_place("").said_by, config.native());
  setenv("CLUSTER_DB", "/from/variable.db", 1);
  EXPECT_EQ(inventory_place("").file, "/from/variable.db");
  EXPECT_EQ(inventory_place("").said_by, "$CLUSTER_DB");
  EXPECT_EQ(inventory_place("/from/option.db").file, "/from/option.db");
  EXPECT_EQ(inventory_place("/from/option.db").said_by, "--db");
  unsetenv("CLUSTER_DB");
}

TEST_F(PlaceOfInventory, ADatabaseOnPostgresqlIsTakenAsItStands) {
  EXPECT_EQ(inventory_place("postgresql://h//d?x=y").file.native(), "postgresql://h//d?x=y");
  EXPECT_EQ(inventory_place("service=rollcall").file, "service=rollcall");
  replace_file(config, "database: postgresql://db.example.org/cluster\n");
  EXPECT_EQ(inventory_place("").file.native(), "postgresql://db.example.org/cluster");
}

TEST_F(PlaceOfInventory, WhatIsNoPathOfAFileIsRefusedWithoutItsPassword) {
  EXPECT_EQ(refusal("mysql://me:secret@host/name"),
            "--db: 'mysql://...' is no inventory (want the path of a file, or "
            "postgresql://HOST/DATABASE)");
  for (const auto* url : {"https://x/y", "s3://bucket/x", "git+ssh://x", "file:///x"}) {
    EXPECT_NE(refusal(url).find("want the path of a file"), std::string::npos) << url;
  }
  EXPECT_EQ(refusal("./a:b//c"), "taken: ./a:b//c");
  EXPECT_EQ(refusal("/srv/"), "--db: '/srv/' is a folder (want a file in it)");
  replace_file(config, "database: mysql://host\n");
  EXPECT_NE(refusal("").find("'mysql://...'"), std::string::npos);
}

TEST_F(PlaceOfInventory, WrongSettingsAreSaidByTheirLine) {
  replace_file(config, "database: site.db\n");
  EXPECT_NE(refusal("").find("want the whole path"), std::string::npos);
  replace_file(config, "databse: /srv/site.db\n");
  EXPECT_NE(refusal("").find("cluster.yaml:1:1"), std::string::npos) << refusal("");
  replace_file(config, "database: [a, b]\n");
  EXPECT_NE(refusal("").find("cluster.yaml:1"), std::string::npos);
}

}  // namespace
}  // namespace cluster::cmd
