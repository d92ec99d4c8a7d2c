#include "rolls/engine/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/shared_library.h"
#include "core/text.h"

namespace cluster::rolls {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 1U << 16U;
// The gzip of text or packages is never 200 times smaller; the gzip of zeros is 1000 times smaller.
constexpr std::uintmax_t kMaxRatio = 200;
constexpr std::uintmax_t kSmall = 16U << 20U;  // a smaller output harms nobody

// The library is opened when an archive is read or written, and is never linked.
struct LibArchive {
  SharedLibrary library{"libarchive.so.13", "libarchive13, from Debian 13 on libarchive13t64"};
// NOLINTNEXTLINE(bugprone-macro-parentheses): it is a name, and no expression
#define ROLLCALL_FUNCTION(name) decltype(&::name) name = library.symbol(#name)
  ROLLCALL_FUNCTION(archive_error_string);
  ROLLCALL_FUNCTION(archive_filter_bytes);
  ROLLCALL_FUNCTION(archive_read_new);
  ROLLCALL_FUNCTION(archive_read_free);
  ROLLCALL_FUNCTION(archive_read_support_filter_gzip);
  ROLLCALL_FUNCTION(archive_read_support_format_tar);
  ROLLCALL_FUNCTION(archive_read_open_filename);
  ROLLCALL_FUNCTION(archive_read_next_header);
  ROLLCALL_FUNCTION(archive_read_data);
  ROLLCALL_FUNCTION(archive_write_new);
  ROLLCALL_FUNCTION(archive_write_free);
  ROLLCALL_FUNCTION(archive_write_add_filter_gzip);
  ROLLCALL_FUNCTION(archive_write_set_format_pax_restricted);
  ROLLCALL_FUNCTION(archive_write_set_options);
  ROLLCALL_FUNCTION(archive_write_open_filename);
  ROLLCALL_FUNCTION(archive_write_header);
  ROLLCALL_FUNCTION(archive_write_data);
  ROLLCALL_FUNCTION(archive_write_close);
  ROLLCALL_FUNCTION(archive_entry_new);
  ROLLCALL_FUNCTION(archive_entry_free);
  ROLLCALL_FUNCTION(archive_entry_pathname);
  ROLLCALL_FUNCTION(archive_entry_filetype);
  ROLLCALL_FUNCTION(archive_entry_hardlink);
  ROLLCALL_FUNCTION(archive_entry_perm);
  ROLLCALL_FUNCTION(archive_entry_size);
  ROLLCALL_FUNCTION(archive_entry_set_pathname);
  ROLLCALL_FUNCTION(archive_entry_set_filetype);
  ROLLCALL_FUNCTION(archive_entry_set_perm);
  ROLLCALL_FUNCTION(archive_entry_set_size);
  ROLLCALL_FUNCTION(archive_entry_set_mtime);
#undef ROLLCALL_FUNCTION
};

class Unpacker {
 public:
  Unpacker(fs::path archive, fs::path folder, std::size_t most)
      : file_(std::move(archive)), folder_(std::move(folder)), most_(most) {}

  void unpack() {
    lib_.archive_read_support_filter_gzip(in_.get());
    lib_.archive_read_support_format_tar(in_.get());
    if (lib_.archive_read_open_filename(in_.get(), file_.c_str(), kBlock) != ARCHIVE_OK) {
      throw Error(Fault::io, file_.native() + ": " + reason());
    }
    for (;;) {
      ::archive_entry* entry = nullptr;
      const int code = lib_.archive_read_next_header(in_.get(), &entry);
      if (code == ARCHIVE_EOF) return;
      // A warning, of a damaged extension for example, counts as an error: nobody sends such a
      // roll.
      if (code != ARCHIVE_OK) refuse("is not a .tar.gz: " + reason());
      take(entry);
    }
  }

 private:
  void count() {
    if (++entries_ > most_) {
      refuse("has more than " + std::to_string(most_) + " files, too many for a roll");
    }
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(Fault::usage, file_.native() + ": " + why);
  }

  std::string reason() const {
    const char* text = lib_.archive_error_string(in_.get());
    return text == nullptr ? "unknown error" : text;
  }

  void take(::archive_entry* entry) {
    const char* name = lib_.archive_entry_pathname(entry);
    if (name == nullptr) refuse("a file has no name that can be shown");
    std::string path = name;
    if (path.starts_with("./")) path.erase(0, 2);
    if (path.ends_with('/')) path.pop_back();
    if (path.empty() || path == ".") return count();  // the folder that tar was called in
    if (const auto why = why_not_inside(path); !why.empty()) refuse(why);
    const auto type = lib_.archive_entry_filetype(entry);
    if (lib_.archive_entry_hardlink(entry) != nullptr || (type != AE_IFREG && type != AE_IFDIR)) {
      refuse(quote(path) + " is a " +
             (type == AE_IFREG || type == AE_IFLNK || type == 0 ? "link" : "special file") +
             "; a roll holds plain files and folders alone");
    }
    // We made every folder here, so none of them can be a link that leads out.
    make_folders(type == AE_IFDIR ? path : fs::path(path).parent_path().native());
    if (type != AE_IFREG) return;
    const auto before = bytes_;
    write_file(path, (lib_.archive_entry_perm(entry) & S_IXUSR) != 0);
    // libarchive leaves out a hole at the end of a file.
    if (bytes_ - before != static_cast<std::uintmax_t>(lib_.archive_entry_size(entry))) {
      refuse(quote(path) + ": has holes; want all of it (tar without --sparse)");
    }
  }

  void make_folders(const std::string& path) {
    if (path.empty() || folders_.contains(path)) return;
    count();
    make_folders(fs::path(path).parent_path().native());
    if (::mkdir((folder_ / path).c_str(), 0755) != 0) cannot("make", folder_ / path, errno);
    folders_.insert(path);
  }

  void write_file(const std::string& path, bool executable) {
    count();
    const auto target = folder_ / path;
    const FileDescriptor file(
        ::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, executable ? 0755 : 0644));
    if (!file && errno == EEXIST) refuse(quote(path) + " is in it twice");
    if (!file) cannot("make", target, errno);
    std::array<char, kBlock> block{};
    for (;;) {
      const auto count = lib_.archive_read_data(in_.get(), block.data(), block.size());
      if (count < 0) refuse(quote(path) + ": " + reason());
      if (count == 0) return;
      bytes_ += static_cast<std::uintmax_t>(count);
      const auto packed = static_cast<std::uintmax_t>(
          std::max<std::int64_t>(lib_.archive_filter_bytes(in_.get(), -1), 1));
      if (bytes_ > kMaxBytes || (bytes_ > kSmall && bytes_ / packed > kMaxRatio)) {
        refuse("unpacks to far more than it is (more than " + std::to_string(bytes_ >> 20U) +
               " MiB); a roll does not");
      }
      write_all(file, target, {block.data(), static_cast<std::size_t>(count)});
    }
  }

  fs::path file_;
  fs::path folder_;
  std::size_t most_;
  LibArchive lib_;
  std::unique_ptr<::archive, decltype(&::archive_read_free)> in_{lib_.archive_read_new(),
                                                                 lib_.archive_read_free};
  std::set<std::string> folders_;
  std::size_t entries_ = 0;
  std::uintmax_t bytes_ = 0;
};

}  // namespace

void unpack(const fs::path& archive, const fs::path& folder, std::size_t most) {
  Unpacker(archive, folder, most).unpack();
}

fs::path find_roll_folder(const fs::path& folder) {
  if (fs::exists(folder / "roll.yaml")) return folder;
  std::vector<fs::path> below;
  for (const auto& entry : fs::directory_iterator(folder)) below.push_back(entry.path());
  return below.size() == 1 && fs::is_directory(below[0]) ? below[0] : folder;
}

void pack(const fs::path& folder, const std::string& full_name, const fs::path& archive) {
  const auto entries = list_folder(folder, folder.native());
  const LibArchive lib;
  const std::unique_ptr<::archive, decltype(&::archive_write_free)> out{lib.archive_write_new(),
                                                                        lib.archive_write_free};
  const auto check = [&](la_ssize_t code) {
    if (code >= 0) return;
    const char* text = lib.archive_error_string(out.get());
    throw Error(Fault::io, "cannot write " + quote(archive.native()) + ": " +
                               (text == nullptr ? "unknown error" : text));
  };
  check(lib.archive_write_add_filter_gzip(out.get()));
  check(lib.archive_write_set_format_pax_restricted(out.get()));
  check(lib.archive_write_set_options(out.get(), "gzip:!timestamp"));
  check(lib.archive_write_open_filename(out.get(), archive.c_str()));
  const auto add = [&](const std::string& path, const Entry& what) {
    const std::unique_ptr<::archive_entry, decltype(&::archive_entry_free)> entry{
        lib.archive_entry_new(), lib.archive_entry_free};
    lib.archive_entry_set_pathname(entry.get(), path.c_str());
    lib.archive_entry_set_filetype(entry.get(), what.is_folder ? AE_IFDIR : AE_IFREG);
    lib.archive_entry_set_perm(entry.get(), what.is_folder || what.is_executable ? 0755 : 0644);
    lib.archive_entry_set_size(entry.get(), static_cast<la_int64_t>(what.size));
    lib.archive_entry_set_mtime(entry.get(), 0, 0);
    check(lib.archive_write_header(out.get(), entry.get()));
  };
  add(full_name, {"", true, false, 0});
  for (const auto& entry : entries) {
    add(full_name + "/" + entry.path, entry);
    if (entry.is_folder) continue;
    read_blocks(folder / entry.path, [&](std::string_view bytes) {
      check(lib.archive_write_data(out.get(), bytes.data(), bytes.size()));
    });
  }
  check(lib.archive_write_close(out.get()));
}

}  // namespace cluster::rolls
