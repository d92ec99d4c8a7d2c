#include "node-agent/kernel/socket_owner.h"

#include "node-agent/kernel/process_table.h"

namespace cluster::agent {

namespace fs = std::filesystem;

std::optional<pid_t> owner_of_socket(const fs::path& proc, const std::string& inode) {
  const auto wanted = "socket:[" + inode + "]";
  for (const auto pid : ProcessTable(proc).all()) {
    std::error_code gone;
    for (fs::directory_iterator at(proc / std::to_string(pid) / "fd", gone), end;
         !gone && at != end; at.increment(gone)) {
      std::error_code closed;
      if (fs::read_symlink(at->path(), closed).native() == wanted) return pid;
    }
  }
  return std::nullopt;
}

}  // namespace cluster::agent
