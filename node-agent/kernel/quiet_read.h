#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cluster::agent {

/// The file, without blanks and line ends on both sides; "" when there is none, or when it cannot
/// be read. For attributes whose driver refuses to tell: the loop device of no file, for one.
std::string read_quietly(const std::filesystem::path& file);

/// The same with all its bytes: config space, or a file whose blanks count.
std::string read_all_quietly(const std::filesystem::path& file);

/// What is in the folder, in no order; nothing when there is none, and no more than could be read.
std::vector<std::filesystem::path> entries_quietly(const std::filesystem::path& folder);

/// The names of the same, in natural order: "node2", "node10".
std::vector<std::string> names_quietly(const std::filesystem::path& folder);

}  // namespace cluster::agent
