#include "node-agent/cards/slices.h"

#include <gmock/gmock.h>

#include "core/file.h"
#include "tests/support/fake_slices.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Slices : public ::testing::Test {
 protected:
  Slices() {
    fake_.add({"0000:01:00.0", "0302", "10de:26b9", "nvidia", 13});
    fake_.add({"0000:02:00.0", "0302", "10de:26b9", "nvidia", 14});
    fake_.add({"0000:02:00.1", "0403", "10de:22ba", "snd_hda_intel", 14});
  }

  std::vector<Card> cards() const { return find_cards(fake_.sysfs(), Settings{}); }
  void make(const std::string& pci, int count) {
    kernel_.write(fake_.sysfs().device_path(PciAddress::parse(pci)) / "sriov_numvfs",
                  std::to_string(count));
  }
  std::vector<std::string> labels() const {
    auto all = cards();
    add_slices(all, fake_.sysfs());
    std::vector<std::string> names;
    for (const auto& card : all) names.push_back(card.label() + " " + card.pci().sysfs());
    return names;
  }

  FakeSysfs fake_;
  FakeSlices kernel_{fake_};
};

TEST_F(Slices, AreNoneOfACardWithoutSriov) {
  EXPECT_FALSE(read_sriov(cards().front(), fake_.sysfs()));
  EXPECT_THAT(slices_of(cards().front(), fake_.sysfs()), IsEmpty());
}

TEST_F(Slices, AreCountedByTheKernel) {
  kernel_.add_sriov("0000:01:00.0", 4);
  auto sriov = read_sriov(cards().front(), fake_.sysfs());
  ASSERT_TRUE(sriov);
  EXPECT_EQ(sriov->pci, (PciAddress{0, 1, 0, 0}));
  EXPECT_EQ(sriov->total, 4);
  EXPECT_EQ(sriov->vfs, 0);
  make("0000:01:00.0", 3);
  sriov = read_sriov(cards().front(), fake_.sysfs());
  EXPECT_EQ(sriov->total, 4);
  EXPECT_EQ(sriov->vfs, 3);
}

TEST_F(Slices, AreThoseOfTheFirstFunctionThatCanHaveSome) {
  kernel_.add_sriov("0000:02:00.0", 0);
  kernel_.add_sriov("0000:02:00.1", 7);
  const auto sriov = read_sriov(cards().back(), fake_.sysfs());
  ASSERT_TRUE(sriov);
  EXPECT_EQ(sriov->pci, (PciAddress{0, 2, 0, 1}));
  EXPECT_EQ(sriov->total, 7);
}

TEST_F(Slices, HaveTheNameOfTheirCardAndANumber) {
  kernel_.add_sriov("0000:01:00.0", 4);
  make("0000:01:00.0", 2);
  EXPECT_THAT(labels(), ElementsAre("gpupci1 0000:01:00.0", "gpupci1.0 0000:01:00.1",
                                    "gpupci1.1 0000:01:00.2", "gpupci2 0000:02:00.0"));
  const auto slices = slices_of(cards().front(), fake_.sysfs());
  ASSERT_EQ(slices.size(), 2U);
  EXPECT_EQ(slices[1].slice, 1);
  EXPECT_EQ(slices[1].functions.size(), 1U);
  EXPECT_EQ(slices[1].functions.front().iommu_group, 101);
}

TEST_F(Slices, AreThereButForThoseThatWereRemovedOneByOne) {
  kernel_.add_sriov("0000:01:00.0", 4);
  make("0000:01:00.0", 3);
  std::filesystem::remove_all(fake_.sysfs().device_path({0, 1, 0, 2}));
  EXPECT_THAT(labels(), ElementsAre("gpupci1 0000:01:00.0", "gpupci1.0 0000:01:00.1",
                                    "gpupci1.2 0000:01:00.3", "gpupci2 0000:02:00.0"));
}

TEST_F(Slices, AreInTheOrderOfTheirNumbersNotOfTheirNames) {
  kernel_.add_sriov("0000:01:00.0", 12);
  make("0000:01:00.0", 12);
  const auto slices = slices_of(cards().front(), fake_.sysfs());
  ASSERT_EQ(slices.size(), 12U);
  for (std::size_t i = 0; i < slices.size(); ++i) {
    EXPECT_EQ(slices[i].slice, static_cast<int>(i));  // virtfn10 comes after virtfn9
  }
}

TEST_F(Slices, ThatGoMeanwhileAreLeftOut) {
  kernel_.add_sriov("0000:01:00.0", 4);
  make("0000:01:00.0", 2);
  std::filesystem::remove(fake_.sysfs().device_path({0, 1, 0, 0}) / "virtfn0");
  EXPECT_THAT(labels(), ElementsAre("gpupci1 0000:01:00.0", "gpupci1.1 0000:01:00.2",
                                    "gpupci2 0000:02:00.0"));
}

}  // namespace
}  // namespace cluster::agent
