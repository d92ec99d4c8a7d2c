#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cluster::rolls {

/// These are the bounds of a roll. They stop archives that unpack to more than anybody meant.
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

/// Everything in `folder`, sorted by path. Throws Error(usage) when something is neither a plain
/// file nor a folder (a link, a device), when a name cannot be shown, or when there is more than
/// the bounds allow. Also throws Error(io). `shown` stands for the folder in messages.
std::vector<Entry> list_folder(const std::filesystem::path& folder, const std::string& shown);

/// Says why `path` is no path inside a roll: it is absolute, has "..", is not ASCII (an archive
/// spells it otherwise elsewhere), or has a control character. Returns "" when it is one.
std::string why_not_inside(const std::string& path);

/// Makes the folder `to`, and copies `entries` of `from` into it. Of a mode it keeps only whether a
/// file is executable. Throws Error(io).
void copy_folder(const std::filesystem::path& from, const std::vector<Entry>& entries,
                 const std::filesystem::path& to);

/// Passes the bytes of a plain file to `take`, block by block; it does not follow a link. Throws
/// Error(io), and throws what `take` throws.
void read_blocks(const std::filesystem::path& path,
                 const std::function<void(std::string_view)>& take);

/// The SHA-256 of a roll's content, 64 hex digits. The content is each path, whether it is
/// executable, and its bytes. Throws as list_folder() does.
std::string checksum_of(const std::filesystem::path& folder);

/// The SHA-256 of the bytes of a file, 64 hex digits. Throws Error(io).
std::string checksum_of_file(const std::filesystem::path& path);

}  // namespace cluster::rolls
