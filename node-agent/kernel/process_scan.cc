#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <optional>
#include <span>

#include "core/error.h"
#include "core/file.h"
#include "node-agent/kernel/close_files.h"
#include "node-agent/kernel/process_files.h"

namespace cluster::agent {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kScanPatience{2000};
constexpr std::chrono::milliseconds kLaterPatience{250};  // once one process did not answer
constexpr std::chrono::seconds kWholeScan{60};
constexpr std::chrono::milliseconds kGlance{100};

// What the child is doing, in memory that it shares with its parent.
struct Progress {
  std::atomic<std::size_t> at{0};  // the index of the process that it looks into
  std::atomic<std::size_t> moves{0};
};

class SharedProgress {
 public:
  SharedProgress()
      : memory_(::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) throw Error(Fault::io, "cannot get memory: " + errno_text(errno));
    progress_ = new (memory_) Progress;
  }
  SharedProgress(const SharedProgress&) = delete;
  SharedProgress& operator=(const SharedProgress&) = delete;
  ~SharedProgress() { ::munmap(memory_, sizeof(Progress)); }

  Progress* operator->() const { return progress_; }

 private:
  void* memory_;
  Progress* progress_ = nullptr;
};

// What the child tells, in one write: the kernel keeps it in one piece (pipe(7), PIPE_BUF).
struct Message {
  enum class Kind { found, unreadable, handed_over, ending, done } kind = Kind::done;
  pid_t pid = 0;
  DeviceNumber number{};
  bool of_vfio = false;
  std::array<char, 160> thing{};
};

void tell(int to, const Message& message) {
  if (::write(to, &message, sizeof message) != sizeof message) ::_exit(1);
}

// This runs in the child. It keeps nothing open for which others may wait, as it may never end.
[[noreturn]] void look(const std::filesystem::path& proc, const Wanted& wanted,
                       std::span<const pid_t> pids, std::size_t first,
                       const SharedProgress& progress, int to) {
  close_files_but(to);
  try {
    ProcessFiles files(
        proc, wanted,
        {.found =
             [&](const Handle& handle) {
               Message message{Message::Kind::found, handle.pid, handle.number, handle.of_vfio};
               handle.thing.copy(message.thing.data(), message.thing.size() - 1);
               tell(to, message);
             },
         .unreadable =
             [&](pid_t pid) { tell(to, {.kind = Message::Kind::unreadable, .pid = pid}); },
         .handed_over =
             [&](pid_t pid) { tell(to, {.kind = Message::Kind::handed_over, .pid = pid}); },
         .ending = [&](pid_t pid) { tell(to, {.kind = Message::Kind::ending, .pid = pid}); },
         .moved = [&] { progress->moves.fetch_add(1, std::memory_order_relaxed); }});
    for (auto at = first; at < pids.size(); ++at) {
      progress->at.store(at, std::memory_order_relaxed);
      files.look_into(pids[at]);
    }
    tell(to, {});
  } catch (const std::exception&) {
    ::_exit(1);
  }
  ::_exit(0);
}

class ScanChild {
 public:
  ScanChild(const std::filesystem::path& proc, const Wanted& wanted, std::span<const pid_t> pids,
            std::size_t first, const SharedProgress& progress) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      throw Error(Fault::io, "cannot make a pipe: " + errno_text(errno));
    }
    answer_ = FileDescriptor(ends[0]);
    FileDescriptor question(ends[1]);
    child_ = ::fork();
    if (child_ < 0) throw Error(Fault::io, "cannot start a child: " + errno_text(errno));
    if (child_ == 0) look(proc, wanted, pids, first, progress, question.get());
  }
  ScanChild(const ScanChild&) = delete;
  ScanChild& operator=(const ScanChild&) = delete;

  // It is killed where it is. That is obeyed when the kernel lets it go; nobody waits for that.
  ~ScanChild() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, ended_ ? 0 : WNOHANG);
  }

  // Waits a moment for a message. Returns nothing when none came, or when the child has ended.
  std::optional<Message> next() {
    pollfd waiting{answer_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(kGlance.count())) <= 0) return std::nullopt;
    Message message;
    const auto size = ::read(answer_.get(), &message, sizeof message);
    if (size == sizeof message) {
      ended_ = message.kind == Message::Kind::done;
      return message;
    }
    ended_ = size >= 0 || errno != EINTR;
    return std::nullopt;
  }

  bool ended() const { return ended_; }

 private:
  FileDescriptor answer_;
  pid_t child_ = 0;
  bool ended_ = false;
};

class Scan {
 public:
  Scan(const std::filesystem::path& proc, const Wanted& wanted, std::vector<pid_t> pids)
      : proc_(proc), wanted_(wanted), pids_(std::move(pids)) {}

  Handles run() {
    while (next_ < pids_.size()) {
      if (Clock::now() >= end_) {
        for (; next_ < pids_.size(); ++next_) give_up_on(pids_[next_]);
        break;
      }
      look_on();
    }
    return std::move(handles_);
  }

 private:
  // Lets a child look at the processes from next_ on, until it has ended or does not go on.
  void look_on() {
    progress_->at = next_;
    ScanChild child(proc_, wanted_, pids_, next_, progress_);
    auto moves = progress_->moves.load();
    auto moved = Clock::now();
    for (;;) {
      if (const auto message = child.next()) {
        if (message->kind == Message::Kind::done) {
          next_ = pids_.size();
          return;
        }
        take(*message);
        continue;
      }
      const auto now = Clock::now();
      if (progress_->moves.load() != moves) {
        moves = progress_->moves.load();
        moved = now;
      }
      if (!child.ended() && now - moved < patience_ && now < end_) continue;
      next_ = progress_->at;
      give_up_on(pids_[next_++]);
      patience_ = kLaterPatience;
      return;
    }
  }

  void take(const Message& message) {
    if (message.kind == Message::Kind::unreadable) {
      handles_.unreadable.insert(message.pid);
    } else if (message.kind == Message::Kind::handed_over) {
      handles_.handed_over.insert(message.pid);
    } else if (message.kind == Message::Kind::ending) {
      handles_.ending.insert(message.pid);
    } else {
      handles_.found.insert({message.pid, message.number, message.thing.data(), message.of_vfio});
    }
  }

  void give_up_on(pid_t pid) {
    handles_.unreadable.insert(pid);
    handles_.silent.insert(pid);
  }

  const std::filesystem::path& proc_;
  const Wanted& wanted_;
  std::vector<pid_t> pids_;
  SharedProgress progress_;
  Handles handles_;
  std::size_t next_ = 0;
  std::chrono::milliseconds patience_ = kScanPatience;
  Clock::time_point end_ = Clock::now() + kWholeScan;
};

}  // namespace

Handles ProcessTable::find(const Wanted& wanted) const {
  if (wanted.empty()) return {};
  return Scan(proc_, wanted, all()).run();
}

Handles ProcessTable::find(const std::set<DeviceNumber>& wanted) const {
  Wanted all;
  for (const auto& number : wanted) all.nodes.emplace(number, "");
  return find(all);
}

}  // namespace cluster::agent
