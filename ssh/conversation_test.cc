#include "ssh/conversation.h"

#include <gtest/gtest.h>

namespace cluster::ssh {
namespace {

TEST(Conversation, EndsAsTheProgramDoes) {
  EXPECT_EQ(converse({"true"}), 0);
  EXPECT_EQ(converse({"sh", "-c", "exit 7"}), 7);
  EXPECT_EQ(converse({"sh", "-c", "kill -TERM $$"}), 128 + 15);
  EXPECT_EQ(converse({"no-such-program"}), 127);
}

}  // namespace
}  // namespace cluster::ssh
