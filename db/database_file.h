#pragma once

#include <filesystem>
#include <string>

// What the file of an inventory is to the kernel: who may read and write it, and a copy for those
// who may only read. Nothing here knows what is in it.
namespace cluster::db {

/// Throws Error with the reason when there is a thing at `file` that cannot be an inventory, or
/// that must not be trusted: a folder, a device, a file that everybody may write to.
void require_database_file(const std::filesystem::path& file);

/// Makes an empty file and the folders above it, unless they are there. What is made here may be
/// written to by its group when that may write to the folder, and by nobody else whatever the
/// umask. Throws Error(io).
void make_database_file(const std::filesystem::path& file);

/// The reason why this process cannot write to `file`, and who could: "is not writable: be root
/// (sudo)". "" when it can.
std::string why_unwritable(const std::filesystem::path& file);

/// The same words for a file that cannot be read. "" when it can, or is not there.
std::string why_unreadable(const std::filesystem::path& file);

/// A copy of an SQLite file and of the log beside it (-wal), as they were at one moment, in a
/// folder that goes with this object. Who may not write beside the original reads from here.
/// https://sqlite.org/wal.html#read_only_databases
class PrivateCopy {
 public:
  /// Throws Error(io), also when somebody goes on writing the original for seconds.
  explicit PrivateCopy(const std::filesystem::path& original);
  PrivateCopy(const PrivateCopy&) = delete;
  PrivateCopy& operator=(const PrivateCopy&) = delete;
  ~PrivateCopy();

  std::filesystem::path file() const { return folder_ / "copy.db"; }

 private:
  std::filesystem::path folder_;
};

}  // namespace cluster::db
