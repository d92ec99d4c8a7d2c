// The INI of Ansible: lines of hosts are words of a shell, values are those of Python.

#include <gmock/gmock.h>

#include "frontend/neighbours/ansible_inventory.h"
#include "tests/support/reading_lines.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> of_ini(const std::string& text) {
  const auto read = [](std::string_view whole, const std::string& /*file*/) {
    AnsibleInventory inventory;
    read_ansible_ini(whole, inventory);
    return inventory.reading();
  };
  return reading_lines(read, text);
}

TEST(AnsibleIniValues, AreWhatPythonReadsOrWhatStandsThere) {
  const std::vector<std::pair<std::string, std::string>> rows{{"a b", "a b"},
                                                              {"  a\t", "a"},
                                                              {"a=b", "a=b"},
                                                              {"", ""},
                                                              {"''", ""},
                                                              {"'a b'", "a b"},
                                                              {"\"a # b\"", "a # b"},
                                                              {"'a' # x", "a"},
                                                              {"'a'# x", "a"},
                                                              {"'a' b", "'a' b"},
                                                              {"\"it's\"", "it's"},
                                                              {R"('it\'s')", R"('it\'s')"},
                                                              {"'a\"", "'a\""},
                                                              {"'", "'"},
                                                              {"0 # x", "0"},
                                                              {"007 # x", "007 # x"},
                                                              {"1.5 # x", "1.5"},
                                                              {"-1e3# x", "-1e3"},
                                                              {"007.5 # x", "007.5"},
                                                              {"1.5.2 # x", "1.5.2 # x"},
                                                              {"inf # x", "inf # x"},
                                                              {"True # x", "True"},
                                                              {"None#x", "None"},
                                                              {"true # x", "true # x"}};
  for (const auto& [text, value] : rows) {
    EXPECT_THAT(of_ini("[all:vars]\nk=" + text + "\n"), ElementsAre("add|attr|k|" + value)) << text;
  }
}

TEST(AnsibleIniWords, AreThoseOfAShell) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"k=a'b c'd", "ab cd"},     {"'k=b c'", "b c"},
      {R"(k="a\"b")", "a\"b"},    {R"(k="a\\b")", R"(a\b)"},
      {R"(k="a\nb")", R"(a\nb)"}, {R"(k='a\b')", R"(a\b)"},
      {R"(k=a\ b)", "a b"},       {R"(k=a\#b)", "a#b"},
      {"k='a # b'", "a # b"},     {"k=a#b", "a"},
      {"k=\"'x'\"", "x"},         {"k=\"5 # b\"", "5"},
      {"k=a=b", "a=b"},           {"k=''", ""}};
  for (const auto& [words, value] : rows) {
    EXPECT_THAT(of_ini("n1 " + words + "\n"),
                ElementsAre("add|host|n1", "add|host|attr|n1|k|" + value))
        << words;
  }
}

TEST(AnsibleIni, IsRefusedWithTheLineAndWhatIsWrongThere) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"n1 word\n", "line 1: 'word' is no NAME=VALUE"},
      {"n1 a=b ; c=d\n", "line 1: ';' is no NAME=VALUE"},
      {"n1 ''\n", "line 1: '' is no NAME=VALUE"},
      {"\nn1 \"a=b\n", "line 2: a quote (\") is not closed"},
      {"[v:vars]\nx\n", "line 2: want NAME=VALUE"},
      {"[a:b:vars]\n", "line 1: no such section: 'a:b:vars' (want [x], [x:vars] or [x:children])"},
      {"[a:Vars]\n", "line 1: no such section: 'a:Vars' (want [x], [x:vars] or [x:children])"},
      {"[x]y\n", "line 1: 'y' stands behind a section"}};
  for (const auto& [text, why] : rows) {
    EXPECT_THAT(of_ini(text), ElementsAre("refused: " + why)) << text;
  }
}

TEST(AnsibleIni, HasHostsWithoutAGroupBeforeTheFirstSection) {
  EXPECT_THAT(of_ini("n1\n[ungrouped:vars]\nansible_user=jo\n[web]\nn2\n"),
              ElementsAre("add|host|n1|user=jo", "add|host|n2", "add|host|attr|n2|groups|web"));
}

TEST(AnsibleIni, MayComeBackToASectionAndSayItsValuesFirst) {
  EXPECT_THAT(of_ini("[a:vars]\nx=1\n[a]\nn1\n[b]\nn2\n[a]\nn3\n"),
              ElementsAre("add|host|n1", "add|host|n2", "add|host|n3", "add|host|attr|n1|x|1",
                          "add|host|attr|n1|groups|a", "add|host|attr|n2|groups|b",
                          "add|host|attr|n3|x|1", "add|host|attr|n3|groups|a"));
}

TEST(AnsibleIni, PassesOverLinesThatAreComments) {
  EXPECT_TRUE(of_ini("# n1\n; n2\n  # n3\n\t; n4\n\n[a]\n# n5\n[a:vars]\n; x=1\n").empty());
}

}  // namespace
}  // namespace cluster::frontend
