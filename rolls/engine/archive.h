#pragma once

#include <filesystem>
#include <string>

#include "rolls/engine/folder.h"

namespace cluster::rolls {

/// Writes `folder`, a roll called `full_name` ("gpupt-1.0.0"), as a .tar.gz. Everything is below
/// gpupt-1.0.0/, sorted, without times and owners, so that the same folder gives the same bytes.
/// Throws as list_folder() does, and Error(io).
void pack(const std::filesystem::path& folder, const std::string& full_name,
          const std::filesystem::path& archive);

/// Unpacks a .tar.gz into `folder`, which must be there and empty. It takes only plain files and
/// folders: no links, no devices, nothing outside `folder`. Of a mode it keeps only whether a file
/// is executable. It stops when the output is larger than a roll may be, or larger than such an
/// archive can be for any good reason. Throws Error(usage), Error(io); then `folder` may be half
/// full. `most` bounds the number of files and folders together.
void unpack(const std::filesystem::path& archive, const std::filesystem::path& folder,
            std::size_t most = kMaxEntries);

/// Finds the roll in an unpacked archive: it is `folder` itself, or the one folder in it.
std::filesystem::path find_roll_folder(const std::filesystem::path& folder);

}  // namespace cluster::rolls
