// What `run host output-dir=` writes, whatever is in the folder and whatever hosts are called.

#include "cmd/run_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <sstream>

#include "core/error.h"
#include "tests/support/temp_dir.h"

namespace cluster::cmd {
namespace {

namespace fs = std::filesystem;

class FilesOfARun : public ::testing::Test {
 protected:
  FilesOfARun() { call({"n1", "n2"}); }

  void call(const std::vector<std::string>& names) {
    targets_.clear();
    for (const auto& name : names) targets_.push_back({name, "", 0, ""});
  }

  std::unique_ptr<RunFiles> begin() {
    return std::make_unique<RunFiles>(output_, targets_, stats_, folder());
  }

  std::string refusal() {
    try {
      begin();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  fs::path folder() const { return place_.path() / "logs"; }
  std::string content(const std::string& name) const {
    return read_file(folder() / name).value_or("(none)");
  }
  std::size_t count() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder()), {}));
  }
  static mode_t mode(const fs::path& path) {
    struct stat found {};
    stat(path.c_str(), &found);
    return found.st_mode & 07777U;
  }

  TempDir place_;
  std::ostringstream out_;
  std::ostringstream err_;
  Output output_{out_, err_};
  std::vector<ssh::Target> targets_;
  bool stats_ = false;
};

TEST_F(FilesOfARun, AreThereForEachHostBeforeItSaysAnything) {
  begin();
  for (const auto* name : {"n1.out", "n1.err", "n2.out", "n2.err"}) EXPECT_EQ(content(name), "");
  EXPECT_EQ(count(), 4U);
}

TEST_F(FilesOfARun, AreForTheOperatorOnly) {
  const auto old = umask(0);
  begin();
  umask(old);
  EXPECT_EQ(mode(folder()), 0700U);
  EXPECT_EQ(mode(folder() / "n1.out"), 0600U);
}

TEST_F(FilesOfARun, HoldTheBytesOfTheirHostAsTheyCame) {
  const auto files = begin();
  const std::string bytes("a\0\xff\x1b[31m\r\n", 10);
  files->out(0, bytes);
  files->out(1, "two\n");
  files->err(0, "oh");
  files->out(0, "more");
  EXPECT_EQ(content("n1.out"), bytes + "more");
  EXPECT_EQ(content("n1.err"), "oh");
  EXPECT_EQ(content("n2.out"), "two\n");
  EXPECT_EQ(content("n2.err"), "");
  EXPECT_EQ(out_.str(), "");
}

// One host's name may be the beginning of another one's file.
TEST_F(FilesOfARun, AreOfOneHostEach) {
  call({"n1", "n1.out", "n1.err", "n1.out.out"});
  const auto files = begin();
  for (std::size_t i = 0; i < targets_.size(); ++i) files->out(i, targets_[i].name);
  EXPECT_EQ(count(), 8U);
  for (const auto& target : targets_) EXPECT_EQ(content(target.name + ".out"), target.name);
}

TEST_F(FilesOfARun, ReplaceThoseOfAnEarlierOne) {
  begin()->out(0, "a long answer of the first run");
  begin()->out(0, "short");
  EXPECT_EQ(content("n1.out"), "short");
}

TEST_F(FilesOfARun, LeaveWhatElseIsThere) {
  fs::create_directory(folder());
  replace_file(folder() / "n3.out", "of a host that is not asked");
  replace_file(folder() / "n1", "notes");
  begin();
  EXPECT_EQ(content("n3.out"), "of a host that is not asked");
  EXPECT_EQ(content("n1"), "notes");
}

// Who may write into the folder could lay a link to a file of the operator.
TEST_F(FilesOfARun, AreNotWrittenThroughALink) {
  fs::create_directory(folder());
  replace_file(place_.path() / "victim", "kept");
  fs::create_symlink(place_.path() / "victim", folder() / "n1.out");
  fs::create_symlink(place_.path() / "none", folder() / "n1.err");
  const auto files = begin();
  files->out(0, "said");
  EXPECT_EQ(read_file(place_.path() / "victim"), "kept");
  EXPECT_FALSE(fs::is_symlink(folder() / "n1.out"));
  EXPECT_FALSE(fs::exists(place_.path() / "none"));
  fs::remove(folder() / "n2.out");
  fs::create_symlink(place_.path() / "victim", folder() / "n2.out");  // while it runs
  EXPECT_THROW(files->out(1, "said"), Error);
  EXPECT_EQ(read_file(place_.path() / "victim"), "kept");
}

TEST_F(FilesOfARun, MayHaveTheLongestNameOfAFile) {
  const std::string longest(251, 'a');
  call({longest});
  begin()->out(0, "said");
  EXPECT_EQ(content(longest + ".out"), "said");
}

TEST_F(FilesOfARun, AreRefusedForANameThatIsNone) {
  for (const auto& [name, why] :
       {std::pair(std::string(252, 'a'), "has a name too long for a file (want at most 251"),
        std::pair(std::string("../n1"), "would not be in"),
        std::pair(std::string("/etc/passwd"), "would not be in")}) {
    call({"n1", name});
    EXPECT_NE(refusal().find(why), std::string::npos) << refusal();
    EXPECT_FALSE(fs::exists(folder())) << name;
  }
}

TEST_F(FilesOfARun, OfAnEarlierOneStayWhenARunIsRefused) {
  begin()->out(0, "of the first run");
  call({"n1", std::string(252, 'a')});
  EXPECT_NE(refusal(), "");
  EXPECT_EQ(content("n1.out"), "of the first run");
}

TEST_F(FilesOfARun, SayWhereTheyCannotBe) {
  replace_file(folder(), "a file");
  EXPECT_EQ(refusal(), "cannot open '" + folder().native() + "': Not a directory");
  fs::remove(folder());
  fs::create_directories(folder() / "n2.out" / "full");
  EXPECT_EQ(refusal(), "cannot replace '" + (folder() / "n2.out").native() + "': Is a directory");
}

TEST_F(FilesOfARun, AreWrittenWhileTheRunGoesOn) {
  const auto files = begin();
  EXPECT_FALSE(files->prints());
  files->out(0, "x");
  files->ended(0, {ssh::End::exited, 0, "", {}});
  EXPECT_EQ(err_.str(), "");
  stats_ = true;
  begin()->ended(1, {ssh::End::exited, 7, "", std::chrono::milliseconds(1500)});
  EXPECT_EQ(err_.str(), "cluster: n2: 1.50 s, exit status 7\n");
}

TEST_F(FilesOfARun, AreNoPlaceForFailures) {
  begin()->summarize({{ssh::End::exited, 7, "", {}}, {ssh::End::unreachable, -1, "no route", {}}});
  EXPECT_EQ(err_.str(),
            "cluster: n1: exit status 7\ncluster: n2: no route\n"
            "cluster: run host: failed on 1, did not reach 1 of 2 hosts\n");
}

}  // namespace
}  // namespace cluster::cmd
