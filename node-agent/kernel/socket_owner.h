#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

namespace cluster::agent {

/// A process that has the socket of this inode open ("socket:[4711]", proc(5)); nothing when none
/// is found. Looks at the files of every process.
std::optional<pid_t> owner_of_socket(const std::filesystem::path& proc, const std::string& inode);

}  // namespace cluster::agent
