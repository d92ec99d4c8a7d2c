#include "node-agent/kernel/socket_owner.h"

#include <gtest/gtest.h>

#include "tests/support/fake_proc.h"

namespace cluster::agent {
namespace {

TEST(OwnerOfSocket, IsTheProcessThatHasItOpen) {
  FakeProc proc;
  proc.process(812, "sshd").process(900, "nginx");
  proc.open_special(812, 3, "socket:[4711]", "");
  proc.open_special(900, 3, "socket:[47]", "").open_special(900, 4, "socket:[471]", "");
  EXPECT_EQ(owner_of_socket(proc.root(), "4711"), 812);
  EXPECT_EQ(owner_of_socket(proc.root(), "471"), 900);
  EXPECT_EQ(owner_of_socket(proc.root(), "711"), std::nullopt);
  EXPECT_EQ(owner_of_socket(proc.root(), ""), std::nullopt);
  proc.close(812, 3);
  EXPECT_EQ(owner_of_socket(proc.root(), "4711"), std::nullopt);
}

}  // namespace
}  // namespace cluster::agent
