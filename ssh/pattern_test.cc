#include "ssh/pattern.h"

#include <gmock/gmock.h>

namespace cluster::ssh {
namespace {

TEST(MatchesList, LeavesOutWhatIsNegated) {
  EXPECT_TRUE(matches_list("n1", {"n2", "n*"}));
  EXPECT_FALSE(matches_list("n1", {"n*", "!n1"}));
  EXPECT_FALSE(matches_list("n1", {"!n2"}));  // as OpenSSH: negation alone matches nothing
  EXPECT_FALSE(matches_list("n1", {}));
}

}  // namespace
}  // namespace cluster::ssh
