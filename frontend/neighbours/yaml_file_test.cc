#include "frontend/neighbours/yaml_file.h"

#include <gtest/gtest.h>

#include <string>

#include "core/error.h"

namespace cluster::frontend {
namespace {

std::string told(const std::string& text) { return told_line(only_document(text)); }

std::string read_as_one_line(const std::string& text) {
  std::string line;
  try {
    read_yaml_file(text, [&](const YAML::Node& node) { line = one_line(node); });
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    return error.what();
  }
  return line;
}

TEST(NeighbourYaml, NoSecretIsToldAtAnyDepth) {
  EXPECT_EQ(told("{user: ada, ssh_pass: apple}"), "{user: ada, ssh_pass: \"***\"}");
  for (const auto* text :
       {"{password: apple}", "[{password: apple}]", "[[{api_token: apple}]]",
        "{a: {password: apple}}", "{a: [{b: {client_secret: apple}}]}", "{password: [apple]}",
        "{password: {of: apple}}", "a: &x {password: apple}\nb: *x",
        "a: &x {private: apple}\nb:\n  <<: *x", "{a: {password: pear}, b: {password: apple}}",
        "{user: {name: ada}, PASSWORD: apple}"}) {
    const auto line = told(text);
    EXPECT_EQ(line.find("apple"), std::string::npos) << line;
    EXPECT_NE(line.find("***"), std::string::npos) << line;
  }
  // The document keeps it.
  const auto document = only_document("{a: {password: apple}}");
  told_line(document);
  EXPECT_EQ(document["a"]["password"].Scalar(), "apple");
}

TEST(NeighbourYaml, ANodeIsOneLine) {
  EXPECT_EQ(read_as_one_line("plain words"), "plain words");
  EXPECT_EQ(read_as_one_line(""), "");
  EXPECT_EQ(read_as_one_line("~"), "");
  EXPECT_EQ(read_as_one_line("- a\n- [b, c]\n"), "[a, [b, c]]");
  EXPECT_EQ(read_as_one_line("a:\n  b: 1\n"), "{a: {b: 1}}");
  const std::string word(60, 'w');
  const auto line = read_as_one_line("- " + word + "\n- " + word + "\n- " + word + "\n");
  EXPECT_EQ(line, "[" + word + ", " + word + ", " + word + "]");
}

TEST(NeighbourYaml, HasOneDocument) {
  for (const auto* text : {"a: 1\n", "---\na: 1\n", "---\na: 1\n...\n", "a: 1\n---\n",
                           "a: 1\n---\n# nothing\n", "a: 1\n---\n~\n"}) {
    EXPECT_EQ(read_as_one_line(text), "{a: 1}") << text;
  }
  for (const auto* second : {"b", "b: 1", "[b]", "[]", "{}", "- b"}) {
    EXPECT_EQ(read_as_one_line("a: 1\n---\n" + std::string(second) + "\n"),
              "line 3: a second document begins: want one in a file")
        << second;
  }
  EXPECT_TRUE(read_as_one_line("a: [\n").starts_with("line "));
}

TEST(NeighbourYaml, MapsHaveWhatTheyMerge) {
  const auto last = [](const std::string& text) {
    const auto document = only_document(text);
    return one_line(document[document.size() - 1]);
  };
  EXPECT_EQ(last("- &x {a: 1, b: 2}\n- <<: *x\n  b: 3\n"), "{b: 3, a: 1}");
  EXPECT_EQ(last("- &x {a: 1}\n- &y {a: 2, b: 2}\n- {<<: [*x, *y]}\n"), "{a: 1, b: 2}");
  EXPECT_EQ(last("- &x {a: 1}\n- [{<<: *x}]\n"), "[{a: 1}]");
  EXPECT_EQ(read_as_one_line("{\"<<\": a}"), "{<<: a}");
  for (const auto* wrong : {"{<<: a}", "{<<: [a]}", "a: 1\n<<: []\n"}) {
    EXPECT_NE(read_as_one_line(wrong).find(": << merges maps alone"), std::string::npos) << wrong;
  }
}

// A few lines that mean a billion nodes, or are a part of themselves.
TEST(NeighbourYaml, ReferencesMakeNoMoreThanSomebodyWrote) {
  std::string bomb = "- &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    bomb += "- &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) bomb += ", " + before;
    bomb += "]\n";
  }
  EXPECT_NE(read_as_one_line(bomb).find("references make too much"), std::string::npos);
  EXPECT_NE(read_as_one_line("&a [*a]").find("or a circle"), std::string::npos);
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += i % 2 == 0 ? "[" : "{a: ";
    for (int i = depth; i-- > 0;) text += i % 2 == 0 ? "]" : "}";
    return text;
  };
  EXPECT_EQ(read_as_one_line(nested(100)).find("references"), std::string::npos);
  EXPECT_NE(read_as_one_line(nested(102)).find("references"), std::string::npos);
}

}  // namespace
}  // namespace cluster::frontend
