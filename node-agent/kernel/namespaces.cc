#include "node-agent/kernel/namespaces.h"

#include <algorithm>
#include <set>

#include "node-agent/kernel/process_table.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

std::string id_of(const fs::path& process, std::string_view kind, std::error_code& failure) {
  return fs::read_symlink(process / "ns" / kind, failure).native();
}

// Where there is no /proc, the guard `holder` says so.
std::vector<pid_t> all_processes(const fs::path& proc) {
  std::error_code missing;
  return fs::exists(proc, missing) ? ProcessTable(proc).all() : std::vector<pid_t>();
}

}  // namespace

std::vector<OtherNamespace> other_namespaces(const fs::path& proc, std::string_view kind) {
  std::error_code unknown;
  std::set<std::string> seen;
  auto own = id_of(proc / "self", kind, unknown);
  if (unknown) own = id_of(proc / "1", kind, unknown);
  seen.insert(std::move(own));
  std::vector<OtherNamespace> others;
  for (const auto pid : all_processes(proc)) {
    std::error_code failure;
    auto id = id_of(proc / std::to_string(pid), kind, failure);
    if (failure && failure != std::errc::no_such_file_or_directory) continue;
    if (!id.empty() && !seen.insert(id).second) continue;
    others.push_back({std::move(id), pid});
  }
  return others;
}

bool hides_namespaces(const fs::path& proc, std::string_view kind) {
  return std::ranges::any_of(all_processes(proc), [&](pid_t pid) {
    std::error_code failure;
    id_of(proc / std::to_string(pid), kind, failure);
    return failure == std::errc::permission_denied || failure == std::errc::operation_not_permitted;
  });
}

bool is_in_own_namespace(const fs::path& proc, std::string_view kind) {
  std::error_code failure;
  const auto own = id_of(proc / "self", kind, failure);
  if (failure) return false;
  const auto first = id_of(proc / "1", kind, failure);
  return !failure && own != first;
}

}  // namespace cluster::agent
