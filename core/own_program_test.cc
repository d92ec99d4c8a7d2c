#include "core/own_program.h"

#include <gtest/gtest.h>

namespace cluster {
namespace {

TEST(OwnProgram, IsTheFileThatRuns) { EXPECT_EQ(own_program().filename(), "core_test"); }

}  // namespace
}  // namespace cluster
