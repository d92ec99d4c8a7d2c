#include "node-agent/kernel/timed_read.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::agent {
namespace {

using namespace std::chrono_literals;

TEST(TimedRead, GivesWhatIsInTheFile) {
  const TempDir folder;
  for (const auto& text :
       {std::string("vfio-pci\n"), std::string(), std::string("a\0b", 3), std::string(4096, 'x')}) {
    replace_file(folder.path() / "file", text);
    EXPECT_EQ(timed_read(folder.path() / "file", 60s), text);
  }
}

TEST(TimedRead, GivesNothingOfAFileThatIsNotThere) {
  const TempDir folder;
  EXPECT_EQ(timed_read(folder.path() / "file", 60s), std::nullopt);
  EXPECT_EQ(timed_read(folder.path(), 60s), std::nullopt);  // a folder cannot be read
}

// A pipe into which nobody writes gives no answer, just as an attribute of a stuck device.
TEST(TimedRead, WaitsNoLongerThanItsPatience) {
  const TempDir folder;
  const auto pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const FileDescriptor writer(::open(pipe.c_str(), O_RDWR | O_CLOEXEC));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(timed_read(pipe, 50ms), std::nullopt);
  const auto waited = std::chrono::steady_clock::now() - start;
  EXPECT_GE(waited, 50ms);
  EXPECT_LT(waited, 30s);
}

TEST(TimedRead, ReadsSeveralFilesByOneChild) {
  const TempDir folder;
  std::vector<std::filesystem::path> files{folder.path() / "none"};
  for (int i = 0; i < 60; ++i) {  // more than a pipe holds
    files.push_back(folder.path() / std::to_string(i));
    replace_file(files.back(), std::string(4096, static_cast<char>('A' + i)));
  }
  const auto texts = timed_read(files, 60s);
  ASSERT_EQ(texts.size(), files.size());
  EXPECT_EQ(texts.front(), std::nullopt);
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(texts[static_cast<std::size_t>(i) + 1],
              std::string(4096, static_cast<char>('A' + i)));
  }
  EXPECT_TRUE(timed_read(std::vector<std::filesystem::path>(), 60s).empty());
}

TEST(TimedRead, KeepsWhatWasReadBeforeTheFileThatDoesNotAnswer) {
  const TempDir folder;
  const auto pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const FileDescriptor writer(::open(pipe.c_str(), O_RDWR | O_CLOEXEC));
  replace_file(folder.path() / "file", "text");
  const auto texts = timed_read({folder.path() / "file", pipe, folder.path() / "file"}, 500ms);
  EXPECT_THAT(texts, ::testing::ElementsAre("text", std::nullopt, std::nullopt));
}

TEST(TimedRead, LeavesNoFileOpen) {
  const TempDir folder;
  replace_file(folder.path() / "file", "text");
  const auto count = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto before = count();
  timed_read(folder.path() / "file", 60s);
  timed_read(folder.path() / "none", 60s);
  EXPECT_EQ(count(), before);
}

}  // namespace
}  // namespace cluster::agent
