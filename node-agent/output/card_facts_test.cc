#include "node-agent/output/card_facts.h"

#include <gtest/gtest.h>

#include "tests/support/fake_slices.h"

namespace cluster::agent {
namespace {

class CardFactsOfAHost : public ::testing::Test {
 protected:
  CardFactsOfAHost() {
    environment_.sysfs = fake_.root();
    environment_.proc = fake_.root() / "proc";
    environment_.keep_state_in(fake_.root());
    fake_.add_card("0000:01:00", 2, 13);
    fake_.add({"0000:02:00.0", "0302", "10de:26b9", "nvidia", 14});
  }

  std::vector<CardFacts> facts() const {
    return card_facts(environment_, fake_.sysfs(), find_cards(fake_.sysfs(), Settings{}));
  }

  FakeSysfs fake_;
  Environment environment_;
};

TEST_F(CardFactsOfAHost, AreGatheredForEachCardInItsOrder) {
  const auto all = facts();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].card.label(), "gpupci1");
  EXPECT_EQ(all[0].identity.functions.size(), 2U);
  EXPECT_EQ(all[1].card.label(), "gpupci2");
  EXPECT_EQ(all[1].identity.functions.size(), 1U);
  EXPECT_FALSE(all[1].wedge);
  EXPECT_FALSE(all[1].sriov);
}

TEST_F(CardFactsOfAHost, SayWhichCardIsWedgedInThisBoot) {
  replace_file(environment_.proc / "sys/kernel/random/boot_id", "first\n");
  WedgedCards(environment_.wedged, "first").mark({0, 2, 0, 0}, "echo");
  fake_.lock({0, 2, 0, 0});
  auto all = facts();
  EXPECT_FALSE(all[0].wedge);
  ASSERT_TRUE(all[1].wedge);
  EXPECT_EQ(all[1].wedge->step, "echo");
  replace_file(environment_.proc / "sys/kernel/random/boot_id", "second\n");
  EXPECT_FALSE(facts()[1].wedge);
}

TEST_F(CardFactsOfAHost, HaveTheSlicesOfACard) {
  FakeSlices kernel(fake_);
  kernel.add_sriov("0000:02:00.0", 4);
  kernel.write(fake_.sysfs().device_path({0, 2, 0, 0}) / "sriov_numvfs", "2");
  const auto all = facts();
  ASSERT_TRUE(all[1].sriov);
  EXPECT_EQ(all[1].sriov->vfs, 2);
  ASSERT_EQ(all[1].slices.size(), 2U);
  EXPECT_EQ(all[1].slices[1].label(), "gpupci2.1");
}

TEST_F(CardFactsOfAHost, HaveWhatTheDriversOfTheHostTell) {
  replace_file(environment_.proc / "driver/nvidia/gpus/0000:02:00.0/information",
               "Model: \t\t NVIDIA L40S\nGPU UUID: \t GPU-6ab2\n");
  EXPECT_EQ(facts()[1].identity.serial.uuid, "GPU-6ab2");
  EXPECT_EQ(facts()[0].identity.serial.uuid, std::nullopt);
}

}  // namespace
}  // namespace cluster::agent
