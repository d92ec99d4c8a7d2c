#include "core/shared_library.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace cluster {
namespace {

TEST(SharedLibrary, CallsAFunctionOfIt) {
  const SharedLibrary math("libm.so.6", "libc6");
  double (*cube_root)(double) = math.symbol("cbrt");
  EXPECT_DOUBLE_EQ(cube_root(27.0), 3.0);
}

TEST(SharedLibrary, SaysWhatIsMissing) {
  EXPECT_THROW(SharedLibrary("libnone.so.9", "none"), Error);
  const SharedLibrary math("libm.so.6", "libc6");
  EXPECT_THROW(math.symbol("no_such_function"), Error);
}

}  // namespace
}  // namespace cluster
