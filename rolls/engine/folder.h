#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cluster::rolls {

/// The bounds of a roll, against archives that unpack to more than anybody meant.
inline constexpr std::size_t kMaxEntries = 10'000;
inline constexpr std::uintmax_t kMaxBytes = std::uintmax_t{4} << 30U;
inline constexpr std::size_t kMaxDepth = 20;

/// A file or a folder of a roll.
struct Entry {
  std::string path;  ///< in the roll, "files/gpupci.yaml"
  bool is_folder = false;
  bool is_executable = false;
  std::uintmax_t size = 0;  ///< bytes of a file
};

/// All that is in `folder`, sorted by path. Throws Error(usage) when something is neither a plain
/// file nor a folder (a link, a device), has a name that cannot be shown, or there is more than the
/// bounds allow; Error(io). `shown` stands for the folder in messages.
std::vector<Entry> list_folder(const std::filesystem::path& folder, const std::string& shown);

/// Why `path` is no path inside a roll: absolute, "..", not ASCII (an archive spells it otherwise
/// elsewhere), a control character; "" when it is one.
std::string why_not_inside(const std::string& path);

/// Copies `entries` of `from` into the folder `to`, which is made. Of modes only whether a file is
/// executable is kept. Throws Error(io).
void copy_folder(const std::filesystem::path& from, const std::vector<Entry>& entries,
                 const std::filesystem::path& to);

/// Hands the bytes of a plain file to `take`, block by block; a link is not followed. Throws
/// Error(io), and what `take` throws.
void read_blocks(const std::filesystem::path& path,
                 const std::function<void(std::string_view)>& take);

/// SHA-256 of what a roll is: each path, whether it is executable, its bytes. 64 hex digits. Throws
/// as list_folder().
std::string checksum_of(const std::filesystem::path& folder);

}  // namespace cluster::rolls
