#include "node-agent/state/wedged.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"

namespace cluster::agent {
namespace {

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
  EXPECT_THAT(sentence(*wedge), StartsWith("wedged since 20"));
  EXPECT_THAT(sentence(*wedge), HasSubstr("(no end of: echo 1 > unbind "));
  EXPECT_FALSE(WedgedCards(file_, "first").find({0, 3, 0, 0}));
  EXPECT_FALSE(WedgedCards(file_, "second").find(kCard));
}

TEST_F(Wedged, IsNothingWithoutAFile) { EXPECT_FALSE(WedgedCards(file_, "first").find(kCard)); }

TEST_F(Wedged, IsAnErrorWhenTheFileIsNoRecord) {
  replace_file(file_, "{}");
  EXPECT_THROW(WedgedCards(file_, "first"), Error);
}

}  // namespace
}  // namespace cluster::agent
