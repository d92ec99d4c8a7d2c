// Tests which commands end when nobody reads their answer any more (`| head`), and which go on.

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::Not;

class ClosedPipes : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "n1"});
    cluster({"add", "host", "vm", "v1", "n1"});
    cluster({"add", "host", "gpu", "n1", "gpupci1", "0000:01:00.0"});
    outlet = kOut;
  }

  // Of all that the command does on hosts: the descriptor that is watched while it does.
  std::vector<int> watched(const std::vector<std::string>& words) {
    transport.outlets.clear();
    run(words);
    return transport.outlets;
  }

  static constexpr int kOut = 1;
  static constexpr int kNone = -1;
};

TEST_F(ClosedPipes, EndWhatOnlyAnswers) {
  const std::vector<std::vector<std::string>> all{
      {"run", "host", "n1", "true"},
      {"run", "host", "n1", "true", "collate=yes"},
      {"run", "host", "n1", "true", "format=json"},
      {"discover", "host", "gpu"},
      {"discover", "host", "vm"},
      {"check", "host", "gpu"},
      {"check", "host", "vm"},
      {"list", "host", "agent", "status=yes"},
      {"list", "host", "gpu", "status=yes"},
      {"list", "host", "vm", "status=yes"},
      {"report", "host", "gpu", "n1", "format=topology"},
      {"report", "vm", "config", "diff=yes"},
      {"--format", "csv", "list", "host", "vm", "status=yes"},
      {"attach", "host", "gpu", "n1", "dryrun=yes"},
      {"detach", "host", "gpu", "n1", "dryrun=yes"},
      {"sync", "host", "key"},
      {"sync", "vm", "config", "dryrun=yes"},
  };
  for (const auto& words : all) {
    const auto outlets = watched(words);
    EXPECT_THAT(outlets, Not(IsEmpty())) << ::testing::PrintToString(words);
    EXPECT_THAT(outlets, Each(kOut)) << ::testing::PrintToString(words);
  }
}

TEST_F(ClosedPipes, EndNothingThatIsDoneForItsOwnSake) {
  const auto sent = (folder.path() / "file").string();
  std::ofstream(sent) << "x";
  const std::vector<std::vector<std::string>> all{
      {"run", "host", "n1", "true", "output-dir=" + (folder.path() / "answers").string()},
      {"copy", "host", sent, "n1:/x"},
      {"attach", "host", "gpu", "n1"},
      {"detach", "host", "gpu", "n1", "yes=yes"},
      {"start", "host", "vm", "v1"},
      {"stop", "host", "vm", "v1", "yes=yes"},
  };
  for (const auto& words : all) {
    const auto outlets = watched(words);
    EXPECT_THAT(outlets, Not(IsEmpty())) << ::testing::PrintToString(words);
    EXPECT_THAT(outlets, Each(kNone)) << ::testing::PrintToString(words);
  }
}

// The plan was printed before anything changes.
TEST_F(ClosedPipes, EndTheQuestionsBeforeAChange) {
  auto outlets = watched({"sync", "vm", "config"});
  ASSERT_GE(outlets.size(), 2U);
  EXPECT_EQ(outlets.back(), kNone) << "here it is defined";
  outlets.pop_back();
  EXPECT_THAT(outlets, Each(kOut));
}

}  // namespace
}  // namespace cluster
