#include "node-agent/kernel/process_files.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/magic.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <thread>

#include "core/error.h"
#include "core/text.h"
#include "node-agent/kernel/mounts.h"

namespace cluster::agent {
namespace {

// This file passes 400 lines on purpose: one look at a process, a function for each kind of file.

namespace fs = std::filesystem;

constexpr std::string_view kAnonymous = "anon_inode:";
constexpr std::string_view kRing = "anon_inode:[io_uring]";
constexpr std::string_view kVfioDevice = "anon_inode:[vfio-device]";
constexpr std::string_view kBuffer = "/dmabuf:";
constexpr std::string_view kSocket = "socket:";

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
    if (remote || type.starts_with("fuse")) folders.push_back(unescaped(words[4]) + "/");
  }
  return folders;
}

std::string_view last_part(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // the whole when there is no '/'
}

// In maps an address has at least eight digits, in map_files it has no leading zeros.
std::string map_file(std::string_view range) {
  const auto dash = range.find('-');
  const auto bare = [](std::string_view number) {
    const auto start = number.find_first_not_of('0');
    return start == std::string_view::npos ? std::string("0") : std::string(number.substr(start));
  };
  return bare(range.substr(0, dash)) + "-" + bare(range.substr(dash + 1));
}

bool share_files(pid_t one, pid_t other) {
  return ::syscall(SYS_kcmp, one, other, KCMP_FILES, 0, 0) == 0;
}

// The state and the flags of a task: fields 3 and 9 of "812 (a) b) D 1 1 1 0 -1 4194564 ..."
// (proc(5)), with PF_EXITING and PF_KTHREAD of include/linux/sched.h.
struct TaskState {
  bool has_ended = false;
  bool is_ending = false;
  bool is_of_kernel = false;
};

std::optional<TaskState> task_state(std::string_view stat) {
  constexpr long long kExiting = 0x4;
  constexpr long long kKernel = 0x200000;
  const auto end = stat.rfind(") ");
  if (end == std::string_view::npos) return std::nullopt;
  const auto fields = split(stat.substr(end + 2), ' ');
  const auto flags = fields.size() > 6 ? parse_number(fields[6]) : std::nullopt;
  if (!flags) return std::nullopt;
  const bool ended = fields[0] == "Z" || fields[0] == "X";
  const bool of_kernel = (*flags & kKernel) != 0;
  return TaskState{ended, !ended && !of_kernel && (*flags & kExiting) != 0, of_kernel};
}

// The rest of the line "exp_name:\tdrm".
std::optional<std::string> value_of(std::string_view info, std::string_view key) {
  for (const auto line : split(info, '\n')) {
    if (line.starts_with(key)) return std::string(trim(line.substr(key.size())));
  }
  return std::nullopt;
}

}  // namespace

ProcessFiles::ProcessFiles(const fs::path& proc, const Wanted& wanted,
                           ProcessFilesListener listener)
    : proc_(::open(proc.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
      wanted_(wanted),
      listener_(std::move(listener)),
      remote_(remote_mounts(proc)) {
  if (!proc_) throw Error(Fault::io, "cannot read " + proc.native() + ": " + errno_text(errno));
  struct statfs system {};
  real_ = ::fstatfs(proc_.get(), &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
  struct statx root {};
  if (!wanted.sysfs.empty() &&
      ::statx(AT_FDCWD, wanted.sysfs.c_str(), AT_STATX_DONT_SYNC, STATX_TYPE, &root) == 0) {
    kinds_[{root.stx_dev_major, root.stx_dev_minor}] = Kind::sysfs;
  }
  for (const auto& [number, path] : wanted.nodes) names_.emplace(last_part(path), number);
}

void ProcessFiles::look_into(pid_t pid) {
  pid_ = pid;
  seen_ = {};
  const auto process = std::to_string(pid);
  const bool alone = is_alone(process);
  const bool bare = !has_memory(process);
  if (bare && alone) {
    // Most processes of an idle host are threads of the kernel, which have no files either.
    const auto state = task_state(read_all(process + "/stat"));
    if (state && (state->is_of_kernel || state->has_ended)) return;
  }
  const auto files = look_at_files(process);
  if (!alone) look_at_threads(process, files);
  if (!look_at_mappings(process) && files == 0 && !alone) {
    // A main thread that has ended shows no mappings, although the other threads still have them.
    each_entry(process + "/task", [&](int, const char* thread) {
      if (process != thread) look_at_mappings(process + "/task/" + thread);
    });
  }
  judge();
  if (bare && stays_ending(process)) listener_.ending(pid_);
}

// True when it has certainly one thread.
bool ProcessFiles::is_alone(const std::string& process) {
  struct statx task {};
  const auto path = process + "/task";
  if (::statx(proc_.get(), path.c_str(), AT_STATX_DONT_SYNC, STATX_NLINK, &task) != 0) {
    note(errno);
    return false;
  }
  return real_ && task.stx_nlink <= 3;  // beside it "." and ".."
}

// A thread of the kernel has neither memory nor a program (proc(5), /proc/PID/exe), and no more has
// a program that is ending: its memory goes first, and it may take minutes for hundreds of GiB.
bool ProcessFiles::has_memory(const std::string& process) const {
  std::array<char, 1> text{};
  return ::readlinkat(proc_.get(), (process + "/exe").c_str(), text.data(), text.size()) >= 0 ||
         errno != ENOENT;
}

bool ProcessFiles::is_ending(const std::string& process) {
  bool ending = false;
  each_entry(process + "/task", [&](int, const char* thread) {
    const auto state = task_state(read_all(process + "/task/" + thread + "/stat"));
    ending = ending || (state && state->is_ending);
  });
  return ending;
}

// An end takes less than a millisecond. Where a driver does not let go of the last file, it never
// comes, and no table shows that file any more (do_exit() in kernel/exit.c).
bool ProcessFiles::stays_ending(const std::string& process) {
  constexpr int kTries = 20;
  for (int tries = 0; tries < kTries; ++tries) {
    if (!is_ending(process)) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return is_ending(process);
}

// A main thread that has ended shows no files, although the other threads still have them. And a
// thread may have a file table of its own (unshare(2), CLONE_FILES).
void ProcessFiles::look_at_threads(const std::string& process, int files) {
  const auto path = process + "/task";
  std::vector<pid_t> tables;
  if (files > 0) tables.push_back(pid_);
  each_entry(path, [&](int, const char* name) {
    const auto thread = parse_number(name).value_or(0);
    if (thread == pid_) return;
    const auto same = [&](pid_t one) { return share_files(one, static_cast<pid_t>(thread)); };
    if (real_ && std::ranges::any_of(tables, same)) return;
    look_at_files(path + "/" + name);
    tables.push_back(static_cast<pid_t>(thread));
  });
}

// Returns the number of files. `task` is "812" or "812/task/815".
int ProcessFiles::look_at_files(const std::string& task) {
  int count = 0;
  each_entry(task + "/fd", [&](int folder, const char* name) {
    ++count;
    look_at_file(task, folder, name);
  });
  return count;
}

void ProcessFiles::look_at_file(const std::string& task, int folder, const char* name) {
  // For most files the text of the link is "socket:[4711]" or the like. It also tells when a file
  // is remote. Without remote file systems a stat waits for nobody, and is cheaper.
  if (!remote_.empty()) {
    const auto text = link_text(folder, name);
    if (text.starts_with(kAnonymous) || text.starts_with(kSocket)) {
      return look_at_anonymous(task, name, text);
    }
    if (!text.starts_with('/') || !is_local(text)) return;
  }
  struct statx status {};
  if (!look_at(folder, name, status)) {
    // Where /proc is only a folder, such a link leads nowhere.
    if (!real_) look_at_special(task, folder, name, Kind::anonymous);
    return;
  }
  if ((status.stx_mode & S_IFMT) == S_IFSOCK) return look_at_socket(task + "/fdinfo/" + name);
  if (!may_be_special(status)) return;
  const auto kind = kind_of(status, folder, name);
  if (kind != Kind::plain) look_at_special(task, folder, name, kind);
}

// Returns false when it could not be looked at.
bool ProcessFiles::look_at(int folder, const char* name, struct statx& status) {
  if (::statx(folder, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &status) != 0) {
    note(errno);
    return false;
  }
  const mode_t type = status.stx_mode & S_IFMT;
  if (type == S_IFCHR || type == S_IFBLK) look_at_node(status);
  return true;
}

void ProcessFiles::look_at_node(const struct statx& status) {
  const mode_t type = status.stx_mode & S_IFMT;
  const DeviceNumber number{type, status.stx_rdev_major, status.stx_rdev_minor};
  const bool in_range =
      type == S_IFCHR && std::ranges::any_of(wanted_.ranges, [&](const NodeRange& range) {
        return range.major == number.major && range.first <= number.minor &&
               number.minor <= range.last;
      });
  if (in_range || wanted_.nodes.contains(number)) {
    listener_.found({pid_, number});
    is_wanted_ = true;
  } else if (type == S_IFCHR) {
    constexpr unsigned kDrm = 226;  // Documentation/admin-guide/devices.txt
    constexpr unsigned kNvidia = 195;
    constexpr unsigned kShared = 254;  // nvidia-modeset and nvidiactl belong to no GPU
    seen_.other_gpu = seen_.other_gpu || number.major == kDrm ||
                      (number.major == kNvidia && number.minor < kShared);
  }
  if (type == S_IFCHR && wanted_.vfio_majors.contains(number.major)) seen_.vfio_group = true;
}

// Files of the kernel's own file systems have no major number, and files without a place no type.
bool ProcessFiles::may_be_special(const struct statx& status) const {
  const mode_t type = status.stx_mode & S_IFMT;
  if (type != 0 && type != S_IFREG) return false;
  return status.stx_dev_major == 0 || kinds_.contains({status.stx_dev_major, status.stx_dev_minor});
}

ProcessFiles::Kind ProcessFiles::kind_of(const struct statx& status, int folder, const char* name) {
  const std::pair<unsigned, unsigned> device{status.stx_dev_major, status.stx_dev_minor};
  if (const auto known = kinds_.find(device); known != kinds_.end()) return known->second;
  const auto text = link_text(folder, name);
  auto kind = Kind::plain;
  if (text.starts_with(kAnonymous)) kind = Kind::anonymous;
  if (text.starts_with(kBuffer)) kind = Kind::buffer;
  if (text.starts_with("/sys/")) kind = Kind::sysfs;  // of another network namespace
  return kinds_.emplace(device, kind).first->second;
}

void ProcessFiles::look_at_special(const std::string& task, int folder, const char* name,
                                   Kind kind) {
  const auto text = link_text(folder, name);
  if (kind == Kind::sysfs) return look_at_region(text);
  look_at_anonymous(task, name, text);
}

void ProcessFiles::look_at_anonymous(const std::string& task, const char* name,
                                     std::string_view text) {
  const auto info = task + "/fdinfo/" + name;
  if (text.starts_with(kSocket)) return look_at_socket(info);
  if (text == kRing) return look_at_ring(info);
  if (text == kVfioDevice) return look_at_vfio_device(info);
  if (text.starts_with(kBuffer)) look_at_buffer(info);
}

void ProcessFiles::look_at_socket(const std::string& info) {
  const auto count = value_of(read_all(info), "scm_fds:");
  if (count && *count != "0") listener_.handed_over(pid_);
}

// An io_uring holds files that are in no file table: "UserFiles:\t2" and a line "    0: PATH" or,
// in kernels before 5.12, "    0: NAME" for each (io_uring/fdinfo.c). While the ring is busy the
// kernel does not list them.
void ProcessFiles::look_at_ring(const std::string& info) {
  constexpr int kTries = 20;
  for (int tries = 0; tries < kTries; ++tries) {
    if (tries > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const auto text = read_all(info);
    if (text.empty()) return;  // has gone
    bool listed =
        value_of(text, "UserFiles:") == "0" || text.find("PollList:") != std::string::npos;
    bool of_files = false;
    for (const auto line : split(text, '\n')) {
      if (line.starts_with("UserFiles:")) {
        of_files = true;
        continue;
      }
      if (!line.starts_with(' ')) of_files = false;
      const auto colon = line.find(": ");
      if (!of_files || colon == std::string_view::npos) continue;
      listed = true;
      const auto name = names_.find(last_part(trim(line.substr(colon + 2))));
      if (name != names_.end()) listener_.found({pid_, name->second});
    }
    if (listed) return;
  }
  listener_.unreadable(pid_);
}

void ProcessFiles::look_at_buffer(const std::string& info) {
  seen_.buffer_file = true;
  const auto exporter = value_of(read_all(info), "exp_name:");
  if (exporter && wanted_.exporters.contains(*exporter)) {
    seen_.buffers.insert("a buffer of " + *exporter +
                         " (dma-buf; the kernel tells not of which card)");
  }
}

// "vfio-device-syspath: /sys/devices/.../0000:02:00.0", since Linux 6.18.
void ProcessFiles::look_at_vfio_device(const std::string& info) {
  const auto path = value_of(read_all(info), "vfio-device-syspath:");
  if (!path) {
    seen_.vfio_device = true;
    return;
  }
  const auto parts = split(*path, '/');
  if (std::ranges::any_of(wanted_.devices, [&](const auto& device) {
        return std::ranges::find(parts, device) != parts.end();
      })) {
    found_thing("the vfio device " + std::string(last_part(*path)), true);
  }
}

// ".../0000:02:00.0/resource0_wc" (Documentation/PCI/sysfs-pci.rst).
void ProcessFiles::look_at_region(std::string_view path) {
  const auto file = last_part(path);
  if (!file.starts_with("resource") || file.size() == path.size()) return;
  const auto folder = last_part(path.substr(0, path.size() - file.size() - 1));
  const auto number = file.substr(8, file.find('_') - std::min<std::size_t>(8, file.find('_')));
  if (!parse_number(number)) return;
  if (std::ranges::find(wanted_.devices, folder) != wanted_.devices.end()) {
    found_thing("region " + std::string(number) + " of " + std::string(folder));
  }
}

// Returns false when there is none.
bool ProcessFiles::look_at_mappings(const std::string& task) {
  const auto text = read_all(task + "/maps");
  for (const auto line : split(text, '\n')) look_at_mapping(task, line);
  return !text.empty();
}

// "7f00-7f10 rw-s 100000000 00:05 641                  /dev/dri/card0" is a mapping, and
// map_files/7f00-7f10 is a link to that file. Files that all processes map, the libraries, are
// looked at once.
void ProcessFiles::look_at_mapping(const std::string& task, std::string_view line) {
  const auto path = line.find('/');
  if (path == std::string_view::npos) {
    if (line.ends_with(kVfioDevice)) seen_.vfio_device = true;
    return;
  }
  const auto name = line.substr(path);
  if (name.starts_with(kBuffer)) {
    // Nothing tells the exporter of a buffer that is mapped and not open.
    if (!seen_.buffer_file && !wanted_.exporters.empty()) {
      seen_.buffers.insert("a mapped buffer (dma-buf; the kernel tells not of which card)");
    }
    return;
  }
  look_at_region(name);
  std::size_t device = 0;
  for (int field = 0; field < 3; ++field) device = line.find(' ', device) + 1;
  std::string file(line.substr(device));
  if (harmless_.contains(file) || !is_local(name)) return;
  // The kernel has map_files for a whole process, as long as its main thread has not ended.
  const bool of_thread = task.find('/') != std::string::npos;
  const auto link = of_thread ? task + "/root" + std::string(name)
                              : task + "/map_files/" + map_file(line.substr(0, line.find(' ')));
  is_wanted_ = false;
  struct statx status {};
  if (look_at(proc_.get(), link.c_str(), status) && !is_wanted_) harmless_.insert(std::move(file));
}

// A buffer is taken for one of another GPU if the process has a node of that one open, and a device
// of vfio for one of a group that it has open.
void ProcessFiles::judge() {
  if (!seen_.other_gpu) {
    for (const auto& thing : seen_.buffers) found_thing(thing);
  }
  if (seen_.vfio_device && !seen_.vfio_group && !wanted_.vfio_majors.empty()) {
    found_thing("a device of vfio (the kernel tells not which)", true);
  }
}

bool ProcessFiles::is_local(std::string_view path) const {
  if (path.starts_with("/dev/") || path.starts_with(kBuffer)) return true;
  return std::ranges::none_of(remote_, [&](const auto& one) { return path.starts_with(one); });
}

std::string ProcessFiles::link_text(int folder, const char* name) const {
  std::array<char, PATH_MAX> text{};
  const auto size = ::readlinkat(folder, name, text.data(), text.size());
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

std::string ProcessFiles::read_all(const std::string& path) {
  const FileDescriptor file(::openat(proc_.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (!file) {
    note(errno);
    return text;
  }
  for (;;) {
    listener_.moved();
    const auto count = ::read(file.get(), block_.data(), block_.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) note(errno);
    if (count <= 0) return text;
    text.append(block_.data(), static_cast<std::size_t>(count));
  }
}

// An entry is two numbers of 64 bits, its own length in 16 bits, its type in 8, and the name
// (getdents64(2)). opendir(3) makes two more system calls for each folder, and a scan looks into
// thousands.
template <typename Visit>
void ProcessFiles::each_entry(const std::string& path, Visit visit) {
  const FileDescriptor folder(
      ::openat(proc_.get(), path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return note(errno);
  constexpr std::size_t kLength = 16;
  constexpr std::size_t kName = 19;
  std::array<char, 16384> entries;
  for (;;) {
    const auto size = ::syscall(SYS_getdents64, folder.get(), entries.data(), entries.size());
    if (size < 0) note(errno);
    if (size <= 0) return;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      listener_.moved();
      const auto* name = entries.data() + at + kName;
      std::uint16_t length = 0;
      std::memcpy(&length, entries.data() + at + kLength, sizeof(length));
      at += length;
      if (name[0] != '.') visit(folder.get(), name);
    }
  }
}

void ProcessFiles::found_thing(std::string thing, bool of_vfio) {
  listener_.found({pid_, {}, std::move(thing), of_vfio});
}

// It does not matter that a process has just ended.
void ProcessFiles::note(int code) {
  if (code != ENOENT && code != ESRCH && code != ENOTDIR) listener_.unreadable(pid_);
}

}  // namespace cluster::agent
