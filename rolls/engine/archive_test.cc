#include "rolls/engine/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/file.h"
#include "rolls/engine/folder.h"
#include "rolls/engine/subprocess.h"
#include "tests/support/temp_dir.h"

namespace cluster::rolls {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class RollArchive : public ::testing::Test {
 protected:
  RollArchive() {
    fs::create_directories(folder_.path() / "in/bin");
    fs::create_directories(folder_.path() / "out");
    replace_file(in() / "roll.yaml", "name: demo\n");
    replace_file(in() / "bin/x", "#!/bin/sh\n");
    fs::permissions(in() / "bin/x", fs::perms(0755));
  }

  fs::path in() const { return folder_.path() / "in"; }
  fs::path out() const { return folder_.path() / "out"; }
  fs::path file() const { return folder_.path() / "demo.tar.gz"; }

  // Makes the archive with tar(1), as somebody else would.
  void tar(const std::vector<std::string>& words) const {
    Subprocess program{{"tar", "-czf", file().native()}, folder_.path() / "in", {}, {}};
    program.words.insert(program.words.end(), words.begin(), words.end());
    ASSERT_EQ(run_subprocess(program), 0);
  }

  std::string refusal(std::size_t most = kMaxEntries) const {
    try {
      unpack(file(), out(), most);
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was refused";
  }

  TempDir folder_;
};

TEST_F(RollArchive, ComesBackAsItWas) {
  pack(in(), "demo-1.0", file());
  unpack(file(), out());
  EXPECT_EQ(find_roll_folder(out()), out() / "demo-1.0");
  EXPECT_EQ(checksum_of(out() / "demo-1.0"), checksum_of(in()));
}

TEST_F(RollArchive, IsTheSameBytesEachTime) {
  pack(in(), "demo-1.0", file());
  const auto first = read_file(file());
  fs::last_write_time(in() / "roll.yaml", fs::file_time_type::clock::now() - std::chrono::hours(5));
  pack(in(), "demo-1.0", file());
  EXPECT_EQ(read_file(file()), first);
}

TEST_F(RollArchive, OfTarIsTakenToo) {
  tar({"."});
  unpack(file(), out());
  EXPECT_EQ(find_roll_folder(out()), out());
  EXPECT_EQ(checksum_of(out()), checksum_of(in()));
}

TEST_F(RollArchive, LeadsNowhereElse) {
  tar({"--transform", "s|^roll|../roll|", "-P", "roll.yaml"});
  EXPECT_THAT(refusal(), HasSubstr("path '../roll.yaml' leaves the roll (..)"));
  tar({"--transform", "s|^roll|/tmp/roll|", "-P", "roll.yaml"});
  EXPECT_THAT(refusal(), HasSubstr("path '/tmp/roll.yaml' is absolute"));
  EXPECT_FALSE(fs::exists(folder_.path() / "roll.yaml"));
}

TEST_F(RollArchive, HasNoLinksAndDevices) {
  fs::create_symlink("/etc", in() / "etc");
  tar({"etc", "roll.yaml"});
  EXPECT_THAT(refusal(), HasSubstr("'etc' is a link"));
  fs::remove(in() / "etc");
  fs::create_hard_link(in() / "roll.yaml", in() / "twin");
  tar({"roll.yaml", "twin"});
  EXPECT_THAT(refusal(), HasSubstr("'twin' is a link"));
  fs::remove_all(out() / "roll.yaml");
  ASSERT_EQ(run_subprocess({{"mkfifo", "pipe"}, in(), {}, {}}), 0);
  tar({"pipe"});
  EXPECT_THAT(refusal(), HasSubstr("'pipe' is a special file"));
}

TEST_F(RollArchive, HasNothingTwice) {
  tar({"--hard-dereference", "roll.yaml", "./roll.yaml"});
  EXPECT_THAT(refusal(), HasSubstr("'roll.yaml' is in it twice"));
}

TEST_F(RollArchive, IsNoBomb) {
  replace_file(in() / "zeros", "");
  fs::resize_file(in() / "zeros", 200U << 20U);
  tar({"zeros"});
  ASSERT_LT(fs::file_size(file()), 1U << 20U);
  EXPECT_THAT(refusal(), HasSubstr("unpacks to far more than it is"));
  EXPECT_LT(fs::file_size(out() / "zeros"), 40U << 20U);
}

TEST_F(RollArchive, IsOneAtAll) {
  replace_file(file(), "this is no archive\n");
  EXPECT_THAT(refusal(), HasSubstr("demo.tar.gz"));
  pack(in(), "demo-1.0", file());
  fs::resize_file(file(), fs::file_size(file()) - 20);
  EXPECT_NE(refusal(), "nothing was refused");
}

TEST_F(RollArchive, IsNotCutOff) {
  pack(in(), "demo-1.0", file());
  const auto whole = read_file(file()).value();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    replace_file(file(), whole.substr(0, size));
    fs::remove_all(out());
    fs::create_directory(out());
    EXPECT_NE(refusal(), "nothing was refused") << size << " of " << whole.size();
  }
}

TEST_F(RollArchive, HasNoHoles) {
  replace_file(in() / "hole", "");
  fs::resize_file(in() / "hole", 8ULL << 30U);
  tar({"--sparse", "hole"});
  ASSERT_LT(fs::file_size(file()), 1U << 16U);
  EXPECT_THAT(refusal(), HasSubstr("'hole': has holes; want all of it (tar without --sparse)"));
}

TEST_F(RollArchive, HasNoFileThatIsAFolderToo) {
  fs::create_directory(in() / "a");
  replace_file(in() / "a/b", "x\n");
  tar({"--transform", "s|^roll.yaml|a|", "roll.yaml", "a/b"});
  EXPECT_THAT(refusal(), HasSubstr("cannot make"));
  fs::remove_all(out());
  fs::create_directory(out());
  tar({"--transform", "s|^roll.yaml|a|", "a/b", "roll.yaml"});
  EXPECT_THAT(refusal(), HasSubstr("'a' is in it twice"));
}

TEST_F(RollArchive, HasNotTooManyFolders) {
  // Two headers stand for 12 folders and 2 files.
  fs::create_directories(in() / "a/b/c/d/e/f");
  fs::create_directories(in() / "g/h/i/j/k/l");
  replace_file(in() / "a/b/c/d/e/f/x", "x\n");
  replace_file(in() / "g/h/i/j/k/l/y", "y\n");
  tar({"a/b/c/d/e/f/x", "g/h/i/j/k/l/y"});
  EXPECT_EQ(refusal(13), file().native() + ": has more than 13 files, too many for a roll");
  fs::remove_all(out());
  fs::create_directory(out());
  EXPECT_EQ(refusal(14), "nothing was refused");
}

TEST_F(RollArchive, ChecksumSeesEveryChange) {
  const auto before = checksum_of(in());
  EXPECT_EQ(before.size(), 64U);
  fs::permissions(in() / "roll.yaml", fs::perms(0755));
  EXPECT_NE(checksum_of(in()), before);
  fs::permissions(in() / "roll.yaml", fs::perms(0644));
  EXPECT_EQ(checksum_of(in()), before);
  fs::rename(in() / "bin/x", in() / "bin/y");
  EXPECT_NE(checksum_of(in()), before);
}

}  // namespace
}  // namespace cluster::rolls
