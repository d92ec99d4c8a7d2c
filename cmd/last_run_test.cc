// The hosts on which a person's last run failed, for retry=failed.

#include "cmd/last_run.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::cmd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StateFolder : public ::testing::Test {
 protected:
  StateFolder() : home_(variable_of("HOME")), state_(variable_of("XDG_STATE_HOME")) {}
  ~StateFolder() override {
    say("HOME", home_);
    say("XDG_STATE_HOME", state_);
  }

  static void say(const char* name, const std::optional<std::string>& value) {
    if (value) {
      setenv(name, value->c_str(), 1);
    } else {
      unsetenv(name);
    }
  }

 private:
  static std::optional<std::string> variable_of(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }

  std::optional<std::string> home_;
  std::optional<std::string> state_;
};

TEST_F(StateFolder, IsWhereTheBaseDirectorySpecificationHasIt) {
  say("HOME", "/home/jo");
  say("XDG_STATE_HOME", "/var/jo");
  EXPECT_EQ(state_dir(), "/var/jo/cluster");
  for (const auto* none : {"", "state", "./state"}) {  // a relative path does not count
    say("XDG_STATE_HOME", none);
    EXPECT_EQ(state_dir(), "/home/jo/.local/state/cluster") << none;
  }
  say("XDG_STATE_HOME", std::nullopt);
  EXPECT_EQ(state_dir(), "/home/jo/.local/state/cluster");
}

TEST_F(StateFolder, IsNoneWithoutAHome) {
  say("XDG_STATE_HOME", std::nullopt);
  for (const auto& home : {std::optional<std::string>(), std::optional<std::string>(""),
                           std::optional<std::string>("home/jo")}) {
    say("HOME", home);
    EXPECT_EQ(state_dir(), "");
  }
}

class LastRun : public ::testing::Test {
 protected:
  TempDir folder_;
  std::filesystem::path file_ = last_run_file(folder_.path() / "state", folder_.path() / "a.db");
};

TEST_F(LastRun, IsOneForEachInventory) {
  const auto file = [&](const std::string& inventory) {
    return last_run_file(folder_.path() / "state", inventory);
  };
  const auto place = folder_.path().native();
  EXPECT_NE(file(place + "/a.db"), file(place + "/b.db"));
  EXPECT_EQ(file(place + "/a.db"), file(place + "/x/../a.db")) << "however it is spelled";
  replace_file(place + "/a.db", "");
  std::filesystem::create_symlink("a.db", place + "/link.db");
  EXPECT_EQ(file(place + "/a.db"), file(place + "/link.db"));
  EXPECT_EQ(file(place + "/a.db").parent_path(), folder_.path() / "state");
}

TEST_F(LastRun, IsNotKnownBeforeOneHasEnded) {
  EXPECT_EQ(failed_in_last_run(file_), std::nullopt);
  std::filesystem::create_directory(file_.parent_path());
  keep_last_run(file_, {"n1"});
  forget_last_run(file_);
  EXPECT_EQ(failed_in_last_run(file_), std::nullopt);
}

TEST_F(LastRun, KeepsTheNamesInTheirOrder) {
  std::filesystem::create_directory(file_.parent_path());
  keep_last_run(file_, {"n10", "n2", "a.example"});
  EXPECT_THAT(failed_in_last_run(file_).value(), ElementsAre("n10", "n2", "a.example"));
  keep_last_run(file_, {});
  EXPECT_THAT(failed_in_last_run(file_).value(), IsEmpty()) << "none failed, and that is known";
}

TEST_F(LastRun, IsForgottenWithoutAWord) {
  EXPECT_NO_THROW(forget_last_run(file_));
  EXPECT_NO_THROW(forget_last_run("/nonexistent/folder/file"));
}

TEST_F(LastRun, SaysWhyItCannotBeKept) {
  replace_file(folder_.path() / "state", "a file where the folder is to be");
  EXPECT_THROW(keep_last_run(file_, {"n1"}), Error);
}

}  // namespace
}  // namespace cluster::cmd
