#include "node-agent/kernel/socket_owner.h"

#include "node-agent/kernel/process_table.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {

namespace fs = std::filesystem;

std::optional<pid_t> owner_of_socket(const fs::path& proc, const std::string& inode) {
  const auto wanted = "socket:[" + inode + "]";
  for (const auto pid : ProcessTable(proc).all()) {
    for (const auto& file : entries_quietly(proc / std::to_string(pid) / "fd")) {
      std::error_code closed;
      if (fs::read_symlink(file, closed).native() == wanted) return pid;
    }
  }
  return std::nullopt;
}

}  // namespace cluster::agent
