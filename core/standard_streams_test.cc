#include "core/standard_streams.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

namespace cluster {
namespace {

TEST(StandardStreams, AreNoFilesThatAreOpenedLater) {
  const auto child = ::fork();
  if (child == 0) {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(stream);
    hold_standard_streams();
    const bool later = ::open("/dev/zero", O_RDWR) > STDERR_FILENO;
    const bool refused = ::write(STDOUT_FILENO, "x", 1) < 0 && ::write(STDERR_FILENO, "x", 1) < 0;
    char text = 0;
    ::_exit(later && refused && ::read(STDIN_FILENO, &text, 1) == 0 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(StandardStreams, StayAsTheyAreWhenTheyAreOpen) {
  const auto before = std::filesystem::read_symlink("/proc/self/fd/1");
  hold_standard_streams();
  EXPECT_EQ(std::filesystem::read_symlink("/proc/self/fd/1"), before);
}

}  // namespace
}  // namespace cluster
