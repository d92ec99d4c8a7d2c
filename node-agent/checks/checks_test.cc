#include "node-agent/checks/checks.h"

#include "tests/support/checked_host.h"

namespace cluster::agent {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Checks : public CheckedHost {};

// The card has only the files that make it a card, and /proc has only the first process.
TEST_F(Checks, PassNothingThatRestsOnAMissingFile) {
  for (const auto* function : {"0000:02:00.0", "0000:02:00.1"}) {
    std::filesystem::remove(fake_.root() / "bus/pci/devices" / function / "driver_override");
  }
  std::filesystem::remove(proc_.root() / "cpuinfo");
  // A link, a module, a disk or a slice without a file does not exist, so these checks pass.
  EXPECT_EQ(ids(Verdict::pass), "H9 H5 D3 D4 D5 D10 D22 D23 D24 V1");
  EXPECT_EQ(ids(Verdict::fail), "H2 H7");
  EXPECT_EQ(ids(Verdict::warn), "H8 D14");
  EXPECT_EQ(ids(Verdict::unknown),
            "H1 H3 H4 H6 D1 D2 D6 D7 D8 D9 D11 D12 D13 D15 D16 D17 D18 D19 D20 D21");
  std::filesystem::remove_all(fake_.root() / "bus/pci/devices/0000:02:00.0/iommu_group");
  EXPECT_EQ(ids(Verdict::pass), "H9 D3 D5 D10 D22 D23 D24 V1");
}

TEST_F(Checks, AreNeverPassedWhenTheProbeFails) {
  set_host("module/vfio/parameters/enable_unsafe_noiommu_mode/x", "");  // a folder cannot be read
  EXPECT_THAT(check("H3"), StartsWith("UNKNOWN cannot read "));
  EXPECT_THAT(check("H3"), EndsWith("; dmesg may tell more"));
  EXPECT_THAT(check("H3"), Not(HasSubstr("as root")));
  as_root_ = false;
  EXPECT_THAT(check("H3"), EndsWith("; run gpupci as root; dmesg may tell more"));
}

TEST(CheckResults, TellTheWorstAndItsExitStatus) {
  const std::string card = "gpupci1";
  std::vector<CheckResult> results{{"H2", {}, passed("on")}};
  EXPECT_EQ(exit_status(worst(results)), 0);
  results.push_back({"D7", card, warned("boot", "move")});
  EXPECT_EQ(exit_status(worst(results)), 1);
  results.push_back({"D9", card, unknown("no", "")});
  EXPECT_EQ(exit_status(worst(results)), 3);
  results.push_back({"D1", card, failed("dead", "")});
  EXPECT_EQ(exit_status(worst(results)), 2);
  EXPECT_EQ(checks_table(results),
            "ID   CARD     RESULT   REASON\n"
            "H2   -        PASS     on\n"
            "D7   gpupci1  WARN     boot; move\n"
            "D9   gpupci1  UNKNOWN  no\n"
            "D1   gpupci1  FAIL     dead\n");
  EXPECT_THAT(
      checks_json(results),
      HasSubstr(R"({"id":"D7","card":"gpupci1","result":"WARN","reason":"boot","fix":"move"})"));
  EXPECT_THAT(checks_json(results),
              HasSubstr(R"({"id":"H2","card":null,"result":"PASS","reason":"on","fix":null})"));
}

TEST(CheckAnswers, NameTheVmsWhereNothingElseIsInTheWay) {
  const Reason one{.what = "VM 'a b' runs with it", .vm = "a b"};
  const Reason two{.what = "VM 'c' runs with it", .vm = "c"};
  const Reason program{.what = "process 812 has it open"};
  using Names = std::vector<std::string>;
  EXPECT_EQ(answer({one, two}, "").vms, (Names{"a b", "c"}));
  EXPECT_EQ(answer({one, program}, "").vms, Names());
  EXPECT_EQ(answer({}, "nobody").vms, Names());
  EXPECT_THAT(checks_json({{"V1", "gpupci1", answer({one, two}, "")}}),
              HasSubstr(R"x("reason":"VM 'a b' runs with it (and 1 more)","fix":null,)x"
                        R"x("vms":["a b","c"]})x"));
}

}  // namespace
}  // namespace cluster::agent
