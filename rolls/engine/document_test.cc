#include "rolls/engine/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "core/error.h"

namespace cluster::rolls {
namespace {

std::string document_refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    return error.what();
  }
  return "nothing was refused";
}

std::string document_refusal(const std::string& text) {
  return document_refusal([&] { parse_document(text, "f"); });
}

// A tree of lists, maps and texts made at random, with its spelling in YAML.
class Tree {
 public:
  explicit Tree(unsigned seed) : random_(seed) {}

  YamlNode node(int depth) {
    YamlNode made;
    const auto kind = depth == 0 ? 0U : pick(3);
    if (kind == 0) {
      made.kind = YamlNode::Kind::text;
      made.text = text();
      return made;
    }
    made.kind = kind == 1 ? YamlNode::Kind::list : YamlNode::Kind::map;
    const auto members = pick(5);
    for (unsigned i = 0; i < members; ++i) {
      if (kind == 2) {
        made.members.push_back({YamlNode::Kind::text, "k" + std::to_string(i) + text(), {}, 0, 0});
      }
      made.members.push_back(node(depth - 1));
    }
    return made;
  }

  // Spells the tree in one line, as JSON would, or over several lines with blanks that mean
  // nothing.
  std::string spelled(const YamlNode& node) {
    if (node.kind == YamlNode::Kind::text) return quoted(node.text);
    const bool is_map = node.kind == YamlNode::Kind::map;
    std::string out = is_map ? "{" : "[";
    for (std::size_t i = 0; i < node.members.size(); ++i) {
      if (i > 0) out += is_map && i % 2 == 1 ? ": " : pick(2) == 0 ? ", " : ",\n   ";
      out += spelled(node.members[i]);
    }
    return out + (is_map ? "}" : "]");
  }

 private:
  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }

  std::string text() {
    constexpr std::string_view kLetters = "ab Z09 :#-*&!|>'\"%@`{}[],?\\\n\t~";
    std::string out;
    for (auto left = pick(12); left > 0; --left) out += kLetters[pick(kLetters.size())];
    return out;
  }

  static std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : std::string(1, c);
    }
    return out + "\"";
  }

  std::mt19937 random_;
};

// Compares an item, through its public functions, with the tree that it was made of.
void expect_same(const Item& item, const YamlNode& node) {
  if (node.kind == YamlNode::Kind::list) {
    const auto list = item.list("x");
    ASSERT_EQ(list.size(), node.members.size());
    for (std::size_t i = 0; i < list.size(); ++i) expect_same(list[i], node.members[i]);
    return;
  }
  if (node.kind == YamlNode::Kind::map) {
    std::vector<std::pair<Item, Item>> entries;
    for (std::size_t i = 0; i < node.members.size(); i += 2) {
      if (node.members[i].text.find_first_of("\n\t") != std::string::npos) {
        EXPECT_NE(document_refusal([&] { item.entries("x"); }).find("'a key' wants a single line"),
                  std::string::npos);
        return;
      }
    }
    entries = item.entries("x");
    ASSERT_EQ(entries.size() * 2, node.members.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      EXPECT_EQ(entries[i].first.line("a key"), node.members[2 * i].text);
      expect_same(entries[i].second, node.members[2 * i + 1]);
    }
    return;
  }
  if (node.text.find_first_of("\n\t") == std::string::npos) {
    EXPECT_EQ(item.line_or_empty("x"), node.text);
  } else {
    EXPECT_NE(document_refusal([&] { item.line_or_empty("x"); }).find("wants a single line"),
              std::string::npos);
  }
}

TEST(YamlDocument, WhatIsWrittenIsRead) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    Tree tree(seed);
    const auto made = tree.node(4);
    const auto text = tree.spelled(made) + "\n";
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + text);
    expect_same(parse_document(text, "f"), made);
  }
}

TEST(YamlDocument, AnythingElseIsRefusedWithItsPlace) {
  // A good text with one byte changed is either read, or refused by our own error.
  for (unsigned seed = 0; seed < 500; ++seed) {
    Tree tree(seed);
    auto text = tree.spelled(tree.node(4)) + "\n";
    std::mt19937 random(seed);
    text[random() % text.size()] = static_cast<char>(random() % 128);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + text);
    try {
      parse_document(text, "f");
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::usage);
      EXPECT_EQ(std::string(error.what()).substr(0, 2), "f:");
    }
  }
}

TEST(YamlDocument, HasOneDocumentAndNoReferences) {
  EXPECT_EQ(document_refusal(""), "f:1:1: the file is empty");
  EXPECT_EQ(document_refusal("# nothing\n"), "f:1:1: the file is empty");
  EXPECT_EQ(document_refusal("~\n"), "f:1:1: the file is empty");
  EXPECT_EQ(document_refusal(",\nname: x\n"), "f:1:1: ',' begins no document");
  EXPECT_EQ(document_refusal("a: 1\nb: d\xe9mo\n"), "f:2:1: not UTF-8");
  EXPECT_EQ(document_refusal("a: d\xc3\xa9mo\n"), "nothing was refused");
  EXPECT_NE(document_refusal(std::string(100'000, '[')).find("f:1:"), std::string::npos);
  EXPECT_NE(document_refusal(std::string(100'000, '[')).find("in each other"), std::string::npos);
  EXPECT_EQ(document_refusal("a: 1\n---\nb: 2\n"), "f:3:1: a second document (`---`); want one");
  EXPECT_EQ(document_refusal("a: 1\n---\n"), "nothing was refused");
  EXPECT_EQ(document_refusal("a: &x 1\nb: *x\n"),
            "f:2:4: a reference (`*name`); want the text itself");
  EXPECT_EQ(document_refusal("a: &x [*x]\n"), "f:1:8: a reference (`*name`); want the text itself");
  EXPECT_EQ(document_refusal("a: '*x'\n"), "nothing was refused");
}

// Nine levels of ten references each would be a document of a thousand million members.
TEST(YamlDocument, ReferencesToReferencesCostNothing) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const auto number = std::to_string(i);
    std::string list;
    for (int k = 0; k < 10; ++k) list += (k > 0 ? ", *a" : "*a") + std::to_string(i - 1);
    text += "a" + number + ": &a" + number + " [" + list + "]\n";
  }
  EXPECT_EQ(document_refusal(text), "f:2:10: a reference (`*name`); want the text itself");
}

TEST(YamlItem, WantsTheKindThatIsAskedFor) {
  const auto item = parse_document("a: {b: [1, '', ' ']}\nc:\n", "f");
  const auto entries = item.entries("x");
  const auto inner = entries[0].second.entries("y")[0].second;
  EXPECT_EQ(document_refusal([&] { item.list("x"); }), "f:1:1: 'x' wants a list");
  EXPECT_EQ(document_refusal([&] { item.line("x"); }), "f:1:1: 'x' wants a text");
  EXPECT_EQ(document_refusal([&] { inner.entries("y"); }), "f:1:8: 'y' wants `key: value` lines");
  EXPECT_EQ(document_refusal([&] { entries[1].second.line("c"); }), "f:3:1: 'c' wants a text");
  const auto list = inner.list("y");
  EXPECT_EQ(list[0].line("z"), "1");
  EXPECT_EQ(list[1].line_or_empty("z"), "");
  EXPECT_EQ(document_refusal([&] { list[1].line("z"); }), "f:1:12: 'z' is empty");
  EXPECT_EQ(document_refusal([&] { list[2].lines("z"); }), "f:1:16: 'z' is empty");
}

TEST(YamlItem, LinesEndAsTheyHaveTo) {
  const auto lines = [](const std::string& text) { return parse_document(text, "f").lines("x"); };
  EXPECT_EQ(lines("one"), "one\n");
  EXPECT_EQ(lines("|\n  one\n  two\n\n\n"), "one\ntwo\n");
  EXPECT_EQ(lines("\"one\\ttwo\\n\\n\""), "one\ttwo\n");
  EXPECT_EQ(document_refusal([&] { lines("\"one\\x07\""); }), "f:1:1: 'x' has a control character");
}

TEST(YamlItem, YesAndNoAreFourWords) {
  const auto list = parse_document("[yes, true, no, false, YES, 1]", "f").list("x");
  EXPECT_TRUE(list[0].yes_or_no("x") && list[1].yes_or_no("x"));
  EXPECT_FALSE(list[2].yes_or_no("x") || list[3].yes_or_no("x"));
  EXPECT_EQ(document_refusal([&] { list[4].yes_or_no("x"); }),
            "f:1:24: 'x' wants yes or no, not 'YES'");
  EXPECT_EQ(document_refusal([&] { list[5].yes_or_no("x"); }),
            "f:1:29: 'x' wants yes or no, not '1'");
}

TEST(YamlItem, HasBounds) {
  const auto list_of = [](int members) {
    std::string text = "[";
    for (int i = 0; i < members; ++i) text += "a,";
    return parse_document(text + "]", "f");
  };
  EXPECT_EQ(list_of(1000).list("x").size(), 1000U);
  EXPECT_EQ(document_refusal([&] { list_of(1001).list("x"); }),
            "f:1:1: 'x' has more than 1000 members");
  EXPECT_EQ(parse_document(std::string(1000, 'a'), "f").line("x").size(), 1000U);
  EXPECT_EQ(document_refusal([&] { parse_document(std::string(1001, 'a'), "f").line("x"); }),
            "f:1:1: 'x' is longer than 1000 bytes");
}

TEST(YamlItem, OutlivesTheRestOfItsDocument) {
  std::vector<Item> kept;
  for (const auto* text : {"[[one], x]", "{a: [two]}"}) {
    const auto document = parse_document(text, "f");
    kept.push_back(text[0] == '[' ? document.list("x")[0] : document.entries("x")[0].second);
  }
  EXPECT_EQ(kept[0].list("x")[0].line("x"), "one");
  EXPECT_EQ(kept[1].list("x")[0].line("x"), "two");
}

TEST(YamlFields, KnowTheirKeys) {
  const Fields fields(parse_document("name: a\nsize: 3\n", "f"), "thing", {"name", "size", "at"});
  EXPECT_EQ(fields.require("name").line("name"), "a");
  EXPECT_FALSE(fields.find("at"));
  EXPECT_EQ(fields.find("size")->where(), "f:2:7");
  EXPECT_EQ(document_refusal([&] { fields.require("at"); }), "f:1:1: 'thing' has no 'at'");
  EXPECT_EQ(document_refusal(
                [] { const Fields wrong(parse_document("nane: a\n", "f"), "thing", {"name"}); }),
            "f:1:1: unknown key 'nane' in 'thing' (did you mean 'name'?)");
  EXPECT_EQ(document_refusal([] {
              const Fields wrong(parse_document("q: a\n", "f"), "thing", {"name", "size"});
            }),
            "f:1:1: unknown key 'q' in 'thing' (want name, size)");
}

}  // namespace
}  // namespace cluster::rolls
