#include "rolls/engine/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::rolls {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RollFolder : public ::testing::Test {
 protected:
  void write(const std::string& path, const std::string& text, int mode = 0644) const {
    replace_file(at(path), text);
    fs::permissions(at(path), fs::perms(mode));
  }
  fs::path at(const std::string& path) const { return folder_.path() / "roll" / path; }
  std::vector<Entry> list() const { return list_folder(at("").parent_path(), "demo"); }

  std::string refusal() const {
    try {
      list();
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::usage);
      return error.what();
    }
    return "nothing was refused";
  }

  TempDir folder_;
};

TEST_F(RollFolder, IsListedWithWhatCountsOfEachFile) {
  write("b/c", "four");
  write("a", "", 0755);
  std::vector<std::string> listed;
  for (const auto& entry : list()) {
    listed.push_back(entry.path + (entry.is_folder ? "/" : "") + (entry.is_executable ? "*" : "") +
                     " " + std::to_string(entry.size));
  }
  EXPECT_THAT(listed, ElementsAre("a* 0", "b/ 0", "b/c 4"));
}

TEST_F(RollFolder, HoldsPlainFilesAndFoldersAlone) {
  write("a", "");
  fs::create_symlink("a", at("link"));
  EXPECT_EQ(refusal(), "demo: 'link' is a link; a roll holds plain files and folders alone");
  fs::remove(at("link"));
  fs::create_directory_symlink("/etc", at("etc"));
  EXPECT_EQ(refusal(), "demo: 'etc' is a link; a roll holds plain files and folders alone");
  fs::remove(at("etc"));
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  EXPECT_EQ(refusal(),
            "demo: 'pipe' is a special file; a roll holds plain files and folders alone");
  fs::remove(at("pipe"));
  write("\x01", "");
  EXPECT_THAT(refusal(), HasSubstr("has a control character"));
}

TEST_F(RollFolder, ThatIsNotThereIsNoFaultOfTheRoll) {
  try {
    list_folder("/no/where", "demo");
    FAIL() << "it was listed";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::io);
    EXPECT_STREQ(error.what(), "cannot read 'demo': No such file or directory");
  }
}

TEST_F(RollFolder, IsNotEndless) {
  std::string deep = "a";
  for (std::size_t i = 1; i < kMaxDepth; ++i) deep += "/a";
  write(deep, "");
  EXPECT_EQ(refusal(), "nothing was refused");
  write(deep.substr(0, deep.size() - 1) + "b/a", "");
  EXPECT_THAT(refusal(), HasSubstr("is too deep"));
  fs::remove_all(at("a"));
  write("large", "");
  fs::resize_file(at("large"), kMaxBytes + 1);  // a hole: it takes no place
  EXPECT_EQ(refusal(), "demo: has more than 10000 files or 4 GiB, too much for a roll");
}

TEST(PathInARoll, StaysInside) {
  for (const auto* good : {"a", "a/b", ".a", "a..b", "..a", "a b", "a/...", "~"}) {
    EXPECT_EQ(why_not_inside(good), "") << good;
  }
  const std::pair<const char*, const char*> wrong[] = {
      {"", "a path is empty"},
      {"/a", "path '/a' is absolute; want one inside the roll"},
      {"..", "path '..' leaves the roll (..)"},
      {"a/../b", "path 'a/../b' leaves the roll (..)"},
      {"a//b", "path 'a//b' has an empty part or '.'"},
      {"a/", "path 'a/' has an empty part or '.'"},
      {"./a", "path './a' has an empty part or '.'"},
      {"a\nb", "path 'a\\x0ab' has a control character"},
      {"\xc3\xa4", "path '\xc3\xa4' is not ASCII"},
  };
  for (const auto& [path, why] : wrong) EXPECT_EQ(why_not_inside(path), why);
}

TEST_F(RollFolder, IsCopiedWithoutModesAndOwners) {
  write("bin/run", "#!/bin/sh\n", 0700);
  write("secret", "text", 0600);
  fs::permissions(at("bin"), fs::perms(0700));
  const auto to = folder_.path() / "copy";
  const auto mask = ::umask(022);
  copy_folder(at(""), list(), to);
  ::umask(mask);
  EXPECT_EQ(read_file(to / "bin/run"), "#!/bin/sh\n");
  EXPECT_EQ(fs::status(to / "bin/run").permissions(), fs::perms(0755));
  EXPECT_EQ(fs::status(to / "secret").permissions(), fs::perms(0644));
  EXPECT_EQ(fs::status(to / "bin").permissions(), fs::perms(0755));
  EXPECT_THROW(copy_folder(at(""), list(), to), Error);  // it takes no place that is taken
}

TEST_F(RollFolder, ALinkIsNotFollowedByWhoReads) {
  write("a", "text");
  std::string read;
  read_blocks(at("a"), [&](std::string_view bytes) { read += bytes; });
  EXPECT_EQ(read, "text");
  fs::create_symlink("a", at("link"));
  EXPECT_THROW(read_blocks(at("link"), [](std::string_view) {}), Error);
}

TEST_F(RollFolder, LargeFilesComeInPieces) {
  const std::string text(200'000, 'x');
  write("a", text);
  std::string read;
  std::size_t pieces = 0;
  read_blocks(at("a"), [&](std::string_view bytes) {
    read += bytes;
    ++pieces;
  });
  EXPECT_EQ(read, text);
  EXPECT_GT(pieces, 1U);
}

// The checksum depends on the content of the roll, and on nothing else.
TEST_F(RollFolder, ChecksumChangesWithWhatCounts) {
  write("a", "text");
  write("b/c", "");
  const auto folder = at("").parent_path();
  const auto before = checksum_of(folder);
  EXPECT_EQ(before.size(), 64U);
  fs::create_directory(at("empty"));
  fs::permissions(at("a"), fs::perms(0600));
  fs::last_write_time(at("a"), fs::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_EQ(checksum_of(folder), before);

  std::vector<std::string> seen{before};
  const auto expect_another = [&] {
    const auto now = checksum_of(folder);
    EXPECT_EQ(std::ranges::find(seen, now), seen.end());
    seen.push_back(now);
  };
  write("a", "test");
  expect_another();
  fs::permissions(at("a"), fs::perms(0755));
  expect_another();
  fs::rename(at("a"), at("d"));
  expect_another();
  write("b/c", "x");
  expect_another();
  fs::rename(at("b"), at("e"));
  expect_another();
}

TEST_F(RollFolder, ChecksumIsSha256OfALineAFile) {
  write("a", "abc");
  // The line for a file with the text "abc", whose SHA-256 is in FIPS 180-4.
  const std::string line = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad - a\n";
  write("../list/x", line, 0755);
  const auto list = folder_.path() / "list";
  // The roll's checksum is the SHA-256 of its lines. So a file of these lines has it as its own
  // sum.
  const auto whole = checksum_of(at("").parent_path());
  replace_file(folder_.path() / "sums", whole + "  " + (list / "x").native() + "\n");
  const auto command = "sha256sum --check --status " + (folder_.path() / "sums").native();
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace cluster::rolls
