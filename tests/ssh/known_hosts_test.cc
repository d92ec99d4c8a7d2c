// The reader of known_hosts is held against `ssh-keygen -F`: the same lines are of the same names.
#include "ssh/known_hosts.h"

#include <gmock/gmock.h>

#include <random>

#include "core/file.h"
#include "core/text.h"
#include "tests/ssh/server.h"
#include "tests/support/temp_dir.h"

namespace cluster::ssh {
namespace {

constexpr const char* kKey =
    " ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEdPyeVcfABf3ufJTweQMUsoCEOmERpaqUZNmC16YKQq";

class AsSshKeygen : public ::testing::Test {
 protected:
  std::string file() const { return folder_.path() / "known_hosts"; }

  // The numbers of the lines of `name`, as ssh-keygen finds them.
  std::vector<std::string> found_by_keygen(const std::string& name) const {
    std::string text;
    try {
      text = call({"ssh-keygen", "-F", name, "-f", file()});
    } catch (const std::exception&) {
      return {};  // there is none
    }
    std::vector<std::string> lines;
    for (const auto line : split(text, '\n')) {
      if (!line.starts_with("# Host ")) continue;
      lines.push_back(std::string(split(line.substr(line.find(": line ") + 7), ' ')[0]));
    }
    return lines;
  }

  std::vector<std::string> found_here(const std::string& name) const {
    std::vector<std::string> lines;
    for (const auto& key : KnownHosts({file()}).lookup({name})) {
      lines.push_back(key.where.substr(key.where.rfind(':') + 1));
    }
    return lines;
  }

  void compare(const std::string& text) const {
    replace_file(file(), text);
    for (const auto* name : {"n1", "n2", "n11", "n1.example", "10.1.1.5", "[n1]:2222",
                             "[10.1.1.5]:22", "fe80::1%lo", "[::1]:2222", "x"}) {
      EXPECT_EQ(found_here(name), found_by_keygen(name)) << name << " in\n" << text;
    }
  }

 private:
  TempDir folder_;
};

// `K` is a key. One line is left out, as it is read more strictly here: "@revoked" before a tab.
constexpr const char* kLines[]{
    "n1K",
    "N1,n2K",
    "n1,10.1.1.5K a comment # of words",
    "  \tn1K",
    "#n1K",
    "# n1K",
    "n1",
    "n1 ssh-ed25519",
    "n*K",
    "n?K",
    "!n1,*K",
    "*,!n1K",
    "!n1K",
    "n1,!n1K",
    "[n1]:2222K",
    "[n1]:*K",
    "[*]:2222K",
    "[n1]:22K",
    "[10.1.1.5]:22K",
    "fe80::1%loK",
    "[::1]:2222K",
    "@revoked n1K",
    "@revoked *K",
    "@cert-authority *.exampleK",
    "@revoked  n1K",
    "|1|5fgRvCUjrOBnU1vTdLz+lm8NaZ0=|I7MvXTdYk2Ek7ay2NTYwEFjycXU=K",
    "|1|bad|badK",
    "*K",
    "",
    "n1,,n2K",
    ",n1K",
    "n1\\,n2K",
    "\"n1\"K",
};

std::string line_of(std::string_view text) {
  std::string line(text);
  if (line.ends_with('K')) line.replace(line.size() - 1, 1, kKey);
  return line + "\n";
}

TEST_F(AsSshKeygen, AreLinesOfEachKind) {
  for (const auto* line : kLines) compare(line_of(line));
}

TEST_F(AsSshKeygen, AreLinesThatChanceWrote) {
  std::mt19937 random(2207);
  for (int i = 0; i < 10; ++i) {
    std::string text;
    for (auto count = 1 + random() % 8; count > 0; --count) {
      text += line_of(kLines[random() % std::size(kLines)]);
    }
    compare(text);
  }
}

TEST_F(AsSshKeygen, AreNamesThatAreHashed) {
  replace_file(file(), line_of("n1,10.1.1.5K") + line_of("[n1]:2222K") + line_of("fe80::1%loK"));
  call({"ssh-keygen", "-q", "-H", "-f", file()});
  ASSERT_EQ(read_file(file()).find("n1"), std::string::npos);
  compare(read_file(file()));
  EXPECT_THAT(found_here("[n1]:2222"), ::testing::SizeIs(1));
}

}  // namespace
}  // namespace cluster::ssh
