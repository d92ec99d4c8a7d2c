#include "rolls/engine/shell_text.h"

#include <gtest/gtest.h>

#include <random>

#include "core/file.h"
#include "core/text.h"
#include "rolls/engine/subprocess.h"
#include "tests/support/temp_dir.h"

namespace cluster::rolls {
namespace {

// Lines made at random from characters that mean something to sh.
std::string lines_of(std::mt19937& random) {
  constexpr const char* kPieces[] = {"a", " ",  "\n", "END_OF_FILE", "_",   "$(id)", "`id`", "\\",
                                     "'", "\"", "#",  "\t",          "EOF", "! ",    "${x"};
  std::string text;
  for (auto left = random() % 30; left > 0; --left) text += kPieces[random() % std::size(kPieces)];
  return text + "\n";
}

TEST(HereDocument, GivesAnyLinesAsTheyAre) {
  const TempDir folder;
  std::mt19937 random(7);
  std::string script;
  std::string want;
  for (int i = 0; i < 300; ++i) {
    const auto text = lines_of(random);
    script += "cat" + here_document(text);
    want += text;
  }
  replace_file(folder.path() / "script", script);
  const auto out = folder.path() / "out";
  EXPECT_EQ(run_subprocess({{"sh", (folder.path() / "script").native()}, ".", out, {}}), 0);
  EXPECT_EQ(read_file(out), want);
}

TEST(ShellComment, IsNeverALineOfTheScript) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    std::string text;
    for (int i = 0; i < 8; ++i) text += lines_of(random);
    const auto comment = shell_comment(text);
    ASSERT_TRUE(comment.ends_with('\n'));
    std::string letters;
    const auto lines = comment.substr(0, comment.size() - 1);
    for (const auto line : split(lines, '\n')) {
      ASSERT_TRUE(line.starts_with('#')) << "seed " << seed << ": " << line;
      letters += trim(line.substr(1));
    }
    // A blank may be left out, or become the end of a line. No other character may change.
    const auto solid = [](std::string from) {
      std::erase_if(from, [](char c) { return c == ' ' || c == '\n' || c == '\t'; });
      return from;
    };
    EXPECT_EQ(solid(letters), solid(text)) << "seed " << seed;
  }
}

TEST(ShellComment, BreaksLongLines) {
  std::string words;
  for (int i = 0; i < 100; ++i) words += "word ";
  const auto comment = shell_comment(words);
  for (const auto line : split(comment, '\n')) EXPECT_LE(line.size(), 112U) << line;
  const std::string one(300, 'x');
  EXPECT_EQ(shell_comment(one), "# " + one + "\n");
  EXPECT_EQ(shell_comment("a\n\nb\n"), "# a\n#\n# b\n");
}

TEST(Indented, LeavesEmptyLinesEmpty) {
  EXPECT_EQ(indented("a\n\n  b\n\n\n", "  "), "  a\n\n    b\n");
  EXPECT_EQ(indented("a", ""), "a\n");
}

TEST(OnlyFor, AsksForTheFamily) {
  EXPECT_EQ(only_for(nullptr, "a\n"), "a\n");
  for (const auto& family : host_families()) {
    EXPECT_EQ(only_for(&family, "  a\n"),
              "if [ \"$family\" = " + std::string(family.word) + " ]; then\n  a\nfi\n");
  }
}

}  // namespace
}  // namespace cluster::rolls
