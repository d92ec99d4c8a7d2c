#include "node-agent/kernel/quiet_read.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class QuietRead : public ::testing::Test {
 protected:
  fs::path file(const std::string& text) {
    auto path = folder_.path() / "file";
    replace_file(path, text);
    return path;
  }

  TempDir folder_;
};

TEST_F(QuietRead, TakesBlanksOffBothSides) {
  const std::string text = "\n \t two words\tand more \n\n";
  EXPECT_EQ(read_quietly(file(text)), "two words\tand more");
  EXPECT_EQ(read_all_quietly(file(text)), text);
  EXPECT_EQ(read_quietly(file(" \n")), "");
}

TEST_F(QuietRead, KeepsBytesThatAreNoText) {
  const std::string bytes("\0\xff\0 \n\0", 6);
  EXPECT_EQ(read_all_quietly(file(bytes)), bytes);
  EXPECT_EQ(read_quietly(file(bytes)), bytes) << "a NUL is no blank";
}

TEST_F(QuietRead, ReadsAHugeFileToItsEnd) {
  std::string text(std::size_t{8} << 20U, 'x');
  text.back() = 'y';
  EXPECT_EQ(read_all_quietly(file(text)), text);
  EXPECT_EQ(read_quietly(file(text + "\n")), text);
}

TEST_F(QuietRead, HasNothingOfWhatIsNoFile) {
  for (const auto& path :
       {folder_.path() / "none", folder_.path(), file("") / "below a file", file("")}) {
    EXPECT_EQ(read_quietly(path), "") << path;
    EXPECT_EQ(read_all_quietly(path), "") << path;
  }
  fs::create_symlink("nowhere", folder_.path() / "link");
  EXPECT_EQ(read_quietly(folder_.path() / "link"), "");
}

// The kernel opens it for us and refuses to read at its begin, as drivers do with attributes.
TEST_F(QuietRead, HasNothingOfAFileThatRefusesToTell) {
  ASSERT_EQ(::access("/proc/self/mem", R_OK), 0);
  EXPECT_EQ(read_quietly("/proc/self/mem"), "");
  EXPECT_EQ(read_all_quietly("/proc/self/mem"), "");
}

TEST_F(QuietRead, ListsAllThatIsInAFolder) {
  EXPECT_THAT(entries_quietly(folder_.path()), IsEmpty());
  file("x");
  fs::create_directories(folder_.path() / "below/deeper");
  fs::create_symlink("nowhere", folder_.path() / ".link");
  EXPECT_THAT(entries_quietly(folder_.path()),
              UnorderedElementsAre(folder_.path() / "file", folder_.path() / "below",
                                   folder_.path() / ".link"));
}

TEST_F(QuietRead, ListsNothingOfWhatIsNoFolder) {
  EXPECT_THAT(entries_quietly(folder_.path() / "none"), IsEmpty());
  EXPECT_THAT(entries_quietly(file("x")), IsEmpty());
  EXPECT_THAT(names_quietly(file("x") / "below a file"), IsEmpty());
}

TEST_F(QuietRead, NamesWhatIsInAFolderInNaturalOrder) {
  for (const auto* name : {"node10", "node2", "cpulist", "node1"}) {
    replace_file(folder_.path() / name, "");
  }
  EXPECT_THAT(names_quietly(folder_.path()), ElementsAre("cpulist", "node1", "node2", "node10"));
}

// Only its owner may look into a folder of mkdtemp(3), and root into all.
TEST_F(QuietRead, HasNothingOfWhatItMayNotRead) {
  const auto path = file("x");
  const uid_t self = ::geteuid();
  if (self == 0) {
    if (::seteuid(65534) != 0) GTEST_SKIP() << "root cannot become another user here";
  } else {
    fs::permissions(folder_.path(), fs::perms::none);
  }
  const auto text = read_quietly(path);
  const auto bytes = read_all_quietly(path);
  const auto entries = entries_quietly(folder_.path());
  const auto names = names_quietly(folder_.path());
  if (self == 0) {
    ASSERT_EQ(::seteuid(self), 0);
  } else {
    fs::permissions(folder_.path(), fs::perms::owner_all);
  }
  EXPECT_EQ(text, "");
  EXPECT_EQ(bytes, "");
  EXPECT_THAT(entries, IsEmpty());
  EXPECT_THAT(names, IsEmpty());
  EXPECT_EQ(read_quietly(path), "x") << "it was there all the time";
  EXPECT_THAT(names_quietly(folder_.path()), ElementsAre("file"));
}

}  // namespace
}  // namespace cluster::agent
