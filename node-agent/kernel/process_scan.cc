#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>
#include <optional>
#include <unordered_set>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/kernel/process_table.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

// The mounts on which a stat may wait for a server that is dead. "/" is left out: a host whose own
// root is gone has other worries.
std::vector<std::string> remote_mounts(const fs::path& proc) {
  constexpr std::array<std::string_view, 11> kRemote{
      "nfs", "nfs4", "cifs", "smb3", "ceph", "9p", "lustre", "gpfs", "beegfs", "afs", "ocfs2"};
  std::vector<std::string> folders;
  const auto table = read_file(proc / "self/mountinfo").value_or("");
  for (const auto line : split(table, '\n')) {
    // "36 35 0:41 / /home rw,noatime shared:1 - nfs4 server:/home rw" (proc(5))
    const auto words = split(line, ' ');
    const auto dash = line.find(" - ");
    if (words.size() < 5 || dash == std::string_view::npos || words[4] == "/") continue;
    const auto type = split(line.substr(dash + 3), ' ').front();
    const bool remote = std::ranges::find(kRemote, type) != kRemote.end();
    if (remote || type.starts_with("fuse")) folders.push_back(std::string(words[4]) + "/");
  }
  return folders;
}

class Scan {
 public:
  Scan(const fs::path& proc, const std::set<DeviceNumber>& wanted)
      : proc_(::open(proc.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
        wanted_(wanted),
        remote_(remote_mounts(proc)) {
    if (!proc_) throw Error(Fault::io, "cannot read " + proc.native() + ": " + errno_text(errno));
  }

  Handles run(const std::vector<pid_t>& pids) {
    for (const auto pid : pids) {
      pid_ = pid;
      const auto process = std::to_string(pid);
      look_into(process);
    }
    return std::move(handles_);
  }

 private:
  void look_into(const std::string& process) {
    // A main thread that has ended shows no files, although the other threads still have them.
    if (look_at_files(process + "/fd") == 0) {
      each_entry(process + "/task", [&](DIR*, const char* thread) {
        if (process != thread) look_at_files(process + "/task/" + thread + "/fd");
      });
    }
    look_at_mappings(process);
  }

  // Returns the number of files.
  int look_at_files(const std::string& path) {
    int count = 0;
    each_entry(path, [&](DIR* folder, const char* name) {
      ++count;
      if (may_be_device(::dirfd(folder), name)) look_at(::dirfd(folder), name);
    });
    return count;
  }

  // For most files the text of the link is "socket:[4711]" or the like. It also tells when a file
  // is remote.
  bool may_be_device(int folder, const char* name) {
    if (remote_.empty()) return true;  // then a stat waits for nobody
    std::array<char, PATH_MAX> text{};
    const auto size = ::readlinkat(folder, name, text.data(), text.size());
    if (size <= 0 || text[0] != '/') return false;
    return is_local({text.data(), static_cast<std::size_t>(size)});
  }

  bool is_local(std::string_view path) const {
    if (path.starts_with("/dev/")) return true;
    return std::ranges::none_of(remote_, [&](const auto& one) { return path.starts_with(one); });
  }

  // Returns false when it could not be looked at.
  bool look_at(int folder, const char* name) {
    struct statx status {};
    if (::statx(folder, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &status) != 0) {
      note(errno);
      return false;
    }
    const mode_t type = status.stx_mode & S_IFMT;
    if (type != S_IFCHR && type != S_IFBLK) return true;
    const DeviceNumber number{type, status.stx_rdev_major, status.stx_rdev_minor};
    if (!wanted_.contains(number)) return true;
    handles_.found.insert({pid_, number});
    is_wanted_ = true;
    return true;
  }

  // "7f00-7f10 rw-s 100000000 00:05 641                  /dev/dri/card0" is a mapping, and
  // map_files/7f00-7f10 is a link to that file. Files that all processes map, the libraries, are
  // looked at once.
  void look_at_mappings(const std::string& process) {
    const auto text = read_all(process + "/maps");
    for (const auto line : split(text, '\n')) {
      const auto path = line.find('/');
      if (path == std::string_view::npos || !is_local(line.substr(path))) continue;
      std::size_t device = 0;
      for (int field = 0; field < 3; ++field) device = line.find(' ', device) + 1;
      std::string file(line.substr(device));
      if (harmless_.contains(file)) continue;
      const auto link = process + "/map_files/" + map_file(line.substr(0, line.find(' ')));
      is_wanted_ = false;
      if (look_at(proc_.get(), link.c_str()) && !is_wanted_) harmless_.insert(std::move(file));
    }
  }

  // In maps an address has at least eight digits, in map_files it has no leading zeros.
  static std::string map_file(std::string_view range) {
    const auto dash = range.find('-');
    const auto bare = [](std::string_view number) {
      const auto start = number.find_first_not_of('0');
      return start == std::string_view::npos ? std::string("0") : std::string(number.substr(start));
    };
    return bare(range.substr(0, dash)) + "-" + bare(range.substr(dash + 1));
  }

  std::string read_all(const std::string& path) {
    const FileDescriptor file(::openat(proc_.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    if (!file) {
      note(errno);
      return text;
    }
    for (;;) {
      const auto count = ::read(file.get(), block_.data(), block_.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) note(errno);
      if (count <= 0) return text;
      text.append(block_.data(), static_cast<std::size_t>(count));
    }
  }

  template <typename Visit>
  void each_entry(const std::string& path, Visit visit) {
    FileDescriptor file(::openat(proc_.get(), path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!file) return note(errno);
    const Folder folder(::fdopendir(file.get()));
    if (!folder) return note(errno);
    file.release();
    while (const auto* entry = ::readdir(folder.get())) {
      if (entry->d_name[0] != '.') visit(folder.get(), entry->d_name);
    }
  }

  // It does not matter that a process has just ended.
  void note(int code) {
    if (code != ENOENT && code != ESRCH && code != ENOTDIR) handles_.unreadable.insert(pid_);
  }

  FileDescriptor proc_;
  const std::set<DeviceNumber>& wanted_;
  std::vector<std::string> remote_;
  std::unordered_set<std::string> harmless_;
  std::array<char, 32768> block_{};
  Handles handles_;
  pid_t pid_ = 0;
  bool is_wanted_ = false;
};

}  // namespace

Handles ProcessTable::find(const std::set<DeviceNumber>& wanted) const {
  if (wanted.empty()) return {};
  return Scan(proc_, wanted).run(all());
}

}  // namespace cluster::agent
