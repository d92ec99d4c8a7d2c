#include "node-agent/state/wedged.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const PciAddress kCard{0, 2, 0, 0};

class Wedged : public ::testing::Test {
 protected:
  ~Wedged() override { std::filesystem::remove(file_); }

  std::filesystem::path file_ = std::filesystem::temp_directory_path() /
                                ("rollcall-wedged-" + std::to_string(::getpid()) + ".json");
};

TEST_F(Wedged, IsWhatWasMarkedUntilTheNextBoot) {
  WedgedCards(file_, "first").mark(kCard, "echo 1 > unbind \xff");
  const auto wedge = WedgedCards(file_, "first").find(kCard);
  ASSERT_TRUE(wedge);
  EXPECT_THAT(wedge->since, HasSubstr("T"));
  EXPECT_THAT(message(reason(*wedge)), StartsWith("wedged since 20"));
  EXPECT_THAT(message(reason(*wedge)), HasSubstr("(no end of: echo 1 > unbind "));
  EXPECT_THAT(message(reason(*wedge)), EndsWith("); reboot the host"));
  EXPECT_FALSE(WedgedCards(file_, "first").find({0, 3, 0, 0}));
  EXPECT_FALSE(WedgedCards(file_, "second").find(kCard));
}

TEST_F(Wedged, IsReadBackForEachCard) {
  std::vector<PciAddress> cards;
  for (unsigned i = 0; i < 20; ++i) {
    cards.push_back({i % 3 * 0x10000, static_cast<std::uint8_t>(i * 12),
                     static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i % 8)});
    WedgedCards(file_, "first").mark(cards.back(), "echo \"" + std::to_string(i) + "\" > 'x'\n");
    const WedgedCards read(file_, "first");
    for (unsigned k = 0; k < cards.size(); ++k) {
      ASSERT_TRUE(read.find(cards[k]));
      EXPECT_EQ(read.find(cards[k])->step, "echo \"" + std::to_string(k) + "\" > 'x'\n");
    }
    EXPECT_TRUE(read.any());
  }
}

TEST_F(Wedged, RefusesTheCardAndNoOther) {
  WedgedCards(file_, "first").mark(kCard, "echo");
  const WedgedCards wedged(file_, "first");
  wedged.refuse({0, 3, 0, 0});
  try {
    wedged.refuse(kCard);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::refused);
    EXPECT_THAT(error.what(), StartsWith("wedged since "));
  }
}

// The kernel keeps a device locked while a driver lets go of it, and our process waits for that.
TEST_F(Wedged, IsSoUntilTheKernelHasFinished) {
  FakeSysfs fake;
  fake.add_card("0000:02:00", 2, 13);
  const auto proc = fake.root() / "proc";
  const auto is_wedged = [&] {
    WedgedCards wedged(file_, "first");
    wedged.look_again(fake.sysfs(), proc);
    wedged.store();
    return wedged.find(kCard).has_value();
  };
  WedgedCards(file_, "first").mark(kCard, "echo", 812);
  replace_file(proc / "812/comm", "gpupci-worker\n");
  EXPECT_TRUE(is_wedged());
  replace_file(proc / "812/comm", "another\n");  // the number has gone to another process
  fake.lock({0, 2, 0, 1});
  EXPECT_TRUE(is_wedged());
  fake.unlock({0, 2, 0, 1});
  EXPECT_FALSE(is_wedged());
  EXPECT_FALSE(WedgedCards(file_, "first").find(kCard)) << "that is written";
}

TEST_F(Wedged, IsNothingWithoutAFile) { EXPECT_FALSE(WedgedCards(file_, "first").find(kCard)); }

TEST_F(Wedged, IsAnErrorWhenTheFileIsNoRecord) {
  replace_file(file_, "{}");
  EXPECT_THROW(WedgedCards(file_, "first"), Error);
}

}  // namespace
}  // namespace cluster::agent
