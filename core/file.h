#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace cluster {

/// An open file of the kernel, closed with its owner. -1 is none.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { reset(); }

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

  /// Hands the file over to the caller, who closes it.
  int release();
  void reset();

 private:
  int number_ = -1;
};

/// The text of an errno, "Permission denied".
std::string errno_text(int code);

/// Throws Error(io): "cannot open \"/etc/x\": Permission denied". `code` is an errno.
[[noreturn]] void cannot(std::string_view what, const std::filesystem::path& path, int code);

/// Reads the whole file. Returns nothing when there is none. Throws Error(io) when it cannot be
/// read.
std::optional<std::string> read_file(const std::filesystem::path& path);

/// Reads the whole file, or standard input when `name` is "-"; each may be a pipe or a device that
/// has no end. Throws Error(not_found) when there is no such file, Error(usage) when it has more
/// than `most` bytes, and as read_file() does.
std::string read_input(const std::string& name, std::size_t most);

/// Writes all of `bytes` into an open file, which is called `path` in Error(io).
void write_all(const FileDescriptor& file, const std::filesystem::path& path,
               std::string_view bytes);

/// Writes `text` with one write(2) into a file that exists. sysfs wants it so: the answer of that
/// one call is the kernel's answer to the whole value. Throws Error(io).
void write_attribute(const std::filesystem::path& path, std::string_view text);

/// Makes `path` hold `text`, or leaves it as it was. The text is written to a file beside it, which
/// is synced and renamed over it; then the folder is synced. Folders above are made when they are
/// missing. The mode is 0644. Throws Error(io).
void replace_file(const std::filesystem::path& path, std::string_view text);

}  // namespace cluster
