// What the file of an inventory is to the kernel, whoever looks at it.

#include "db/database_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::db {
namespace {

namespace fs = std::filesystem;

class FileOfAnInventory : public ::testing::Test {
 protected:
  FileOfAnInventory() { chmod(folder_.path().c_str(), 0755); }

  fs::path file() const { return folder_.path() / "cluster.db"; }
  static mode_t mode(const fs::path& path) {
    struct stat found {};
    stat(path.c_str(), &found);
    return found.st_mode & 07777U;
  }
  std::string refusal() const {
    try {
      require_database_file(file());
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  // The file is root's, and of a group that nobody is in; others make it as they can.
  void make_of_strange_group(mode_t right) {
    replace_file(file(), "");
    if (geteuid() == 0) {
      EXPECT_EQ(chown(file().c_str(), 0, 54321), 0);
    }
    chmod(file().c_str(), right);
  }

  // What is said to somebody who is not root. Only root can become that.
  void expect_of_nobody(std::string (*why)(const fs::path&), const std::string& words) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
    ASSERT_EQ(seteuid(65534), 0);
    const auto said = why(file());
    ASSERT_EQ(seteuid(0), 0);
    EXPECT_EQ(said, words);
  }

  TempDir folder_;
};

TEST_F(FileOfAnInventory, NeedNotBeThere) { EXPECT_EQ(refusal(), ""); }

TEST_F(FileOfAnInventory, IsAPlainFileThatNotEverybodyWrites) {
  for (const mode_t right : {0600U, 0640U, 0644U, 0660U, 0664U, 0400U}) {
    replace_file(file(), "");
    chmod(file().c_str(), right);
    EXPECT_EQ(refusal(), "") << std::oct << right;
  }
  for (const mode_t wrong : {0666U, 0602U, 0777U}) {
    chmod(file().c_str(), wrong);
    EXPECT_EQ(refusal(),
              "everybody may write to it (want `chmod o-w` after a look at what is in it)")
        << std::oct << wrong;
  }
}

TEST_F(FileOfAnInventory, IsNothingElse) {
  fs::create_directory(file());
  EXPECT_EQ(refusal(), "is a folder");
  fs::remove(file());
  ASSERT_EQ(mkfifo(file().c_str(), 0600), 0);
  EXPECT_EQ(refusal(), "is no regular file");
  fs::remove(file());
  fs::create_symlink("/dev/null", file());
  EXPECT_EQ(refusal(), "is no regular file");
}

struct Made {
  mode_t umask;
  mode_t folder;
  mode_t file;
};

// Whatever the umask, nobody but the owner and the group of a shared folder may write to it.
TEST_F(FileOfAnInventory, IsMadeForItsOwnerOrASharedFolder) {
  for (const auto& [mask, around, expected] :
       {Made{022, 0755, 0644}, Made{000, 0755, 0644}, Made{077, 0755, 0600}, Made{027, 0755, 0640},
        Made{000, 02775, 0660}, Made{022, 02775, 0660}, Made{022, 0775, 0644},
        Made{022, 02755, 0644}}) {
    chmod(folder_.path().c_str(), around);
    const auto before = umask(mask);
    make_database_file(file());
    umask(before);
    EXPECT_EQ(mode(file()), expected) << std::oct << mask << " " << around;
    fs::remove(file());
  }
}

TEST_F(FileOfAnInventory, IsMadeWithTheFoldersAboveIt) {
  const auto deep = folder_.path() / "a/b/cluster.db";
  const auto before = umask(000);
  make_database_file(deep);
  umask(before);
  EXPECT_TRUE(fs::is_regular_file(deep));
  EXPECT_EQ(mode(deep.parent_path()), 0755U);
  EXPECT_EQ(mode(deep.parent_path().parent_path()), 0755U);
}

TEST_F(FileOfAnInventory, ThatIsThereIsLeftAsItIs) {
  replace_file(file(), "rows");
  chmod(file().c_str(), 0640);
  make_database_file(file());
  EXPECT_EQ(read_file(file()), "rows");
  EXPECT_EQ(mode(file()), 0640U);
}

TEST_F(FileOfAnInventory, SaysWhoMayWriteToIt) {
  make_of_strange_group(0644);
  EXPECT_EQ(why_unwritable(file()), "");
  expect_of_nobody(why_unwritable, "is not writable: be root (sudo)");
  make_of_strange_group(0664);
  expect_of_nobody(why_unwritable, "is not writable: be root (sudo), or a member of group 54321");
}

TEST_F(FileOfAnInventory, SaysThatItsFolderTakesNoLog) {
  make_of_strange_group(0646);
  expect_of_nobody(why_unwritable,
                   "is not writable, for nothing can be made in its folder: be root (sudo)");
}

TEST_F(FileOfAnInventory, SaysOfALinkWhereItLeads) {
  fs::create_symlink("/nonexistent/cluster.db", file());
  EXPECT_EQ(why_unwritable(file()),
            "is a link to '/nonexistent/cluster.db', which is not there, nor is its folder");
}

TEST_F(FileOfAnInventory, SaysWhoMayReadIt) {
  EXPECT_EQ(why_unreadable(file()), "") << "it is not there";
  make_of_strange_group(0600);
  EXPECT_EQ(why_unreadable(file()), "");
  expect_of_nobody(why_unreadable, "is not readable: be root (sudo)");
  make_of_strange_group(0640);
  expect_of_nobody(why_unreadable, "is not readable: be root (sudo), or a member of group 54321");
  chmod(folder_.path().c_str(), 0700);
  expect_of_nobody(why_unreadable,
                   "its folder '" + folder_.path().native() + "' is closed to you: be root (sudo)");
}

class CopyForAReader : public FileOfAnInventory {};

TEST_F(CopyForAReader, HasTheFileAndItsLog) {
  replace_file(file(), "rows");
  replace_file(file().native() + "-wal", "log");
  const PrivateCopy copy(file());
  EXPECT_EQ(read_file(copy.file()), "rows");
  EXPECT_EQ(read_file(copy.file().native() + "-wal"), "log");
}

// SQLite would carry out an empty log as well, but there is none to be had.
TEST_F(CopyForAReader, HasNoLogWhereThereIsNone) {
  replace_file(file(), "rows");
  EXPECT_FALSE(fs::exists(PrivateCopy(file()).file().native() + "-wal"));
  replace_file(file().native() + "-wal", "");
  EXPECT_FALSE(fs::exists(PrivateCopy(file()).file().native() + "-wal"));
}

TEST_F(CopyForAReader, IsForNobodyElseAndGoesWithItsOwner) {
  replace_file(file(), "rows");
  chmod(file().c_str(), 0444);
  fs::path place;
  {
    const PrivateCopy copy(file());
    place = copy.file().parent_path();
    EXPECT_EQ(mode(place), 0700U);
    EXPECT_EQ(mode(copy.file()), 0600U);
  }
  EXPECT_FALSE(fs::exists(place));
}

TEST_F(CopyForAReader, IsWhereTmpdirSays) {
  replace_file(file(), "rows");
  setenv("TMPDIR", folder_.path().c_str(), 1);
  {
    const PrivateCopy copy(file());
    EXPECT_EQ(copy.file().parent_path().parent_path(), folder_.path());
  }
  setenv("TMPDIR", "relative", 1);
  EXPECT_TRUE(PrivateCopy(file()).file().is_absolute());
  unsetenv("TMPDIR");
}

TEST_F(CopyForAReader, SaysWhyThereCanBeNone) {
  setenv("TMPDIR", folder_.path().c_str(), 1);
  EXPECT_THROW(static_cast<void>(PrivateCopy(file())), Error) << "there is no file";
  unsetenv("TMPDIR");
  EXPECT_TRUE(fs::is_empty(folder_.path())) << "and no folder is left";
}

}  // namespace
}  // namespace cluster::db
