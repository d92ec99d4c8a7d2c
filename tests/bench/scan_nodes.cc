// Runs only the guard's scan of all processes: it finds those that have these device nodes open or
// mapped.
//   scan_nodes NODE...     prints a pid a line
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdio>
#include <set>

#include "node-agent/kernel/process_table.h"

int main(int argc, char** argv) {
  std::set<cluster::agent::DeviceNumber> wanted;
  for (int i = 1; i < argc; ++i) {
    struct stat node {};
    if (::stat(argv[i], &node) != 0) {
      std::perror(argv[i]);
      return 1;
    }
    wanted.insert(
        {node.st_mode & S_IFMT, gnu_dev_major(node.st_rdev), gnu_dev_minor(node.st_rdev)});
  }
  std::set<pid_t> pids;
  for (const auto& handle : cluster::agent::ProcessTable("/proc").find(wanted).found) {
    pids.insert(handle.pid);
  }
  for (const auto pid : pids) std::printf("%d\n", pid);
}
