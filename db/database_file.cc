#include "db/database_file.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>
#include <tuple>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace cluster::db {
namespace {

namespace fs = std::filesystem;

bool may(const fs::path& path, int how) {
  return faccessat(AT_FDCWD, path.c_str(), how, AT_EACCESS) == 0;
}

fs::path folder_of_file(const fs::path& file) {
  const auto folder = file.parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

std::optional<struct stat> look_at(const fs::path& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return std::nullopt;
  return found;
}

std::string name_of_user(uid_t id) {
  const auto* entry = getpwuid(id);
  return entry == nullptr ? "user " + std::to_string(id) : entry->pw_name;
}

std::string name_of_group(gid_t id) {
  const auto* entry = getgrgid(id);
  return entry == nullptr ? std::to_string(id) : entry->gr_name;
}

// Says who has the right that `group_right` gives to the group of `path`.
std::string who_may(const fs::path& path, mode_t group_right) {
  const auto found = look_at(path);
  if (!found) return "be root (sudo)";
  std::string who = "be " + name_of_user(found->st_uid);
  if (found->st_uid == 0) who += " (sudo)";
  if ((found->st_mode & group_right) != 0) {
    who += ", or a member of group " + name_of_group(found->st_gid);
  }
  return who;
}

// The nearest thing on the way to `path` that cannot be entered; "" when all can.
fs::path closed_folder(const fs::path& path) {
  fs::path way;
  for (const auto& part : fs::absolute(path).parent_path()) {
    way /= part;
    if (!may(way, X_OK) && errno == EACCES) return way;
  }
  return {};
}

// What tells whether a file was changed: its inode, size and times. A file that is not there is 0.
using Stamp = std::tuple<ino_t, off_t, time_t, long>;

Stamp stamp_of(const fs::path& file) {
  const auto found = look_at(file);
  if (!found) return {};
  return {found->st_ino, found->st_size, found->st_mtim.tv_sec, found->st_mtim.tv_nsec};
}

// The kernel stamps files by a clock that ticks: two changes in one tick look like one.
bool is_fresh(const Stamp& stamp) {
  constexpr long kTicksNs = 20'000'000;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const auto age_s = now.tv_sec - std::get<2>(stamp);
  const auto age_ns = now.tv_nsec - std::get<3>(stamp);
  return (age_s == 0 && age_ns < kTicksNs) || (age_s == 1 && age_ns + 1'000'000'000 < kTicksNs);
}

fs::path make_private_folder() {
  const char* chosen = std::getenv("TMPDIR");
  std::vector<std::string> places{"/dev/shm", "/tmp", "/var/tmp"};
  if (chosen != nullptr && *chosen == '/') places.insert(places.begin(), chosen);
  for (const auto& place : places) {
    auto name = place + "/cluster-XXXXXX";
    if (mkdtemp(name.data()) != nullptr) return name;
  }
  throw Error(Fault::io,
              "cannot be read without writing beside it, and no folder takes a copy (TMPDIR=): " +
                  errno_text(errno));
}

}  // namespace

void require_database_file(const fs::path& file) {
  const auto found = look_at(file);
  if (!found) return;
  if (S_ISDIR(found->st_mode)) throw Error(Fault::io, "is a folder");
  if (!S_ISREG(found->st_mode)) throw Error(Fault::io, "is no regular file");
  if ((found->st_mode & S_IWOTH) != 0) {
    throw Error(Fault::refused,
                "everybody may write to it (want `chmod o-w` after a look at what is in it)");
  }
}

void make_database_file(const fs::path& file) {
  const auto folder = folder_of_file(file);
  const auto before = umask(022);
  std::error_code failure;
  fs::create_directories(folder, failure);
  umask(before);
  if (failure) {
    throw Error(Fault::io, "cannot make its folder: " + failure.message() +
                               (failure == std::errc::permission_denied
                                    ? " (be root, or name a file of your own: db= or $CLUSTER_DB)"
                                    : ""));
  }
  const auto around = look_at(folder);
  const bool shared =
      around && (around->st_mode & S_IWGRP) != 0 && (around->st_mode & S_ISGID) != 0;
  const FileDescriptor made(open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!made) return;  // it is there already, or the database says why not
  fchmod(made.get(), shared ? 0660 : static_cast<mode_t>(0644 & ~before));
}

std::string why_unwritable(const fs::path& file) {
  if (may(file, W_OK) && may(folder_of_file(file), W_OK)) return "";
  const int code = errno;
  std::error_code unseen;
  if (code == ENOENT && fs::is_symlink(file, unseen)) {
    return "is a link to " + quote(fs::read_symlink(file, unseen).native()) +
           ", which is not there, nor is its folder";
  }
  struct statvfs system {};
  if (code == EROFS || (statvfs(file.c_str(), &system) == 0 && (system.f_flag & ST_RDONLY) != 0)) {
    return "is on a file system that is read-only";
  }
  if (!may(file, W_OK)) return "is not writable: " + who_may(file, S_IWGRP);
  return "is not writable, for nothing can be made in its folder: " +
         who_may(folder_of_file(file), S_IWGRP);
}

std::string why_unreadable(const fs::path& file) {
  if (const auto closed = closed_folder(file); !closed.empty()) {
    return "its folder " + quote(closed.native()) +
           " is closed to you: " + who_may(closed, S_IXGRP);
  }
  if (may(file, R_OK) || errno == ENOENT) return "";
  if (errno != EACCES) return errno_text(errno);
  return "is not readable: " + who_may(file, S_IRGRP);
}

PrivateCopy::PrivateCopy(const fs::path& original) : folder_(make_private_folder()) {
  constexpr int kTries = 100;
  constexpr std::chrono::milliseconds kPause(20);
  const auto log = fs::path(original.native() + "-wal");
  const auto log_copy = fs::path(file().native() + "-wal");
  try {
    for (int tries = 0; tries < kTries; ++tries) {
      const std::array before{stamp_of(original), stamp_of(log)};
      if (!is_fresh(before[0]) && !is_fresh(before[1])) {
        fs::copy_file(original, file(), fs::copy_options::overwrite_existing);
        fs::remove(log_copy);
        if (std::get<1>(before[1]) > 0) fs::copy_file(log, log_copy);
        if (before == std::array{stamp_of(original), stamp_of(log)}) {
          fs::permissions(file(), fs::perms::owner_read | fs::perms::owner_write);
          return;
        }
      }
      std::this_thread::sleep_for(kPause);
    }
    throw Error(Fault::io, "others write to it without a pause: try again");
  } catch (const fs::filesystem_error& error) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    throw Error(Fault::io, "cannot be copied for reading: " + error.code().message());
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    throw;
  }
}

PrivateCopy::~PrivateCopy() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace cluster::db
