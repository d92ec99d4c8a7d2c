#include "rolls/engine/template.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "core/error.h"

namespace cluster::rolls {
namespace {

std::string as_it_is(const std::string& value) { return value; }

std::string refusal(const std::string& text, bool whole_lines = false) {
  try {
    check_placeholders(text, "f", {"host", "mode"}, whole_lines);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    return error.what();
  }
  return "nothing was refused";
}

// The texts are made of pieces. Each placeholder has to become its value, and all else has to stay.
TEST(Template, ReplacesNamesAndNothingElse) {
  const TemplateValues values{{"host", "n1"}, {"mode", "{{ host }}"}, {"empty", ""}};
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    std::string text;
    std::string want;
    for (auto pieces = random() % 8; pieces > 0; --pieces) {
      constexpr const char* kLiterals[] = {"a",     "{",   "}}",  "} }", "\n",
                                           "$host", "{ {", "<&>", "host"};
      constexpr const char* kBlanks[] = {"", " ", "  ", "\t"};
      // Two pieces never form the start of a placeholder together.
      std::string literal = kLiterals[random() % std::size(kLiterals)];
      literal += ".";
      const auto* blank = kBlanks[random() % std::size(kBlanks)];
      const auto value = std::next(values.begin(), static_cast<long>(random() % values.size()));
      text += literal + "{{" + blank + value->first + blank + "}}";
      want += literal + value->second;
    }
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + text);
    EXPECT_EQ(filled(text, "f", values, as_it_is), want);
    EXPECT_NO_THROW(check_placeholders(text, "f", {"host", "mode", "empty"}, false));
  }
}

TEST(Template, SaysWhereItIsWrong) {
  EXPECT_EQ(refusal("a {{ host }}\nb {{ hots }}\n"),
            "f:2:3: unknown name 'hots' (did you mean 'host'?)");
  EXPECT_EQ(refusal("{{ }}"), "f:1:1: unknown name '' (want host, mode)");
  EXPECT_EQ(refusal("x\ny {{ host\n}}"), "f:2:3: '{{' without its '}}' on the same line");
  EXPECT_EQ(refusal("x {{"), "f:1:3: '{{' without its '}}' on the same line");
  EXPECT_EQ(refusal("x\n\x01"), "f:2:1: a control character; want a text file");
  EXPECT_EQ(refusal("a\r\n"), "f:1:2: a control character; want a text file");
  EXPECT_EQ(refusal("a\nb"), "nothing was refused");
}

TEST(Template, AFileForHostsEndsWithALineEnd) {
  EXPECT_EQ(refusal("a\nb\n", true), "nothing was refused");
  EXPECT_EQ(refusal("a\nb", true), "f:2:2: the last line has no end");
  EXPECT_EQ(refusal("", true), "f:1:1: the last line has no end");
}

TEST(Template, ANameWithoutAValueIsRefused) {
  try {
    filled("a\n {{ mode }}\n", "f", {{"host", "n1"}}, as_it_is);
    FAIL() << "it was filled";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "f:2:2: unknown name 'mode'");
  }
}

TEST(Template, SpellsValuesAsTheFileWants) {
  EXPECT_EQ(filled("<a b='{{ v }}'>{{ v }}</a>", "f", {{"v", "<'&\">"}}, xml_text),
            "<a b='&lt;&apos;&amp;&quot;&gt;'>&lt;&apos;&amp;&quot;&gt;</a>");
}

// Reads `text` as XML does: it knows the five entities that every parser knows, and accepts nothing
// that opens or closes markup. Returns nullopt when `text` is no XML text.
std::optional<std::string> read_back(std::string_view text) {
  constexpr std::pair<std::string_view, char> kEntities[] = {
      {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
  std::string out;
  while (!text.empty()) {
    std::size_t taken = 0;
    for (const auto& [entity, letter] : kEntities) {
      if (!text.starts_with(entity)) continue;
      out += letter;
      taken = entity.size();
    }
    if (taken == 0 && std::string_view("&<>\"'").find(text[0]) != std::string_view::npos) {
      return std::nullopt;
    }
    if (taken == 0) {
      out += text[0];
      taken = 1;
    }
    text.remove_prefix(taken);
  }
  return out;
}

TEST(XmlText, IsReadBackAsTheValue) {
  constexpr std::string_view kLetters = "<>&'\"a;#x\\ -]lt";
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    std::string value;
    for (auto left = random() % 20; left > 0; --left) value += kLetters[random() % kLetters.size()];
    EXPECT_EQ(read_back(xml_text(value)), value) << "seed " << seed;
  }
}

}  // namespace
}  // namespace cluster::rolls
