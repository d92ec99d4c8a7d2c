#pragma once

#include <filesystem>
#include <string>

#include "rolls/engine/folder.h"

namespace cluster::rolls {

/// Writes `folder`, a roll called `full_name` ("gpupt-1.0.0"), as a .tar.gz: everything below
/// gpupt-1.0.0/, sorted, without times and owners, so that the same folder gives the same bytes.
/// Throws as list_folder(), and Error(io).
void pack(const std::filesystem::path& folder, const std::string& full_name,
          const std::filesystem::path& archive);

/// Unpacks a .tar.gz into `folder`, which must be there and empty. Plain files and folders alone:
/// no links, no devices, nothing outside, no mode but whether a file is executable. Stops when it
/// becomes larger than a roll may be, or than such an archive has any reason to. Throws
/// Error(usage), Error(io); then `folder` may be half full. `most` bounds files and folders
/// together.
void unpack(const std::filesystem::path& archive, const std::filesystem::path& folder,
            std::size_t most = kMaxEntries);

/// Where in an unpacked archive the roll is: `folder` itself, or the one folder in it.
std::filesystem::path find_roll_folder(const std::filesystem::path& folder);

}  // namespace cluster::rolls
