#pragma once

#include <filesystem>
#include <string>

namespace cluster::rolls {

/// Makes the new folder `folder` with a roll called `name`. The roll has one item of each kind, and
/// it works. Throws Error(usage) on a wrong name, Error(exists) when the folder is there,
/// Error(io).
void lay_out(const std::filesystem::path& folder, const std::string& name);

}  // namespace cluster::rolls
