#pragma once

#include <filesystem>

namespace cluster {

/// The file of the program that runs, without links (proc(5), /proc/pid/exe); "" when there is no
/// /proc.
std::filesystem::path own_program();

}  // namespace cluster
