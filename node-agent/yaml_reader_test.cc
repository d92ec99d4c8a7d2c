#include "node-agent/yaml_reader.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace cluster::agent {
namespace {

using Kind = YamlValue::Kind;

std::string refusal(const std::string& text) {
  try {
    const YamlFile file("f.yaml", text);
    file.mapping(file.root(), "want lines");
    return "read";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(YamlFile, GivesScalarsListsAndMappingsWithTheirLines) {
  const YamlFile file("f.yaml", "# a comment\na: 0300\nb: [x, ~]\nc:\n  - d: 'null'\n");
  const auto pairs = file.mapping(file.root(), "want lines");
  ASSERT_EQ(pairs.size(), 3U);
  EXPECT_EQ(pairs[0].name, "a");
  EXPECT_EQ(file.scalar(*pairs[0].value, "a"), "0300");
  EXPECT_EQ(pairs[0].value->line, 2U);
  ASSERT_EQ(pairs[1].value->items.size(), 2U);
  EXPECT_EQ(pairs[1].value->items[1].kind, Kind::null);
  const auto inner = file.mapping(pairs[2].value->items.at(0), "want lines");
  EXPECT_EQ(file.scalar(*inner.at(0).value, "d"), "null") << "a text in quotes is a text";
  EXPECT_EQ(inner.at(0).value->line, 5U);
}

TEST(YamlFile, IsEmptyWithoutADocument) {
  for (const auto* text : {"", "# only a comment\n", "---\n", "~\n"}) {
    const YamlFile file("f.yaml", text);
    EXPECT_EQ(file.root().kind, Kind::null) << text;
    EXPECT_TRUE(file.mapping(file.root(), "want lines").empty());
  }
}

TEST(YamlFile, RefusesWithThePlace) {
  EXPECT_EQ(refusal("a: b\na: c\n"), "f.yaml:2: 'a' is given twice");
  EXPECT_EQ(refusal("- a\n"), "f.yaml:1: want lines");
  EXPECT_EQ(refusal("x: 1\n[a]: b\n"), "f.yaml:2: 'a key' wants a plain word");
  EXPECT_TRUE(refusal("a: [\n").starts_with("f.yaml:"));
  EXPECT_TRUE(refusal("a: b\nc: \xff\n").starts_with("f.yaml:2: "));
}

TEST(YamlFile, RefusesATextThatIsTooMuchHoweverOftenItIsNamed) {
  const auto text = [](std::size_t length) {
    return "a: [&a " + std::string(length, 'x') + ", *a, *a, *a]\n";
  };
  EXPECT_EQ(refusal(text(1U << 17U)), "read");
  EXPECT_EQ(refusal(text(1U << 18U)), "f.yaml:1: there is too much in each other");
}

// An alias inside what it names would have no end, and nine lists of aliases would not fit.
TEST(YamlFile, RefusesWhatStandsInItselfOrIsTooMuch) {
  EXPECT_EQ(refusal("a: &x [*x]\n"), "f.yaml:1: there is too much in each other");
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 7; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += before + (j == 9 ? "]\n" : ", ");
  }
  EXPECT_EQ(refusal(text), "f.yaml:1: there is too much in each other");
}

}  // namespace
}  // namespace cluster::agent
