#include "core/shared_library.h"

#include <gmock/gmock.h>

#include <cmath>

#include "core/error.h"

namespace cluster {
namespace {

using ::testing::StartsWith;
using ::testing::ThrowsMessage;

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

TEST(SharedLibrary, IsTheFirstOfItsNamesThatIsThere) {
  const SharedLibrary math(
      std::vector<SharedLibrary::Name>{{"libnone.so.9", "none"}, {"libm.so.6", "libc6"}});
  double (*cosine)(double) = math.symbol("cos");
  EXPECT_EQ(cosine(0), 1);
}

TEST(SharedLibrary, IsAskedForByTheFirstOfItsNames) {
  const std::vector<SharedLibrary::Name> names{{"libnone.so.9", "none9"},
                                               {"libnone.so.8", "none8"}};
  EXPECT_THAT(
      [&] { SharedLibrary library(names); },
      ThrowsMessage<Error>(StartsWith("cannot load libnone.so.9 (Debian package none9): ")));
}

}  // namespace
}  // namespace cluster
