#include "frontend/hosts/host_words.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <fstream>

#include "core/error.h"
#include "tests/support/temp_dir.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SomeFacts : public HostFacts {
 public:
  std::map<std::string, std::string> values(const std::string& attribute) override {
    if (attribute == "groups") return {{"n1", "a,b"}, {"n2", "b"}};
    if (attribute == "row") return {{"n1", "7"}, {"n2", "07"}, {"n3", "east side"}};
    if (attribute == "note") return notes;
    return {};
  }
  std::vector<std::string> attribute_names() override { return {"groups", "row"}; }
  std::set<std::string> with_free_card() override { return {"n1", "n4"}; }
  std::set<std::string> with_failing_card() override { return {}; }
  std::multimap<std::string, std::string> card_models() override {
    return {{"n1", "GA100 [A100 PCIe] 10de:20f1"}, {"n4", "TU104GL [Tesla T4] 10de:1eb8"}};
  }

  std::map<std::string, std::string> notes;
};

class HostWordsTest : public ::testing::Test {
 protected:
  HostWordsTest() {
    for (const auto* name : {"n1", "n2", "n3", "n4", "n01", "a_1", "ab1"}) {
      hosts_.push_back({HostName(name), "compute", name[1] == '2' || name[1] == 'b' ? 1 : 0, true});
    }
    setenv("CLUSTER_GROUPS", (folder_.path() / "groups.cfg").c_str(), 1);
    std::ofstream(folder_.path() / "groups.cfg") << "gpu: n[3-4],x9\nloop: @loop\nboth: @gpu,n1\n"
                                                    "gone: x[1-9]\nb: n4\n";
  }
  ~HostWordsTest() override { unsetenv("CLUSTER_GROUPS"); }

  std::vector<std::string> meant(const std::vector<std::string>& words) {
    HostWords reader(hosts_, &facts_);
    const auto chosen = reader.chosen(words, HostWords::Hosts(hosts_.size(), true));
    spelled_out_ = reader.spelled_out();
    std::vector<std::string> names;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (chosen[i]) names.push_back(hosts_[i].name.str());
    }
    return names;
  }

  std::string refusal(const std::string& word) {
    try {
      meant({word});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  TempDir folder_;
  std::vector<HostGroups> hosts_;
  SomeFacts facts_;
  bool spelled_out_ = false;
};

TEST_F(HostWordsTest, ListsAndOperatorsFromLeftToRight) {
  EXPECT_THAT(meant({"n2,n1"}), ElementsAre("n1", "n2"));
  EXPECT_THAT(meant({"n[1-2],n[4]"}), ElementsAre("n1", "n2", "n4"));
  EXPECT_THAT(meant({"n1, n3 n4"}), ElementsAre("n1", "n3", "n4"));
  EXPECT_THAT(meant({"n[1-4]!n2"}), ElementsAre("n1", "n3", "n4"));
  EXPECT_THAT(meant({"n[1-4],!n2"}), ElementsAre("n1", "n3", "n4"));
  EXPECT_THAT(meant({"n[1-4]!n2,n2"}), ElementsAre("n1", "n2", "n3", "n4"));
  EXPECT_THAT(meant({"n[1-3]&n[2-4]"}), ElementsAre("n2", "n3"));
  EXPECT_THAT(meant({"n1,n[3-4]", "n2", "!n3,n4"}), ElementsAre("n1", "n2"));
  EXPECT_THAT(meant({"n[1-3]^n[3-4]"}), ElementsAre("n1", "n2", "n4"));
  EXPECT_TRUE(spelled_out_);
  EXPECT_THAT(meant({"!n[1-4],n01", "!a_1"}), ElementsAre("ab1"));
  EXPECT_FALSE(spelled_out_);
  for (const auto* word :
       {",", "n1,", ",n1", "n1,,n2", "n1&", "n1!", "&n1", "", " ", "!", "n1 ! "}) {
    EXPECT_NE(refusal(word), "") << word;
  }
}

TEST_F(HostWordsTest, ANameIsNoPatternAndNoOtherPadding) {
  EXPECT_THAT(meant({"a_1"}), ElementsAre("a_1"));
  EXPECT_TRUE(spelled_out_);
  EXPECT_THAT(meant({"a__"}), ElementsAre("a_1", "ab1"));
  EXPECT_FALSE(spelled_out_);
  EXPECT_THAT(meant({"n[1-1]"}), ElementsAre("n1"));
  EXPECT_THAT(refusal("n[01-02]"), HasSubstr("'n02' is not in the inventory"));
}

TEST_F(HostWordsTest, Groups) {
  EXPECT_THAT(meant({"@b"}), ElementsAre("n1", "n2"));  // the attribute is nearer than a file
  EXPECT_FALSE(spelled_out_);
  EXPECT_THAT(meant({"@gpu"}), ElementsAre("n3", "n4"));
  EXPECT_THAT(meant({"@both!@a"}), ElementsAre("n3", "n4"));
  EXPECT_THAT(refusal("@gpus"), HasSubstr("no group '@gpus' (did you mean 'gpu'?)"));
  EXPECT_THAT(refusal("@loop"), HasSubstr("names itself"));
  EXPECT_THAT(refusal("@gone"), HasSubstr("is in the inventory"));
}

TEST_F(HostWordsTest, Conditions) {
  EXPECT_THAT(meant({"row=7"}), ElementsAre("n1"));
  EXPECT_THAT(meant({"row=[07,7]"}), ElementsAre("n1", "n2"));
  EXPECT_THAT(meant({"row=east side"}), ElementsAre("n3"));
  EXPECT_THAT(meant({"row=e*"}), ElementsAre("n3"));
  EXPECT_THAT(meant({"row=*,n4"}), ElementsAre("n1", "n2", "n3", "n4"));
  EXPECT_THAT(meant({"rack=1"}), ElementsAre("n2", "ab1"));
  EXPECT_THAT(meant({"gpu_model=a100"}), ElementsAre("n1"));
  EXPECT_THAT(meant({"free&rack=0!row=7"}), ElementsAre("n4"));
  EXPECT_FALSE(spelled_out_);
  EXPECT_EQ(refusal("failing"), "no host has a failing card");
  EXPECT_EQ(refusal("row=9"), "no host has 'row=9'");
  EXPECT_EQ(refusal("rwo=9"),
            "'rwo=9' is no key of this command, and no host has an attribute "
            "'rwo' (did you mean 'row'?)");
}

struct Note {
  const char* value;
  const char* word;
};

// What people write into an attribute, and the word that finds it.
TEST_F(HostWordsTest, FindsOddValues) {
  for (const auto& [value, word] :
       {Note{"", "note="}, Note{" lead", "note= lead"}, Note{"A B", "note=A B"},
        Note{"a=b", "note=a=b"}, Note{"\"q\"", "note=\"q\""}, Note{"ü", "note=ü"},
        Note{"two\nlines", "note=two*"}, Note{"*", "note=?"}, Note{"a,b", "note=a?b"},
        Note{"x!y&z^w", "note=x?y?z?w"}, Note{"[1-3]", "note=?1-3?"}, Note{"7.5", "note=7.5"},
        Note{"n2", "note=n2"}, Note{"free", "note=free"}, Note{"@b", "note=@b"},
        Note{"c:/x\\y", "note=c:/x\\y"}, Note{"3", "note=[1-3]"}, Note{"03", "note=[01-03]"}}) {
    facts_.notes = {{"n2", value}, {"n4", "something else"}};
    EXPECT_THAT(meant({word}), ElementsAre("n2")) << word;
  }
}

TEST_F(HostWordsTest, ComparesValuesAsTheyAre) {
  facts_.notes = {{"n2", "A"}};
  for (const auto* word : {"note=a", "note=AA", "note=", "note=??", "note=[1-3]"}) {
    EXPECT_THAT(refusal(word), HasSubstr("no host has '" + std::string(word))) << word;
  }
}

// Then it is no condition, and no name of a host either.
TEST_F(HostWordsTest, WantsTheNameOfAnAttributeBeforeASign) {
  for (const auto* word : {"=x", "a b=x", "a/b=x", "ü=x"}) EXPECT_NE(refusal(word), "") << word;
  EXPECT_THAT(refusal("Row=7"), HasSubstr("no host has an attribute 'Row' (did you mean 'row'?)"));
  EXPECT_THAT(refusal("name=n1"), HasSubstr("no host has an attribute 'name'"));
}

TEST_F(HostWordsTest, ReadsRangesAsPeopleWriteThem) {
  for (const auto* word : {"n[1-3]", "n[1,2,3]", "n[ 1-3 ]", "n[1 - 3]", "n[1-2],n3", "n[1-3/1]",
                           "n1 n2 n3", "n1 , n[2-3]", "n[3,1-2]", "n[1-4]!n4", "n?!n4"}) {
    EXPECT_THAT(meant({word}), ElementsAre("n1", "n2", "n3")) << word;
  }
  EXPECT_THAT(meant({"n[1-4/2]"}), ElementsAre("n1", "n3"));
  EXPECT_THAT(meant({"n[01]"}), ElementsAre("n01"));
  EXPECT_THAT(meant({"n[0][1]"}), ElementsAre("n01"));
  EXPECT_THAT(meant({"n[2-3]*"}), ElementsAre("n2", "n3"));
}

TEST_F(HostWordsTest, RefusesARangeThatIsNone) {
  for (const auto* word : {"n[1-3", "n1-3]", "n[]", "n[1,,3]", "n[,1]", "n[1-3,]", "n[3-1]",
                           "n[-1]", "n[1-3/0]", "n[1-3/-1]", "n[1-3/]", "n[a-c]", "n[0x1-0x3]",
                           "n[[1]]", "n[9-010]", "n[1-99999999999999999999]"}) {
    EXPECT_THAT(refusal(word), HasSubstr("not a range of hosts")) << word;
  }
}

// Other tools and the shell have these; here they would have to be guessed.
TEST_F(HostWordsTest, RefusesTheGrammarsOfOthers) {
  for (const auto* word : {"n1..n3", "n{1..3}", "/n[12]/", "n1;n2", "n1|n2", "n1:n3", "(n1)"}) {
    EXPECT_THAT(refusal(word), HasSubstr("not a host name")) << word;
  }
  EXPECT_THAT(refusal("n1-3"), HasSubstr("'n1-3' is not in the inventory"));
}

// Case counts, and only what is written means something.
TEST_F(HostWordsTest, KnowsItsWordsAsTheyAreSpelled) {
  EXPECT_THAT(meant({"rack1"}), ElementsAre("n2", "ab1"));
  EXPECT_THAT(meant({"free"}), ElementsAre("n1", "n4"));
  EXPECT_EQ(meant({"all"}).size(), hosts_.size());
  for (const auto* word : {"Rack1", "rack01", "rack", "FREE", "All", "N1"}) {
    EXPECT_THAT(refusal(word), HasSubstr("is not in the inventory")) << word;
  }
  EXPECT_EQ(refusal("rack7"), "no host is in 'rack7'");
}

// A host may be called as a word is: what it is called comes first.
TEST_F(HostWordsTest, MeansAHostOfThatNameBeforeAllElse) {
  for (const auto* name : {"rack1", "free", "all", "compute"}) {
    hosts_.push_back({HostName(name), "vm", 9, true});
  }
  for (const auto* name : {"rack1", "free", "all", "compute"}) {
    EXPECT_THAT(meant({name}), ElementsAre(name));
    EXPECT_TRUE(spelled_out_) << name;
  }
}

TEST_F(HostWordsTest, IsSpelledOutByNamesAndRangesAlone) {
  for (const auto* word : {"n1", "n[1-3]", "n1,n2", "n[1-3]!n2", "n[1-2]&n2"}) {
    meant({word});
    EXPECT_TRUE(spelled_out_) << word;
  }
  for (const auto* word : {"n*", "n_", "compute", "rack1", "all", "free", "@gpu", "row=7",
                           "n1,rack1", "n1!compute,n2"}) {
    meant({word});
    EXPECT_FALSE(spelled_out_) << word;
  }
}

TEST(ListedGroups, StandBetweenCommasBlanksAndLineEnds) {
  EXPECT_THAT(listed_groups("gpu, big\nnew\t a,,"), ElementsAre("gpu", "big", "new", "a"));
  EXPECT_THAT(listed_groups("g;h"), ElementsAre("g;h"));
  for (const auto* none : {"", " ", ",", " , \n"}) EXPECT_THAT(listed_groups(none), IsEmpty());
}

TEST(SelectingWord, IsNoNameForAHost) {
  for (const auto* word : {"all", "free", "failing", "rack0", "rack17"}) {
    EXPECT_TRUE(is_selecting_word(word)) << word;
  }
  for (const auto* word :
       {"", "n1", "rack", "rack01", "rack-1", "rackx", "Free", "all1", "arack1"}) {
    EXPECT_FALSE(is_selecting_word(word)) << word;
  }
}

TEST_F(HostWordsTest, AFileOfWords) {
  std::ofstream(folder_.path() / "list") << "n1  n[3-4]  # these\n!n4\n";
  EXPECT_THAT(meant({"^" + (folder_.path() / "list").native()}), ElementsAre("n1", "n3"));
  EXPECT_TRUE(spelled_out_);
  EXPECT_THAT(meant({"n2,^" + (folder_.path() / "list").native() + ",n4"}),
              ElementsAre("n1", "n2", "n3", "n4"));
  std::ofstream(folder_.path() / "empty") << "# none\n";
  EXPECT_THAT(refusal("^" + (folder_.path() / "empty").native()), HasSubstr("names no host"));
  std::ofstream(folder_.path() / "more") << "^/etc/hostname\n";
  EXPECT_THAT(refusal("^" + (folder_.path() / "more").native()), HasSubstr("no other list"));
  EXPECT_THAT(refusal("^/nowhere/list"), HasSubstr("no file '/nowhere/list'"));
  EXPECT_THAT(refusal("^/dev"), HasSubstr("Is a directory"));
  EXPECT_THAT(refusal("^/dev/zero"), HasSubstr("too long"));
}

TEST_F(HostWordsTest, HugeWordsAreRefused) {
  for (const auto& word :
       {std::string("n[1-999999999]"), std::string("n*[1-99999]"), std::string("@x[1-99999]"),
        std::string("row=[1-99999]"), std::string(200000, '['), std::string(200000, '@'),
        std::string(200000, '&')}) {
    EXPECT_NE(refusal(word), "") << word.substr(0, 20);
    EXPECT_LT(refusal(word).size(), 1000U);
  }
}

}  // namespace
}  // namespace cluster::frontend
