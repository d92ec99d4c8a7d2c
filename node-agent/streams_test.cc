#include "node-agent/streams.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file.h"

namespace cluster::agent {
namespace {

TEST(Stream, WritesALineAsSoonAsItEnds) {
  const FileDescriptor file(::memfd_create("output", MFD_CLOEXEC));
  const auto written = [&] { return read_file("/proc/self/fd/" + std::to_string(file.get())); };
  Stream out(file.get());
  out << "one "
      << "line";
  EXPECT_EQ(written(), "");
  out << "\n";
  EXPECT_EQ(written(), "one line\n");
  out << "two\nmore\n";
  EXPECT_EQ(written(), "one line\ntwo\nmore\n");
  EXPECT_TRUE(out.good());
}

TEST(Stream, TellsWhenALineWasNotTaken) {
  Stream out(-1);
  out << "lost\n"
      << "\n";
  EXPECT_FALSE(out.good());
}

TEST(Stream, WritesNothingMoreAfterALineThatWasNotTaken) {
  const FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  Stream out(full.get());
  out << "lost\n";
  EXPECT_FALSE(out.good());
  out << "lost too\n";
  EXPECT_FALSE(out.good());
}

// A pipe takes a long line in pieces.
TEST(Stream, WritesAllOfALongLine) {
  const FileDescriptor file(::memfd_create("output", MFD_CLOEXEC));
  Stream out(file.get());
  const auto line = std::string(1'000'000, 'x') + "\n";
  out << line;
  EXPECT_TRUE(out.good());
  EXPECT_EQ(read_file("/proc/self/fd/" + std::to_string(file.get())), line);
}

TEST(Streams, AreNoFilesThatAreOpenedLater) {
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

TEST(Streams, StayAsTheyAreWhenTheyAreOpen) {
  const auto before = std::filesystem::read_symlink("/proc/self/fd/1");
  hold_standard_streams();
  EXPECT_EQ(std::filesystem::read_symlink("/proc/self/fd/1"), before);
}

}  // namespace
}  // namespace cluster::agent
