#include "core/file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "core/error.h"

namespace cluster {
namespace {

namespace fs = std::filesystem;

class File : public ::testing::Test {
 protected:
  File() : folder_(fs::temp_directory_path() / "rollcall-file-XXXXXX") {
    std::string name = folder_.native();
    folder_ = ::mkdtemp(name.data());
  }
  ~File() override { fs::remove_all(folder_); }

  fs::path folder_;
};

TEST_F(File, IsReadWholeOrIsNotThere) {
  const std::string text(10000, 'x');
  replace_file(folder_ / "big", text);
  EXPECT_EQ(read_file(folder_ / "big"), text);
  EXPECT_EQ(read_file(folder_ / "none"), std::nullopt);
  EXPECT_EQ(read_file(folder_ / "big" / "none"), std::nullopt);
  EXPECT_THROW(read_file(folder_), Error);  // EISDIR
}

TEST_F(File, IsReplacedWholeWithItsFolders) {
  replace_file(folder_ / "a" / "b", "one");
  replace_file(folder_ / "a" / "b", "2");
  EXPECT_EQ(read_file(folder_ / "a" / "b"), "2");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "a"), {}), 1);
}

// Somebody who may write to the folder has laid links to a file that only we may write.
TEST_F(File, IsReplacedAndNoLinkIsFollowed) {
  replace_file(folder_ / "ours", "ours");
  for (const char* name : {"a", "a.new"}) fs::create_symlink(folder_ / "ours", folder_ / name);
  replace_file(folder_ / "a", "text");
  EXPECT_EQ(read_file(folder_ / "ours"), "ours");
  EXPECT_EQ(read_file(folder_ / "a"), "text");
  EXPECT_FALSE(fs::is_symlink(folder_ / "a"));
}

TEST_F(File, ThatCannotBeReplacedStaysAsItWas) {
  fs::create_directory(folder_ / "taken");
  replace_file(folder_ / "taken" / "inside", "here");
  EXPECT_THROW(replace_file(folder_ / "taken", "text"), Error);
  EXPECT_EQ(read_file(folder_ / "taken" / "inside"), "here");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(File, AnAttributeIsWrittenOnlyWhereItIs) {
  replace_file(folder_ / "attribute", "");
  write_attribute(folder_ / "attribute", "vfio-pci");
  EXPECT_EQ(read_file(folder_ / "attribute"), "vfio-pci");
  try {
    write_attribute(folder_ / "none", "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::io);
    EXPECT_EQ(std::string(error.what()),
              "cannot open '" + (folder_ / "none").native() + "': No such file or directory");
  }
}

TEST_F(File, DescriptorIsClosedOnce) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  FileDescriptor reader(ends[0]);
  FileDescriptor writer(ends[1]);
  FileDescriptor moved(std::move(writer));
  EXPECT_EQ(::write(moved.get(), "x", 1), 1);
  moved = FileDescriptor();
  char byte = 0;
  EXPECT_EQ(::read(reader.get(), &byte, 1), 1);
  EXPECT_EQ(::read(reader.get(), &byte, 1), 0);  // the writer's end is closed
}

}  // namespace
}  // namespace cluster
