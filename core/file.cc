#include "core/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace cluster {
namespace {

namespace fs = std::filesystem;

FileDescriptor open_or_fail(const fs::path& path, int flags) {
  FileDescriptor file(::open(path.c_str(), flags | O_CLOEXEC, 0644));
  if (!file) cannot("open", path, errno);
  return file;
}

// Stops soon after `most` bytes.
std::string read_all(int file, const fs::path& path, std::size_t most) {
  std::string text;
  std::array<char, 65536> block{};
  while (text.size() <= most) {
    const auto count = ::read(file, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) cannot("read", path, errno);
    if (count == 0) break;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
  return text;
}

void sync(const FileDescriptor& file, const fs::path& path) {
  if (::fsync(file.get()) != 0) cannot("sync", path, errno);
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    number_ = other.release();
  }
  return *this;
}

int FileDescriptor::release() { return std::exchange(number_, -1); }

void FileDescriptor::reset() {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

std::string errno_text(int code) { return std::generic_category().message(code); }

void cannot(std::string_view what, const fs::path& path, int code) {
  throw Error(Fault::io,
              "cannot " + std::string(what) + " " + quote(path.native()) + ": " + errno_text(code));
}

void write_all(const FileDescriptor& file, const fs::path& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) cannot("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::optional<std::string> read_file(const fs::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (!file) cannot("open", path, errno);
  return read_all(file.get(), path, std::string::npos);
}

std::string read_input(const std::string& name, std::size_t most) {
  const bool is_standard = name == "-";
  const FileDescriptor file(is_standard ? -1 : ::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!is_standard && !file) {
    if (errno == ENOENT || errno == ENOTDIR) {
      throw Error(Fault::not_found, "no file " + quote(name));
    }
    cannot("open", name, errno);
  }
  auto text = read_all(is_standard ? STDIN_FILENO : file.get(),
                       is_standard ? "standard input" : fs::path(name), most);
  if (text.size() <= most) return text;
  throw Error(Fault::usage, (is_standard ? "standard input" : "file " + quote(name)) +
                                " is too long: want " + std::to_string(most >> 20U) +
                                " MiB at the most");
}

void write_attribute(const fs::path& path, std::string_view text) {
  const auto file = open_or_fail(path, O_WRONLY);
  ssize_t count = 0;
  do {
    count = ::write(file.get(), text.data(), text.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) cannot("write " + quote(trim(text)) + " to", path, errno);
}

void replace_file(const fs::path& path, std::string_view text) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) cannot("make", folder, failed.value());
  const fs::path fresh = path.native() + ".new";
  ::unlink(fresh.c_str());  // of somebody who was killed; or a link that somebody has laid
  try {
    const auto file = open_or_fail(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
    write_all(file, fresh, text);
    sync(file, fresh);
    if (::rename(fresh.c_str(), path.c_str()) != 0) cannot("replace", path, errno);
  } catch (const Error&) {
    ::unlink(fresh.c_str());
    throw;
  }
  sync(open_or_fail(folder, O_RDONLY | O_DIRECTORY), folder);
}

}  // namespace cluster
