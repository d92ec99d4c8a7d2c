#include "ssh/config_index.h"

#include <gtest/gtest.h>

namespace cluster::ssh {
namespace {

using Indices = std::vector<std::size_t>;

ConfigIndex index_of(const char* text) {
  return ConfigIndex(
      parse_config(text, "config", {.home = "/home/me", .includes = "/home/me/.ssh"}));
}

// Block 0 is what stands before the first Host.
TEST(ConfigIndex, HasTheBlocksOfANameInTheirOrder) {
  const auto index = index_of(
      "Host n1 n2 n1\n  Port 1\n"
      "Host *\n  Port 2\n"
      "Host n2\n  Port 3\n"
      "Host n?\n  Port 4\n");
  EXPECT_EQ(index.blocks_for("n1"), (Indices{0, 1, 2, 4}));
  EXPECT_EQ(index.blocks_for("n2"), (Indices{0, 1, 2, 3, 4}));
  EXPECT_EQ(index.blocks_for("n3"), (Indices{0, 2, 4}));
  EXPECT_EQ(index.blocks_for(""), (Indices{0, 2, 4}));
}

// OpenSSH refuses a file for one of them, and a Match may have to be left to it.
TEST(ConfigIndex, LeavesOutNoBlockThatMattersForOthers) {
  const auto index = index_of(
      "Host n1\n  NoSuchKeyword 1\n"
      "Host n1\n  Compression perhaps\n"
      "Match host n1\n  Port 3\n"
      "Host !n1 n2\n  Port 4\n"
      "Host n1\n  Port 5\n");
  EXPECT_EQ(index.blocks_for("n9"), (Indices{0, 1, 2, 3, 4}));
  EXPECT_EQ(index.blocks_for("n1"), (Indices{0, 1, 2, 3, 4, 5}));
}

}  // namespace
}  // namespace cluster::ssh
