#include "tests/support/story.h"

namespace cluster {
namespace {

class ExpandHost : public Story {
 protected:
  ExpandHost() {
    for (const auto* name : {"n001", "n002", "n003", "n010", "n1", "login"}) {
      cluster({"add", "host", name, std::string(name) == "login" ? "appliance=compute" : "rack=1"});
    }
    cluster({"add", "host", "vm", "v1", "n1"});
    cluster({"set", "host", "attr", "n[001-002]", "row", "east side"});
    cluster({"set", "appliance", "attr", "compute", "groups", "front,all-day"});
  }
};

TEST_F(ExpandHost, PrintsTheNamesThatWordsMean) {
  EXPECT_EQ(cluster({"expand", "host", "n[001-003],n[010]"}), "n001\nn002\nn003\nn010\n");
  EXPECT_EQ(cluster({"expand", "host", "n[001-003/2]"}), "n001\nn003\n");
  EXPECT_EQ(cluster({"expand", "host", "rack1!n1", "fold=yes"}), "n[001-003,010]\n");
  EXPECT_EQ(cluster({"expand", "host", "n[001-003,010]", "count=yes"}), "4\n");
  EXPECT_EQ(cluster({"expand", "host", "@front"}), "login\n");
  EXPECT_EQ(cluster({"expand", "host", "fold=yes"}), "login,n[1,001-003,010],v1\n");
  EXPECT_EQ(cluster({"expand", "host", "all", "count=yes"}), "7\n");
}

// A VM has the attributes of its container, as `list host attr` shows.
TEST_F(ExpandHost, ConditionsLookAtTheValueThatCounts) {
  EXPECT_EQ(cluster({"expand", "host", "row=east side"}), "n001\nn002\n");
  cluster({"set", "host", "attr", "n1", "row", "west"});
  EXPECT_EQ(cluster({"expand", "host", "row=west"}), "n1\nv1\n");
  EXPECT_EQ(cluster({"expand", "host", "row=*&appliance=vm"}), "v1\n");
  cluster({"expand", "host", "rwo=west"}, 2,
          "'rwo=west' is no key of this command, and no host has an attribute 'rwo' (did you mean "
          "'row'?)");
  cluster({"expand", "host", "row=north"}, 1, "no host has 'row=north'");
}

TEST_F(ExpandHost, CardConditions) {
  cluster({"expand", "host", "free"}, 1, "no host has a free card");
  cluster({"add", "host", "gpu", "n001", "gpupci1", "0000:02:00.0"});
  cluster({"add", "host", "gpu", "n1", "gpupci1", "0000:02:00.0"});
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1"});
  EXPECT_EQ(cluster({"expand", "host", "free"}), "n001\n");
  cluster({"expand", "host", "failing"}, 1, "no host has a failing card");
}

// To a list of cards, `free` and `failing` are conditions on the card itself.
TEST_F(ExpandHost, OfAListOfCardsConditionsMeanTheCards) {
  const auto cards = [this](std::vector<std::string> words) {
    words.insert(words.begin(), {"list", "host", "gpu"});
    words.insert(words.end(), {"columns=host,gpu", "format=csv"});
    return cluster(words);
  };
  const std::string header = "host,gpu\n";
  for (const auto* host : {"n001", "n1"}) {
    cluster({"add", "host", "gpu", host, "gpupci1", "0000:02:00.0"});
    cluster({"add", "host", "gpu", host, "gpupci2", "0000:03:00.0"});
  }
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1"});
  const std::string free = header + "n001,gpupci1\nn001,gpupci2\nn1,gpupci2\n";
  EXPECT_EQ(cards({"free"}), free);
  EXPECT_EQ(cards({"free", "detail=yes"}), free);
  EXPECT_EQ(cards({"n1&free"}), header + "n1,gpupci2\n");
  EXPECT_EQ(cards({"n1!free"}), header + "n1,gpupci1\n");
  EXPECT_EQ(cards({"n1", "!free", "detail=yes"}), header + "n1,gpupci1\n");
  EXPECT_EQ(cards({"n1", "free"}), header + "n001,gpupci1\nn001,gpupci2\nn1,gpupci1\nn1,gpupci2\n");
  EXPECT_EQ(cards({"v1"}), header + "v1,gpupci\n");
  EXPECT_EQ(cluster({"list", "host", "free", "columns=host", "format=csv"}), "host\nn001\nn1\n");
  cluster({"list", "host", "gpu", "n1&failing"}, 1, "no host has a failing card");
}

TEST_F(ExpandHost, TheSameWordsGoEverywhere) {
  EXPECT_EQ(cluster({"list", "host", "vm", "rack1&n1", "format=csv"}).substr(0, 5), "vm,ho");
  cluster({"set", "host", "n001,n002", "cpus=4"});
  EXPECT_EQ(cluster({"list", "host", "@front,n001!n001", "format=csv"}),
            "host,appliance,rack,rank,cpus,address,port,user,sudo,maintenance\n"
            "login,compute,,,,,,,,\n");
}

}  // namespace
}  // namespace cluster
