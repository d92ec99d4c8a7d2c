// A blocking call on a socket ends when its time is over.

#include "ssh/watchdog.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

#include "core/file.h"

namespace cluster::ssh {
namespace {

struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    here = FileDescriptor(ends[0]);
    there = FileDescriptor(ends[1]);
  }
  FileDescriptor here;
  FileDescriptor there;
};

// Blocks until a byte comes, or until no more can come.
ssize_t receive(int socket) {
  char byte = 0;
  return recv(socket, &byte, 1, 0);
}

TEST(Watchdog, EndsACallThatHangs) {
  const Pair pair;
  Watchdog dog;
  dog.guard(pair.here.get(), std::chrono::milliseconds(10));
  EXPECT_EQ(receive(pair.here.get()), 0);  // for ever without the watchdog
  EXPECT_TRUE(dog.release());
}

TEST(Watchdog, LeavesACallAloneThatComesBack) {
  const Pair pair;
  Watchdog dog;
  dog.guard(pair.here.get(), std::chrono::hours(1));
  ASSERT_EQ(send(pair.there.get(), "x", 1, 0), 1);
  EXPECT_EQ(receive(pair.here.get()), 1);
  EXPECT_FALSE(dog.release());
  ASSERT_EQ(send(pair.there.get(), "x", 1, 0), 1);
  EXPECT_EQ(receive(pair.here.get()), 1) << "the socket was shut down";
}

TEST(Watchdog, GuardsOneCallAfterAnother) {
  Watchdog dog;
  for (const bool hangs : {true, false, true}) {
    const Pair pair;
    dog.guard(pair.here.get(), hangs ? Clock::duration(0) : std::chrono::hours(1));
    ASSERT_EQ(hangs ? 1 : send(pair.there.get(), "x", 1, 0), 1);
    EXPECT_EQ(receive(pair.here.get()), hangs ? 0 : 1);
    EXPECT_EQ(dog.release(), hangs);
  }
}

TEST(Watchdog, ThatGuardsNothingEndsAtOnce) {
  const Watchdog idle;
  Watchdog used;
  const Pair pair;
  used.guard(pair.here.get(), std::chrono::hours(1));
  EXPECT_FALSE(used.release());
}

}  // namespace
}  // namespace cluster::ssh
