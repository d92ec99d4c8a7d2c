#include "node-agent/streams.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
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

}  // namespace
}  // namespace cluster::agent
