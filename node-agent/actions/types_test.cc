#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/called_gpupci.h"
#include "tests/support/fake_slices.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Types : public CalledGpupci {
 protected:
  Types() {
    fake_.add_card("0000:02:00", 1, 13).add_card("0000:03:00", 1, 14);
    slices_.offer_mdev("0000:02:00.0", "nvidia-63", "GRID P40-1Q", 24);
    slices_.offer_mdev("0000:03:00.0", "nvidia-64", "GRID P40-2Q", 12);
  }

  FakeSlices slices_{fake_};
};

TEST_F(Types, AreThoseOfAllParentsOrOfOne) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"--types"}, {"--types", "all"}}) {
    const auto all = gpupci(words);
    EXPECT_THAT(all, HasSubstr("GRID P40-1Q"));
    EXPECT_THAT(all, HasSubstr("GRID P40-2Q"));
    EXPECT_EQ(status_, 0);
  }
  const auto one = gpupci({"--types", "gpupci2"});
  EXPECT_THAT(one, HasSubstr("GRID P40-2Q"));
  EXPECT_THAT(one, Not(HasSubstr("GRID P40-1Q")));
  EXPECT_THAT(gpupci({"--types", "gpupci2", "--json"}), HasSubstr(R"("pci":"pci_0000_03_00_0")"));
}

TEST_F(Types, AreNoneOfACardThatIsNoParent) {
  fake_.add_card("0000:04:00", 1, 15);
  for (const auto* name : {"gpupci3", "gpupci9"}) {
    EXPECT_THAT(gpupci({"--types", name}), IsEmpty());
    EXPECT_EQ(status_, 1);
    EXPECT_THAT(err_, HasSubstr(name));
    EXPECT_EQ(std::ranges::count(err_, '\n'), 1) << err_;
  }
}

}  // namespace
}  // namespace cluster::agent
