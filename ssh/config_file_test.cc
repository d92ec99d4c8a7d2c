// These tests are about the lines of ssh_config(5): a written line reads back, and a broken line is
// named.

#include "ssh/config_file.h"

#include <gmock/gmock.h>

#include <random>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::ssh {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const ConfigFolders kNowhere{.home = "/nonexistent", .includes = "/nonexistent"};

std::vector<ConfigBlock> blocks(const std::string& text) {
  return parse_config(text, "config", kNowhere);
}

// The words of the first setting of `line`.
std::vector<std::string> words(const std::string& line) {
  return blocks(line).at(0).settings.at(0).words;
}

std::string refusal(const std::string& text) {
  try {
    blocks(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    return error.what();
  }
  return "read";
}

// `word` in the form in which ssh_config(5) allows any text.
std::string written(const std::string& word) {
  std::string out = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

TEST(ConfigFile, HasKeywordsInLowerCaseWithTheirPlaces) {
  const auto all = blocks("# a note\n\nPORT 1\n  User\tme\n");
  ASSERT_EQ(all.size(), 1U);
  ASSERT_EQ(all[0].settings.size(), 2U);
  EXPECT_EQ(all[0].settings[0].keyword, "port");
  EXPECT_EQ(all[0].settings[0].where, "config:3");
  EXPECT_EQ(all[0].settings[1].keyword, "user");
  EXPECT_EQ(all[0].settings[1].where, "config:4");
}

TEST(ConfigFile, OpensABlockForEachHostAndMatch) {
  const auto all = blocks("User a\nHost n1 n2\n Port 1\nMatch all\n Port 2\n");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_TRUE(all[0].conditions.empty());
  ASSERT_EQ(all[1].conditions.size(), 1U);
  EXPECT_THAT(all[1].conditions[0].words, ElementsAre("n1", "n2"));
  EXPECT_EQ(all[1].settings[0].words[0], "1");
  EXPECT_EQ(all[2].conditions[0].keyword, "match");
}

TEST(ConfigFile, TakesEachWayToWriteAWord) {
  EXPECT_THAT(words("Port=22"), ElementsAre("22"));
  EXPECT_THAT(words("Port = 22"), ElementsAre("22"));
  EXPECT_THAT(words("SendEnv \"a b\" c"), ElementsAre("a b", "c"));
  EXPECT_THAT(words("SendEnv a\"b c\"d"), ElementsAre("ab cd"));
  EXPECT_THAT(words(R"(IdentityFile "a\"b\\c\d")"), ElementsAre(R"(a"b\c\d)"));
  EXPECT_THAT(words("SendEnv a'b \"c'd"), ElementsAre("ab \"cd"));
  EXPECT_THAT(words("SendEnv a\\ b"), ElementsAre("a b"));
  EXPECT_THAT(blocks("Match host=n1 user \"a b\" # x").at(1).conditions.at(0).words,
              ElementsAre("host", "n1", "user", "a b"));
  EXPECT_THAT(words("Port 22 # a note"), ElementsAre("22"));
  EXPECT_THAT(words("User 22#3"), ElementsAre("22#3"));
  EXPECT_THAT(words("Port 22\r"), ElementsAre("22"));
}

TEST(ConfigFile, NamesTheLineThatItCannotRead) {
  EXPECT_EQ(refusal("Port 1\nUser \"me"), "config:2: a quote has no end");
  EXPECT_EQ(refusal("\n\nPort"), "config:3: 'port' has no value");
  EXPECT_EQ(refusal("Port # a note"), "config:1: 'port' has no value");
}

// OpenSSH reads a number as strtonum(3) does.
TEST(ConfigFile, TakesEachSpellingOfAPort) {
  for (const auto* line : {"Port 22", "Port 022", "Port +22", "Port 00000000000000000000022",
                           "Port \" 22\"", "Port ssh", "Port=22"}) {
    EXPECT_THAT(words(line), ElementsAre("22")) << line;
  }
  for (const auto* line : {"Port 0", "Port 00", "Port -22", "Port 0x16", "Port 22x", "Port \"2 2\"",
                           "Port 65536", "Port 99999999999999999999", "Port ++22", "Port +"}) {
    EXPECT_THAT(refusal(line), HasSubstr("'port' wants a number from 1 to 65535")) << line;
  }
}

// A Host that names nobody, and lists of nothing.
TEST(ConfigFile, MayHaveACommentInPlaceOfAList) {
  const auto all = blocks("Host # nobody yet\n Port 1\nHost n1\n Port 2\n");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_TRUE(all[1].conditions.at(0).words.empty());
  EXPECT_EQ(all[1].settings.at(0).words[0], "1");
  for (const auto* line : {"SendEnv # none", "SetEnv #", "Include # none", "UserKnownHostsFile #",
                           "GlobalKnownHostsFile # none", "CanonicalDomains #", "LogVerbose #x"}) {
    EXPECT_TRUE(blocks(line).at(0).settings.empty()) << line;
  }
  for (const auto* line : {"User #", "IdentityFile # none", "Match # all", "Ciphers #", "Host",
                           "SendEnv", "IgnoreUnknown #"}) {
    EXPECT_THAT(refusal(line), HasSubstr("has no value")) << line;
  }
}

// Windows ends lines so, and an editor there may write the mark of UTF-8 in front.
TEST(ConfigFile, ReadsLinesOfOtherSystems) {
  EXPECT_THAT(words("Port 22\r\nUser me\r\n"), ElementsAre("22"));
  EXPECT_THAT(blocks("Host n1\r\n").at(1).conditions.at(0).words, ElementsAre("n1"));
  EXPECT_EQ(blocks("\xef\xbb\xbfPort 22\n").at(0).settings.at(0).use, Use::unknown);
  EXPECT_THAT(words(std::string("User me\0and more", 16)), ElementsAre("me"));
}

TEST(ConfigFile, MayEndWithoutAnEndOfLine) {
  EXPECT_THAT(words("Port 22"), ElementsAre("22"));
  EXPECT_TRUE(blocks("").at(0).settings.empty());
  EXPECT_TRUE(blocks("\n\n   \n# a note").at(0).settings.empty());
}

TEST(ConfigFile, ReadsBackWhatIsWritten) {
  std::mt19937 random(42);
  const std::string letters = "ab \t\"\\#=*!%~";
  for (int i = 0; i < 2'000; ++i) {
    std::vector<std::string> expected;
    std::string line = "IPQoS";
    for (auto count = 1 + random() % 3; count > 0; --count) {
      std::string word;
      for (auto length = random() % 6; length > 0; --length) {
        word += letters[random() % letters.size()];
      }
      expected.push_back(word);
      line += " " + written(word);
    }
    EXPECT_EQ(words(line), expected) << line;
  }
}

TEST(ConfigFile, EitherReadsOrNamesTheLineOfAnyText) {
  std::mt19937 random(43);
  const std::string letters = "Ha \t\"\\#=\nPort1";
  for (int i = 0; i < 2'000; ++i) {
    std::string text;
    for (auto length = random() % 40; length > 0; --length)
      text += letters[random() % letters.size()];
    const auto result = refusal(text);
    EXPECT_TRUE(result == "read" || result.starts_with("config:")) << text << ": " << result;
  }
}

TEST(ConfigFile, IncludesInTheOrderOfTheLines) {
  const TempDir dir;
  replace_file(dir.path() / "a", "Port 1\n");
  replace_file(dir.path() / "b", "Host x\n Port 2\n");
  const ConfigFolders folders{.home = dir.path(), .includes = dir.path()};
  std::vector<std::string> ports;
  for (const auto& block : parse_config("Include a b none\nPort 3", "config", folders)) {
    for (const auto& setting : block.settings) {
      ports.push_back(setting.words[0] + " of " + std::to_string(block.conditions.size()));
    }
  }
  EXPECT_THAT(ports, ElementsAre("1 of 0", "2 of 1", "3 of 0"));
}

// What only OpenSSH can include counts for all hosts, whomever the file before it ended with.
TEST(ConfigFile, AnIncludeForOpenSshCountsBehindAnotherFile) {
  const TempDir dir;
  replace_file(dir.path() / "b", "Host x\n Port 2\n");
  const ConfigFolders folders{.home = dir.path(), .includes = dir.path()};
  std::vector<std::string> found;
  for (const auto& block : parse_config("Include b %d/c", "config", folders)) {
    for (const auto& setting : block.settings) {
      found.push_back(setting.keyword + " of " + std::to_string(block.conditions.size()));
    }
  }
  EXPECT_THAT(found, ElementsAre("port of 1", "include of 0"));
}

TEST(ConfigFile, ThatNobodyNamedMayBeMissing) {
  EXPECT_TRUE(read_config("/nonexistent", ConfigFile::user, kNowhere).empty());
  EXPECT_TRUE(read_config("/nonexistent", ConfigFile::system, kNowhere).empty());
  try {
    read_config("/nonexistent", ConfigFile::named, kNowhere);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot read '/nonexistent': No such file"));
  }
}

}  // namespace
}  // namespace cluster::ssh
