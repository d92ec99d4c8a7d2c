#include "ssh/control_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/temp_dir.h"

namespace cluster::ssh {
namespace {

namespace fs = std::filesystem;

// Temporary files go to a folder of the test.
class SocketFolder : public ::testing::Test {
 protected:
  SocketFolder() { setenv("TMPDIR", place_.path().c_str(), 1); }
  ~SocketFolder() override { unsetenv("TMPDIR"); }

  bool is_empty() const { return fs::is_empty(place_.path()); }

  TempDir place_;
};

TEST_F(SocketFolder, IsMadeWithTheFirstSocket) {
  ControlFolder folder;
  EXPECT_TRUE(is_empty());
  EXPECT_TRUE(fs::is_directory(fs::path(folder.socket(7)).parent_path()));
}

TEST_F(SocketFolder, IsForItsOwnerOnly) {
  ControlFolder folder;
  struct stat found {};
  ASSERT_EQ(stat(fs::path(folder.socket(0)).parent_path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0700U);
}

TEST_F(SocketFolder, HasASocketForEachHost) {
  ControlFolder folder;
  EXPECT_NE(folder.socket(0), folder.socket(1));
  EXPECT_EQ(folder.socket(1), folder.socket(1));
  EXPECT_EQ(fs::path(folder.socket(0)).parent_path(), fs::path(folder.socket(1)).parent_path());
}

TEST_F(SocketFolder, GoesWithItsOwnerAndAllThatIsInIt) {
  {
    ControlFolder folder;
    std::ofstream(folder.socket(0)) << "left by an `ssh` that was killed";
    EXPECT_FALSE(is_empty());
  }
  EXPECT_TRUE(is_empty());
}

TEST_F(SocketFolder, IsOfOneOwnerAlone) {
  ControlFolder one;
  ControlFolder other;
  EXPECT_NE(one.socket(0), other.socket(0));
}

TEST_F(SocketFolder, ThatCannotBeMadeLeavesNoSocket) {
  setenv("TMPDIR", (place_.path() / "none").c_str(), 1);
  ControlFolder folder;
  EXPECT_EQ(folder.socket(0), "");
  fs::create_directory(place_.path() / "none");
  EXPECT_EQ(folder.socket(0), "") << "it is tried once";
}

// unix(7): a longer path is no address of a socket.
TEST_F(SocketFolder, TooDeepForASocketLeavesNone) {
  const auto deep = place_.path() / std::string(80, 'd');
  fs::create_directory(deep);
  setenv("TMPDIR", deep.c_str(), 1);
  ControlFolder folder;
  EXPECT_EQ(folder.socket(0), "");
}

}  // namespace
}  // namespace cluster::ssh
