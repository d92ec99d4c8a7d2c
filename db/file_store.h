#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

/// A file of a roll that the inventory keeps.
struct KeptFile {
  std::string path;  ///< in the roll, "files/gpupci.yaml"
  bool is_executable = false;
  std::string sha256;       ///< of its bytes, 64 hex digits
  std::uintmax_t size = 0;  ///< bytes
};

namespace db {

/// The bytes of files in a database that several machines use; pieces of them are written one by
/// one, so that nobody waits for a large file. All of its methods throw Failure.
class FileStore {
 public:
  FileStore() = default;
  FileStore(const FileStore&) = delete;
  FileStore& operator=(const FileStore&) = delete;
  virtual ~FileStore() = default;

  /// How many bytes of the file with that sum are there; nothing when there is none of its pieces.
  virtual std::optional<std::uintmax_t> size(const std::string& sha256) = 0;

  /// Adds the piece `number`, from 0, unless it is there. Outside of a transaction it is final.
  virtual void add_piece(const std::string& sha256, int number, std::string_view bytes) = 0;

  /// The bytes of the piece; nothing behind the last one.
  virtual std::optional<std::string> piece(const std::string& sha256, int number) = 0;

  /// Says that the roll, whose row is there, has these files.
  virtual void name(const std::string& roll, const std::string& version,
                    const std::vector<KeptFile>& files) = 0;

  /// The files of the roll by their paths, with the bytes that are there; of a file whose pieces
  /// are gone, 0.
  virtual std::vector<KeptFile> files(const std::string& roll, const std::string& version) = 0;

  /// The sums of the files that are there and that no roll names.
  virtual std::vector<std::string> unnamed() = 0;

  /// Takes the pieces of these files away, unless a roll names them.
  virtual void remove_unnamed(const std::vector<std::string>& sums) = 0;
};

}  // namespace db
}  // namespace cluster
