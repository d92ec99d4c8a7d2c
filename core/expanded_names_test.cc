#include "core/expanded_names.h"

#include <gmock/gmock.h>

#include <random>
#include <set>

#include "core/error.h"
#include "core/folded_names.h"
#include "core/text.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;

TEST(ExpandedNames, AWordWithoutBracketsIsItself) {
  EXPECT_THAT(expanded_names("n1"), ElementsAre("n1"));
  EXPECT_THAT(expanded_names(""), ElementsAre(""));
}

TEST(ExpandedNames, RangesStepsListsAndWidths) {
  EXPECT_THAT(expanded_names("n[0-2,07]"), ElementsAre("n0", "n1", "n2", "n07"));
  EXPECT_THAT(expanded_names("n[1-9/4]"), ElementsAre("n1", "n5", "n9"));
  EXPECT_THAT(expanded_names("n[1-3/7]"), ElementsAre("n1"));
  EXPECT_THAT(expanded_names("n[098-101/3]-ib"), ElementsAre("n098-ib", "n101-ib"));
  EXPECT_THAT(expanded_names("n[98-100]"), ElementsAre("n98", "n99", "n100"));
  EXPECT_THAT(expanded_names("n[ 1-2 , 5 ]"), ElementsAre("n1", "n2", "n5"));
  EXPECT_THAT(expanded_names("n[1 - 5 / 2]"), ElementsAre("n1", "n3", "n5"));
  EXPECT_THAT(expanded_names("[1-2]"), ElementsAre("1", "2"));
}

TEST(ExpandedNames, SeveralBracketsMultiply) {
  EXPECT_THAT(expanded_names("r[1-2]n[0-1,20]"),
              ElementsAre("r1n0", "r1n1", "r1n20", "r2n0", "r2n1", "r2n20"));
  EXPECT_THAT(expanded_names("n[1-2][0-1]x"), ElementsAre("n10x", "n11x", "n20x", "n21x"));
}

TEST(ExpandedNames, RefuseWhatIsNoRange) {
  for (const auto* word : {"n[",
                           "n]",
                           "n[]",
                           "n[,]",
                           "n[1,]",
                           "n[a]",
                           "n[3-1]",
                           "n[-1]",
                           "n[1-]",
                           "n[1-2-3]",
                           "n[1/2]",
                           "n[1-3/0]",
                           "n[1-3/-1]",
                           "n[1-3/]",
                           "n[9-010]",
                           "n[[1]]",
                           "n[1]]",
                           "n[+1]",
                           "n[1 2]",
                           "n[1-99999999999999999999]",
                           "n[0-9223372036854775807]"}) {
    EXPECT_THROW(expanded_names(word), Error) << word;
  }
}

TEST(ExpandedNames, HugeWordsAreRefusedBeforeTheyFillTheMemory) {
  EXPECT_EQ(expanded_names("n[1-100000]").size(), 100000U);
  EXPECT_THROW(expanded_names("n[1-100001]"), Error);
  EXPECT_THROW(expanded_names("n[1-50000,1-50001]"), Error);
  EXPECT_THROW(expanded_names("n[1-999][1-999]"), Error);
  EXPECT_THROW(expanded_names("[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]"), Error);
  std::string many;
  for (int i = 0; i < 30000; ++i) many += "[0]";
  EXPECT_THROW(expanded_names(many), Error);
  const std::string wide(100000, 'a');
  EXPECT_THROW(expanded_names("[0-9][0-9][0-9][0-9][0-9]" + wide), Error);
  EXPECT_THROW(
      expanded_names("n[" + std::string(100000, '0') + "-" + std::string(99999, '0') + "9]"),
      Error);
}

// Whatever is folded means the same names again.
TEST(ExpandedNames, ReadBackWhatIsFolded) {
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    std::set<std::string> names;
    for (auto count = random() % 20 + 1; count > 0; --count) {
      std::string name = random() % 4 == 0 ? "vm-" : random() % 4 == 0 ? "" : "n_";
      for (auto parts = random() % 3 + 1; parts > 0; --parts) {
        name += std::string(random() % 3, '0') + std::to_string(random() % 13);
        if (parts > 1 || random() % 4 == 0) name += random() % 2 == 0 ? "-x" : ".";
      }
      names.insert(name);
    }
    const auto folded = folded_names({names.begin(), names.end()});
    std::set<std::string> read;
    for (const auto word : split(folded, ' ')) {
      for (auto& name : expanded_names(word)) {
        EXPECT_TRUE(read.insert(std::move(name)).second) << folded;
      }
    }
    EXPECT_EQ(read, names) << folded;
  }
}

}  // namespace
}  // namespace cluster
