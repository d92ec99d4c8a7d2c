#include "ssh/hashed_name.h"

#include <gtest/gtest.h>

namespace cluster::ssh {
namespace {

// Made with `ssh-keygen -H` of "node-1".
constexpr const char* kNode1 = "|1|5fgRvCUjrOBnU1vTdLz+lm8NaZ0=|I7MvXTdYk2Ek7ay2NTYwEFjycXU=";

TEST(HashedName, HasASaltAndAHashOfTwentyBytes) {
  const auto hashed = NameHasher().parse(kNode1);
  ASSERT_TRUE(hashed);
  EXPECT_EQ(hashed->salt.size(), 20U);
  EXPECT_EQ(hashed->hash.size(), 20U);
  EXPECT_NE(hashed->salt, hashed->hash);
}

TEST(HashedName, IsOfOneNameAndNoOther) {
  const NameHasher hasher;
  const auto hashed = hasher.parse(kNode1).value();
  EXPECT_TRUE(hasher.matches(hashed, "node-1"));
  for (const auto* name : {"", "node-", "node-11", "Node-1", "[node-1]:22", "node-1 "}) {
    EXPECT_FALSE(hasher.matches(hashed, name)) << name;
  }
}

TEST(HashedName, IsRefusedInAnyOtherForm) {
  const NameHasher hasher;
  for (const auto* text :
       {"", "|", "node-1", "|1|", "|1||", "|1|a|b",
        "|2|5fgRvCUjrOBnU1vTdLz+lm8NaZ0=|I7MvXTdYk2Ek7ay2NTYwEFjycXU=",     // no such method
        "x|1|5fgRvCUjrOBnU1vTdLz+lm8NaZ0=|I7MvXTdYk2Ek7ay2NTYwEFjycXU=",    // no bar in front
        "|1|5fgRvCUjrOBnU1vTdLz+lm8NaZ0=|I7MvXTdYk2Ek7ay2NTYwEFjycXU=|",    // one bar too many
        "|1|5fgRvCUjrOBnU1vTdLz+lm8NaZ0=|I7MvXTdYk2Ek7ay2NTYwEFjycXU=,n2",  // names beside it
        "|1|5fgRvCUjrOBnU1vTdLz+lm8NaZ0|I7MvXTdYk2Ek7ay2NTYwEFjycXU=",      // too short a salt
        "|1|5fgRvCUjrOBnU1vTdLz+lm8NaZ0=|I7MvXTdYk2Ek7ay2NTYwEFjyc!U="}) {  // no base64
    EXPECT_FALSE(hasher.parse(text)) << text;
  }
}

}  // namespace
}  // namespace cluster::ssh
