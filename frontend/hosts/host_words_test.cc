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
    return {};
  }
  std::vector<std::string> attribute_names() override { return {"groups", "row"}; }
  std::set<std::string> with_free_card() override { return {"n1", "n4"}; }
  std::set<std::string> with_failing_card() override { return {}; }
  std::multimap<std::string, std::string> card_models() override {
    return {{"n1", "GA100 [A100 PCIe] 10de:20f1"}, {"n4", "TU104GL [Tesla T4] 10de:1eb8"}};
  }
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
