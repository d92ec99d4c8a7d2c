#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>

#include "core/file.h"
#include "db/postgres_place.h"
#include "tests/support/json_shape.h"
#include "tests/support/roll_story.h"

namespace cluster {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A frontend on which nothing is yet, with ssh-keygen of OpenSSH.
class Setup : public Story {
 protected:
  Setup() {
    setenv("CLUSTER_CONFIG", config.c_str(), 1);
    setenv("CLUSTER_DB", place.c_str(), 1);
    fs::create_directory(folder.path() / "home");
  }
  ~Setup() override {
    unsetenv("CLUSTER_CONFIG");
    unsetenv("CLUSTER_DB");
  }

  fs::path in_home(const char* name) const { return folder.path() / "home" / name; }

  // A server has the inventory already: its owner made it.
  std::string outcome = db::is_postgres(place) ? "there" : "made";
  fs::path config = folder.path() / "etc/cluster/cluster.yaml";
};

TEST_F(Setup, MakesWhatIsMissingAndTellsWhatIsNext) {
  const auto out = cluster({"setup", "format=csv"});
  EXPECT_EQ(out, "what,place,outcome\nsettings," + config.native() + ",made\ninventory," + place +
                     "," + outcome + "\nkey," + in_home(".ssh/id_ed25519").native() + ",made\n");
  EXPECT_THAT(*read_file(config), AllOf(HasSubstr("# /etc/cluster/cluster.yaml"),
                                        HasSubstr("\ndatabase: \"" + place + "\"\n")));
  EXPECT_THAT(*read_file(in_home(".ssh/id_ed25519.pub")), StartsWith("ssh-ed25519 "));
  struct stat found {};
  ASSERT_EQ(stat(in_home(".ssh").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0700);

  // What it wrote says where the inventory is.
  unsetenv("CLUSTER_DB");
  EXPECT_THAT(cluster({"show", "config", "format=csv"}),
              HasSubstr("\ndatabase," + place + "," + config.native() + "\n"));
}

// Everybody reads the settings, wherever they are.
TEST_F(Setup, WritesTheWholePathOfAnInventory) {
  unsetenv("CLUSTER_DB");
  const auto before = fs::current_path();
  fs::current_path(folder.path());
  cluster({"setup", "db=below/own.db"});
  fs::current_path(before);
  EXPECT_THAT(cluster({"show", "config", "format=csv"}),
              HasSubstr("\ndatabase," + (folder.path() / "below/own.db").native() + "," +
                        config.native() + "\n"));
}

TEST_F(Setup, ASecondTimeChangesNothing) {
  expect_shape(cluster({"setup", "format=json"}), "setup");
  expect_shape(cluster({"show", "config", "format=json"}), "show_config");
  const auto key = read_file(in_home(".ssh/id_ed25519"));
  const auto settings = read_file(config);
  cluster({"add", "host", "n1"});
  EXPECT_THAT(cluster({"setup"}),
              AllOf(HasSubstr("All of it was there: nothing is changed.\n"),
                    HasSubstr("ssh-copy-id -i " + in_home(".ssh/id_ed25519.pub").native() + " ")));
  EXPECT_EQ(read_file(in_home(".ssh/id_ed25519")), key);
  EXPECT_EQ(read_file(config), settings);
  EXPECT_THAT(cluster({"list", "host"}), HasSubstr("n1"));
}

TEST_F(Setup, TakesTheKeyAndTheSettingsThatAreThere) {
  fs::create_directory(in_home(".ssh"));
  replace_file(in_home(".ssh/id_rsa"), "the site's\n");
  replace_file(config, "# the site's\n");
  const auto out = cluster({"setup", "format=csv"});
  EXPECT_THAT(out, AllOf(HasSubstr("settings," + config.native() + ",there\n"),
                         HasSubstr("key," + in_home(".ssh/id_rsa").native() + ",there\n")));
  EXPECT_FALSE(fs::exists(in_home(".ssh/id_ed25519")));
  EXPECT_EQ(read_file(config), "# the site's\n");
}

TEST_F(Setup, TellsWhatIsDoneWhenItCannotGoOn) {
  fs::remove(in_home(""));
  const auto result = run({"setup", "format=csv"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, HasSubstr("inventory," + place + "," + outcome + "\n"));
  EXPECT_EQ(result.err,
            "cluster: cannot make '" + in_home(".ssh").native() + "': No such file or directory\n");
}

TEST_F(Setup, KnowsTheNameByWhichItWasCalled) {
  called = "rollcall";
  EXPECT_THAT(cluster({"setup"}), HasSubstr("\n  rollcall sync host agent\n"));
  EXPECT_THAT(run({"list", "host", "n9"}).err, StartsWith("rollcall: host 'n9' is not in"));
  EXPECT_THAT(cluster({"list", "host", "--help"}), StartsWith("Usage: rollcall list host "));
  EXPECT_THAT(cluster({"list"}), StartsWith("Usage: rollcall list ..."));
  EXPECT_THAT(cluster({"--version"}), StartsWith("rollcall "));
}

}  // namespace
}  // namespace cluster
