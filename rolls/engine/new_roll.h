#pragma once

#include <filesystem>
#include <string>

namespace cluster::rolls {

/// Lays out a roll called `name` in the new folder `folder`: one of everything, and it works.
/// Throws Error(usage) on a wrong name, Error(exists) when the folder is there, Error(io).
void lay_out(const std::filesystem::path& folder, const std::string& name);

}  // namespace cluster::rolls
