// Attributes that rolls bring.

#include <fstream>

#include "tests/support/json_shape.h"
#include "tests/support/roll_story.h"

namespace cluster {
namespace {

class RollAttr : public RollStory {
 protected:
  void SetUp() override {
    const auto demo = laid_out();
    replace(demo / "roll.yaml", "attributes:\n",
            "attributes:\n"
            "  demo_mode: {default: quiet, values: [quiet, loud], help: how it speaks}\n");
    cluster({"add", "roll", demo.native()});
    cluster({"add", "host", "n1"});
    cluster({"add", "host", "c1", "appliance=compute"});
  }
};

TEST_F(RollAttr, DefaultsCountWhereTheRollDoes) {
  EXPECT_EQ(cluster({"report", "host", "attr", "n1"}), "");
  cluster({"set", "attr", "demo_mode", "loud"});
  cluster({"enable", "roll", "demo"});
  EXPECT_EQ(cluster({"report", "host", "attr", "n1"}),
            "demo_greeting:Hello\troll demo\ndemo_mode:loud\tglobal\n");
  EXPECT_EQ(cluster({"report", "host", "attr", "n1", "attr=demo_greeting"}), "Hello\n");
  EXPECT_EQ(cluster({"report", "appliance", "attr", "vm-container", "attr=demo_greeting"}),
            "Hello\n");
  EXPECT_EQ(cluster({"list", "host", "attr"}),
            "HOST ATTR          VALUE SOURCE\n"
            "c1:  demo_mode     loud  G\n"
            "n1:  demo_greeting Hello R\n"
            "n1:  demo_mode     loud  G\n");
  EXPECT_EQ(cluster({"report", "attr"}), "demo_mode:loud\n");
  EXPECT_EQ(cluster({"dump", "attr"}), "cluster add attr demo_mode value=loud\n");
}

TEST_F(RollAttr, AreListedWithTheirHelp) {
  const std::string head = "roll,version,attr,values,default,help\n";
  const std::string rows =
      "demo,0.1.0,demo_mode,\"quiet, loud\",quiet,how it speaks\n"
      "demo,0.1.0,demo_greeting,,Hello,how to begin\n";
  EXPECT_EQ(cluster({"list", "roll", "attr", "format=csv"}), head);
  EXPECT_EQ(cluster({"list", "roll", "attr", "demo", "format=csv"}), head + rows);
  expect_shape(cluster({"list", "roll", "attr", "demo", "format=json"}), "roll_attr");
  expect_shape(cluster({"list", "roll", "format=json"}), "roll");
  cluster({"enable", "roll", "demo"});
  EXPECT_EQ(cluster({"list", "roll", "attr", "format=csv"}), head + rows);
}

TEST_F(RollAttr, WhatIsNoneIsRefused) {
  cluster({"set", "attr", "demo_mod", "loud"}, 2,
          "no attribute of roll 'demo' is called 'demo_mod' (did you mean 'demo_mode'?) (`cluster "
          "list roll attr demo`)");
  cluster({"add", "host", "attr", "n1", "demo_mode", "hush"}, 2,
          "demo_mode='hush': want quiet, loud");
  cluster({"set", "appliance", "attr", "vm-container", "demo_greeting", "a\nb"}, 2,
          "demo_greeting='a\\x0ab': want a single line");
  cluster({"set", "attr", "demonstration", "any"});
  EXPECT_EQ(cluster({"dump", "attr"}), "cluster add attr demonstration value=any\n");
}

TEST_F(RollAttr, WhatWasSetBeforeIsRefusedWhereItIsUsed) {
  cluster({"remove", "roll", "demo"});
  cluster({"set", "attr", "demo_mode", "hush"});
  cluster({"add", "roll", (folder.path() / "demo").native()});
  cluster({"enable", "roll", "demo"});
  cluster({"run", "roll", "demo", "host=n1"}, 1,
          "attribute demo_mode='hush': want quiet, loud (`cluster list host attr n1`)");
}

TEST_F(RollAttr, OfAChangedRollTheyAreStillKnown) {
  cluster({"enable", "roll", "demo"});
  std::ofstream(stored("demo-0.1.0/files/greeting"), std::ios::app) << "more\n";
  cluster({"set", "attr", "demo_mood", "loud"}, 2,
          "no attribute of roll 'demo' is called 'demo_mood' (did you mean 'demo_mode'?) (`cluster "
          "list roll attr demo`)");
  fs::remove_all(stored("demo-0.1.0"));
  cluster({"set", "attr", "demo_mood", "loud"});
  EXPECT_EQ(cluster({"report", "host", "attr", "n1"}), "demo_mood:loud\tglobal\n");
}

}  // namespace
}  // namespace cluster
