// Files that cannot be read or written say so, and those that can be are as they shall be.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <functional>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster {
namespace {

std::string said_by(const std::function<void()>& act, Fault fault) {
  try {
    act();
    return "nothing";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), fault);
    return error.what();
  }
}

TEST(FileErrors, AFullDeviceIsTold) {
  const FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(said_by([&] { write_all(full, "list", "text"); }, Fault::io),
            "cannot write 'list': No space left on device");
  EXPECT_NO_THROW(write_all(full, "list", ""));
  EXPECT_EQ(said_by([] { write_attribute("/dev/full", "vfio-pci\n"); }, Fault::io),
            "cannot write 'vfio-pci' to '/dev/full': No space left on device");
}

TEST(FileErrors, AFolderIsNoFile) {
  const TempDir folder;
  const auto& path = folder.path();
  EXPECT_EQ(said_by([&] { read_file(path); }, Fault::io),
            "cannot read '" + path.native() + "': Is a directory");
  EXPECT_EQ(said_by([&] { read_input(path, 10); }, Fault::io),
            "cannot read '" + path.native() + "': Is a directory");
}

TEST(FileErrors, ALinkThatLeadsToItselfIsNotAFileThatIsNotThere) {
  const TempDir folder;
  const auto round = folder.path() / "round";
  std::filesystem::create_symlink("round", round);
  const auto words = "cannot open '" + round.native() + "': Too many levels of symbolic links";
  EXPECT_EQ(said_by([&] { read_file(round); }, Fault::io), words);
  EXPECT_EQ(said_by([&] { read_input(round, 10); }, Fault::io), words);
}

TEST(FileErrors, AnInputThatIsNotThereIsNamed) {
  const TempDir folder;
  replace_file(folder.path() / "file", "");
  for (const auto* name : {"none", "file/none"}) {
    const auto path = (folder.path() / name).native();
    EXPECT_EQ(said_by([&] { read_input(path, 10); }, Fault::not_found), "no file '" + path + "'");
  }
}

TEST(FileErrors, AnInputHasItsMost) {
  const TempDir folder;
  const auto path = (folder.path() / "input").native();
  constexpr std::size_t kMost = 2U << 20U;
  for (const std::size_t size : {std::size_t{0}, std::size_t{70'000}, kMost}) {
    replace_file(path, std::string(size, 'x'));
    EXPECT_EQ(read_input(path, kMost).size(), size);
  }
  replace_file(path, std::string(kMost + 1, 'x'));
  EXPECT_EQ(said_by([&] { read_input(path, kMost); }, Fault::usage),
            "file '" + path + "' is too long: want 2 MiB at the most");
  EXPECT_EQ(said_by([] { read_input("/dev/zero", kMost); }, Fault::usage),
            "file '/dev/zero' is too long: want 2 MiB at the most");
}

TEST(FileErrors, ADashIsStandardInput) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const FileDescriptor before(::dup(STDIN_FILENO));
  ASSERT_EQ(::dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
  ASSERT_EQ(::write(ends[1], "typed", 5), 5);
  ::close(ends[0]);
  ::close(ends[1]);
  EXPECT_EQ(read_input("-", 5), "typed");
  const FileDescriptor zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  ::dup2(zero.get(), STDIN_FILENO);
  EXPECT_EQ(said_by([] { read_input("-", 1U << 20U); }, Fault::usage),
            "standard input is too long: want 1 MiB at the most");
  ::dup2(before.get(), STDIN_FILENO);
}

TEST(FileErrors, AFileIsForAllToReadAndForItsOwnerToWrite) {
  const TempDir folder;
  const auto mask = ::umask(022);
  replace_file(folder.path() / "file", "text");
  ::umask(mask);
  struct stat found {};
  ASSERT_EQ(::stat((folder.path() / "file").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777U, 0644U);
}

TEST(FileErrors, AFolderThatCannotBeMadeIsNamed) {
  const TempDir folder;
  replace_file(folder.path() / "file", "text");
  const auto below = (folder.path() / "file" / "below").native();
  EXPECT_EQ(said_by([&] { replace_file(below + "/a", "text"); }, Fault::io),
            "cannot make '" + below + "': Not a directory");
  EXPECT_EQ(read_file(folder.path() / "file"), "text");
}

// The file of the working folder has no folder in its name.
TEST(FileErrors, AFileOfTheWorkingFolderIsReplaced) {
  const TempDir folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  replace_file("here", "text");
  std::filesystem::current_path(before);
  EXPECT_EQ(read_file(folder.path() / "here"), "text");
}

TEST(FileErrors, ADescriptorThatMovesIsOpenInOnePlace) {
  FileDescriptor one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = one.get();
  FileDescriptor& same = one;
  one = std::move(same);
  EXPECT_EQ(one.get(), number);
  FileDescriptor other(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int old = other.get();
  other = std::move(one);
  EXPECT_EQ(other.get(), number);
  EXPECT_EQ(::fcntl(old, F_GETFD), -1);  // that one is closed
  EXPECT_NE(::fcntl(number, F_GETFD), -1);
  EXPECT_EQ(other.release(), number);
  EXPECT_FALSE(other);
  other.reset();
  EXPECT_NE(::fcntl(number, F_GETFD), -1);
  FileDescriptor last(number);
  last.reset();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

}  // namespace
}  // namespace cluster
