#pragma once

#include <filesystem>
#include <vector>

#include "db/inventory_files.h"

// Rolls that the inventory itself keeps, as files for those who read and run them.
namespace cluster::frontend {

/// The folder into which the roll is unpacked on this frontend. Its checksum is part of the name,
/// so that rolls of two inventories do not meet.
std::filesystem::path cached_folder(const StoredRoll& roll);

/// Makes the cached folder anew, at once. Then the cache forgets the rolls that the inventory does
/// not name and that nobody has looked at for a day: commands that run may still need these, and
/// other inventories have the same cache. False when the files that the inventory has do not make
/// the roll that was added; then the folder is not touched. Throws Error(io).
bool unpack_roll(Inventory& inventory, const StoredRoll& roll);

/// Stores the bytes of all files in `folder`, without a roll that has them. What is there already,
/// of another version, is not sent again.
std::vector<KeptFile> send_files(Inventory& inventory, const std::filesystem::path& folder);

}  // namespace cluster::frontend
