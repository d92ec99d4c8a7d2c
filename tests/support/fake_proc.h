#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "node-agent/kernel/device_nodes.h"
#include "tests/support/temp_dir.h"

namespace cluster::agent {

/// /dev/null and /dev/zero, Documentation/admin-guide/devices.txt
inline constexpr DeviceNumber kNull{S_IFCHR, 1, 3};
inline constexpr DeviceNumber kZero{S_IFCHR, 1, 5};

/// A temporary folder that looks like /proc, with the files and processes that a test gives it.
class FakeProc {
 public:
  /// There is the first process of the host, and no other.
  FakeProc();

  /// Adds a process without open files. `cgroup` is its path: "/system.slice/sshd.service".
  FakeProc& process(int pid, const std::string& command, const std::string& cgroup = "/");

  /// Lets the process have `target`, a real file, open, by any name.
  FakeProc& open(int pid, int descriptor, const std::filesystem::path& target);

  /// Lets the process have a file without a place open, "anon_inode:[io_uring]", of which the
  /// kernel tells `info` in fdinfo.
  FakeProc& open_special(int pid, int descriptor, const std::string& text, const std::string& info);

  /// Lets the process have `target` mapped at `range`, "7f00-7f10", and not open.
  FakeProc& map(int pid, const std::string& range, const std::filesystem::path& target);

  /// Lets the process have begun this many seconds ago, on a host that is up for an hour.
  FakeProc& age(int pid, int seconds);

  /// Closes the file that the process has open with this descriptor.
  FakeProc& close(int pid, int descriptor);

  /// Writes any file: "devices", "812/cmdline".
  FakeProc& file(const std::filesystem::path& name, const std::string& text);

  const std::filesystem::path& root() const { return folder_.path(); }

 private:
  TempDir folder_;
};

}  // namespace cluster::agent
