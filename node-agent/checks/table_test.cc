#include <gmock/gmock.h>

#include <set>

#include "core/file.h"
#include "node-agent/checks/known_troubles.h"
#include "tests/support/fake_proc.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(CheckTable, HasEachIdOnceWithATitle) {
  std::set<std::string_view> ids;
  const auto see = [&](std::string_view id, std::string_view title) {
    EXPECT_TRUE(ids.insert(id).second) << id;
    EXPECT_FALSE(title.empty()) << id;
    EXPECT_THAT(checks_markdown(),
                HasSubstr("| " + std::string(id) + " | " + std::string(title) + " | "));
  };
  for (const auto& one : host_checks()) see(one.id, one.title);
  for (const auto& one : card_checks()) see(one.id, one.title);
  for (const auto& one : slice_checks()) see(one.id, one.title);
}

// The order does not depend on the file of a check: first the checks of the host, then those of
// devices, by number, then those of VMs.
TEST(CheckTable, IsInTheOrderOfTheIds) {
  std::vector<std::string_view> ids;
  for (const auto& one : card_checks()) ids.push_back(one.id);
  ASSERT_GT(ids.size(), 12U);
  EXPECT_THAT(std::vector(ids.begin(), ids.begin() + 4), ElementsAre("H5", "H6", "D1", "D2"));
  EXPECT_LT(std::ranges::find(ids, "D9"), std::ranges::find(ids, "D10"));
  EXPECT_EQ(ids.back(), "V1");
}

TEST(CheckAnswers, SayWhatCanBeDone) {
  EXPECT_EQ(passed("on").verdict, Verdict::pass);
  EXPECT_EQ(message(warned("a", "b").reason), "a; b");
  EXPECT_EQ(failed("a", "b").verdict, Verdict::fail);
  EXPECT_EQ(unknown("a", "b").verdict, Verdict::unknown);
  EXPECT_EQ(unknown_to_others("a").verdict, Verdict::unknown);
  EXPECT_EQ(way_out(unknown_to_others("a").reason), "run gpupci as root");
}

TEST(CheckAnswers, OfAGuardAreItsFirstReasonAndHowManyMore) {
  EXPECT_EQ(message(answer({}, "fine").reason), "fine");
  EXPECT_EQ(answer({}, "fine").verdict, Verdict::pass);
  const auto two = answer({{.what = "a", .fix = "b"}, {.what = "c"}}, "fine");
  EXPECT_EQ(two.verdict, Verdict::fail);
  EXPECT_EQ(message(two.reason), "a (and 1 more); b");
  EXPECT_EQ(answer({{.what = "a", .needs_root = true}}, "fine").verdict, Verdict::unknown)
      << "only root could have seen it";
}

// A mount may have any name: the words of the name stay in the reason.
TEST(CheckAnswers, KeepTheFixApartFromNames) {
  const std::vector<CheckResult> results{
      {"D6", "gpupci1",
       failed("/dev/nvme0n1 is mounted on " + quoted_name("/x; rm -rf /"),
              "umount '/x; rm -rf /'")}};
  EXPECT_THAT(checks_json(results),
              HasSubstr(R"("reason":"/dev/nvme0n1 is mounted on '/x; rm -rf /'","fix":"umount )"));
}

TEST(ConcernsSlices, OfACardThatCanBeCut) {
  FakeSysfs fake;
  fake.add_card("0000:02:00", 1, 13);
  Environment environment;
  environment.proc = fake.root() / "proc";
  environment.keep_state_in(fake.root());
  const auto sysfs = fake.sysfs();
  const Settings settings;
  const auto cards = find_cards(sysfs, settings);
  const CheckInput input{guard_input(environment, sysfs, settings), {}, true};
  const auto ids = [&] {
    std::string found;
    for (const auto& one : run_checks(cards, input, KnownTroubles(fake.root() / "known.yaml"))) {
      if (one.id.starts_with('G')) found += std::string(one.id) + " ";
    }
    return found;
  };
  EXPECT_FALSE(concerns_slices(Subject(cards.front(), cards, input)));
  EXPECT_EQ(ids(), "");
  const auto device = sysfs.device_path(cards.front().pci());
  replace_file(device / "sriov_totalvfs", "4\n");
  replace_file(device / "sriov_numvfs", "0\n");
  EXPECT_TRUE(concerns_slices(Subject(cards.front(), cards, input)));
  EXPECT_EQ(ids(), "G1 G2 G5 G7 ");
  std::filesystem::remove(device / "sriov_totalvfs");
  replace_file(environment.slices, "no record");
  EXPECT_EQ(ids(), "G1 G2 G5 G7 ") << "they say that the record cannot be read";
}

}  // namespace
}  // namespace cluster::agent
