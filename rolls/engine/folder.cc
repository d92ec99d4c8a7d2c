#include "rolls/engine/folder.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "core/error.h"
#include "core/file.h"
#include "core/hex.h"
#include "core/shared_library.h"
#include "core/text.h"

namespace cluster::rolls {
namespace {

namespace fs = std::filesystem;

// libcrypto is opened when a roll is first looked at, never linked.
class Sha256 {
 public:
  Sha256() { check(init_(context_.get(), sha256_(), nullptr)); }

  void add(std::string_view bytes) { check(update_(context_.get(), bytes.data(), bytes.size())); }

  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    check(final_(context_.get(), digest.data(), &size));
    check(init_(context_.get(), sha256_(), nullptr));  // for the next
    return hex_bytes({reinterpret_cast<const char*>(digest.data()), size});
  }

 private:
  static void check(int code) {
    if (code != 1) throw Error(Fault::io, "libcrypto cannot compute SHA-256 here");
  }

  SharedLibrary libcrypto_{"libcrypto.so.3", "libssl3, from Debian 13 on libssl3t64"};
  decltype(&::EVP_MD_CTX_new) new_ = libcrypto_.symbol("EVP_MD_CTX_new");
  decltype(&::EVP_MD_CTX_free) free_ = libcrypto_.symbol("EVP_MD_CTX_free");
  decltype(&::EVP_sha256) sha256_ = libcrypto_.symbol("EVP_sha256");
  decltype(&::EVP_DigestInit_ex) init_ = libcrypto_.symbol("EVP_DigestInit_ex");
  decltype(&::EVP_DigestUpdate) update_ = libcrypto_.symbol("EVP_DigestUpdate");
  decltype(&::EVP_DigestFinal_ex) final_ = libcrypto_.symbol("EVP_DigestFinal_ex");
  std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context_{new_(), free_};
};

Entry entry_of(const fs::path& folder, const fs::directory_entry& found, const std::string& shown) {
  const auto path = found.path().lexically_relative(folder).native();
  if (const auto why = why_not_inside(path); !why.empty()) {
    throw Error(Fault::usage, shown + ": " + why);
  }
  struct stat status {};
  if (::lstat(found.path().c_str(), &status) != 0) cannot("look at", found.path(), errno);
  if (S_ISDIR(status.st_mode)) return {path, true, false, 0};
  if (S_ISREG(status.st_mode)) {
    return {path, false, (status.st_mode & S_IXUSR) != 0,
            static_cast<std::uintmax_t>(status.st_size)};
  }
  throw Error(Fault::usage, shown + ": " + quote(path) + " is a " +
                                (S_ISLNK(status.st_mode) ? "link" : "special file") +
                                "; a roll holds plain files and folders alone");
}

}  // namespace

void read_blocks(const fs::path& path, const std::function<void(std::string_view)>& take) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) cannot("open", path, errno);
  std::array<char, 1U << 16U> block{};
  for (;;) {
    const auto count = ::read(file.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) cannot("read", path, errno);
    if (count == 0) return;
    take({block.data(), static_cast<std::size_t>(count)});
  }
}

std::string why_not_inside(const std::string& path) {
  const auto shown = quote(path);
  if (path.empty()) return "a path is empty";
  if (path.front() == '/') return "path " + shown + " is absolute; want one inside the roll";
  if (path != printable(path)) return "path " + shown + " has a control character";
  const auto strange = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  if (std::ranges::any_of(path, strange)) return "path " + shown + " is not ASCII";
  const auto parts = split(path, '/');
  if (parts.size() > kMaxDepth) return "path " + shown + " is too deep";
  for (const auto part : parts) {
    if (part == "..") return "path " + shown + " leaves the roll (..)";
    if (part.empty() || part == ".") return "path " + shown + " has an empty part or '.'";
  }
  return "";
}

std::vector<Entry> list_folder(const fs::path& folder, const std::string& shown) {
  std::vector<Entry> entries;
  std::uintmax_t bytes = 0;
  try {
    for (const auto& found : fs::recursive_directory_iterator(folder)) {
      entries.push_back(entry_of(folder, found, shown));
      bytes += entries.back().size;
      if (entries.size() > kMaxEntries || bytes > kMaxBytes) {
        throw Error(Fault::usage, shown + ": has more than " + std::to_string(kMaxEntries) +
                                      " files or " + std::to_string(kMaxBytes >> 30U) +
                                      " GiB, too much for a roll");
      }
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(Fault::io, "cannot read " + quote(shown) + ": " + error.code().message());
  }
  std::ranges::sort(entries, {}, &Entry::path);
  return entries;
}

void copy_folder(const fs::path& from, const std::vector<Entry>& entries, const fs::path& to) {
  const auto make_folder = [](const fs::path& path) {
    if (::mkdir(path.c_str(), 0755) != 0) cannot("make", path, errno);
  };
  make_folder(to);
  for (const auto& entry : entries) {
    const auto target = to / entry.path;
    if (entry.is_folder) {
      make_folder(target);
      continue;
    }
    const FileDescriptor file(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                                     entry.is_executable ? 0755 : 0644));
    if (!file) cannot("make", target, errno);
    read_blocks(from / entry.path, [&](std::string_view bytes) { write_all(file, target, bytes); });
  }
}

std::string checksum_of_file(const fs::path& path) {
  Sha256 sha256;
  read_blocks(path, [&](std::string_view bytes) { sha256.add(bytes); });
  return sha256.hex();
}

std::string checksum_of(const fs::path& folder) {
  Sha256 sha256;
  std::string whole;
  for (const auto& entry : list_folder(folder, folder.native())) {
    if (entry.is_folder) continue;
    read_blocks(folder / entry.path, [&](std::string_view bytes) { sha256.add(bytes); });
    whole += sha256.hex() + (entry.is_executable ? " x " : " - ") + entry.path + "\n";
  }
  sha256.add(whole);
  return sha256.hex();
}

}  // namespace cluster::rolls
