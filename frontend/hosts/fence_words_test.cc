#include "frontend/hosts/fence_words.h"

#include <gtest/gtest.h>

namespace cluster::frontend {
namespace {

TEST(FenceWords, AreTheLastLineWithoutItsStamp) {
  EXPECT_EQ(fence_failure("ERROR:root:no address\n\n"), "no address");
  EXPECT_EQ(fence_failure("2026-01-31 12:00:00,123 ERROR: no route\nPlease use '-h' for usage\n"),
            "no route");
  EXPECT_EQ(fence_failure("WARNING: a\nCRITICAL:b"), "b");
  EXPECT_EQ(fence_failure("INFO: : a"), ": a");
  EXPECT_EQ(fence_failure("ERROR:root:"), "");
  EXPECT_EQ(fence_failure(""), "");
}

TEST(FenceWords, KeepWhatIsNoStamp) {
  for (const char* line : {"12 34 a", "2026-01-31 ERROR: a", "2026-01-31 12:00 a", "ERROR a",
                           "a ERROR: b", "2026-01-31", "12:00 2026 INFO: a"}) {
    EXPECT_EQ(fence_failure(std::string("x\n") + line), line);
  }
}

TEST(FenceWords, TellOfAnOptionThatIsNotKnown) {
  EXPECT_EQ(fence_warning("a\nWARNING:root:Parse error: Ignoring unknown option 'x=1'\nb"),
            "Parse error: Ignoring unknown option 'x=1'");
  EXPECT_EQ(fence_warning("a\nb"), "");
}

// A BMC may say anything.
TEST(FenceWords, AreShortAndPrintableWhateverIsSaid) {
  const std::string digits(65536, '1');
  EXPECT_EQ(fence_failure(digits), std::string(1000, '1') + "...");
  EXPECT_EQ(fence_failure(digits + " " + digits + " ERROR: a"), "a");
  EXPECT_EQ(fence_failure("ERROR: a\x1b[2J"), "a\\x1b[2J");
}

}  // namespace
}  // namespace cluster::frontend
