#include "core/without_sigpipe.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/file.h"

namespace cluster {
namespace {

// Writes into a pipe that nobody reads.
int write_to_nobody() {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  close(ends[0]);
  const FileDescriptor writer(ends[1]);
  errno = 0;
  EXPECT_EQ(write(writer.get(), "x", 1), -1);
  return errno;
}

bool is_blocked() {
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  return sigismember(&blocked, SIGPIPE) == 1;
}

TEST(WithoutSigpipe, AWriteFailsAndTheProgramGoesOn) {
  ASSERT_FALSE(is_blocked());
  {
    const WithoutSigpipe guard;
    EXPECT_TRUE(is_blocked());
    EXPECT_EQ(write_to_nobody(), EPIPE);
    EXPECT_EQ(write_to_nobody(), EPIPE);
  }
  EXPECT_FALSE(is_blocked());  // and no signal was left to be delivered now
}

TEST(WithoutSigpipe, InAnotherOneGivesBackWhatWasBefore) {
  const WithoutSigpipe outer;
  { const WithoutSigpipe inner; }
  EXPECT_TRUE(is_blocked());
}

}  // namespace
}  // namespace cluster
