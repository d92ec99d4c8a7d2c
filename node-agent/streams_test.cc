#include "node-agent/streams.h"

#include <gmock/gmock.h>
#include <sys/mman.h>

#include "core/file.h"

namespace cluster::agent {
namespace {

TEST(Output, WritesALineAsSoonAsItEnds) {
  const FileDescriptor file(::memfd_create("output", MFD_CLOEXEC));
  const auto written = [&] { return read_file("/proc/self/fd/" + std::to_string(file.get())); };
  Output out(file.get());
  out << "one "
      << "line";
  EXPECT_EQ(written(), "");
  out << "\n";
  EXPECT_EQ(written(), "one line\n");
  out << "two\nmore\n";
  EXPECT_EQ(written(), "one line\ntwo\nmore\n");
  EXPECT_TRUE(out.good());
}

TEST(Output, TellsWhenALineWasNotTaken) {
  Output out(-1);
  out << "lost\n"
      << "\n";
  EXPECT_FALSE(out.good());
}

}  // namespace
}  // namespace cluster::agent
