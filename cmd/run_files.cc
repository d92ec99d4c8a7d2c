#include "cmd/run_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace cluster::cmd {

RunFiles::RunFiles(Output& output, const std::vector<ssh::Target>& targets, bool stats,
                   std::filesystem::path folder)
    : RunSink(output, targets, stats), folder_(std::move(folder)) {
  constexpr mode_t kPrivate = 0700;
  // Before anything is replaced: what an earlier run left is worth more than half a new one.
  for (const auto& target : targets) check(target.name);
  if (mkdir(folder_.c_str(), kPrivate) != 0 && errno != EEXIST) cannot("make", folder_, errno);
  opened_ = FileDescriptor(open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened_) cannot("open", folder_, errno);
  for (const auto& target : targets) {
    make(target.name + ".out");
    make(target.name + ".err");
  }
}

void RunFiles::check(const std::string& name) const {
  constexpr std::size_t kLongestName = NAME_MAX - std::string_view(".out").size();
  if (name.find('/') != std::string::npos) {
    throw Error(Fault::refused, quote(name) + " would not be in " + quote(folder_.native()));
  }
  if (name.size() > kLongestName) {
    throw Error(Fault::refused, "output-dir=: host " + quote(name) +
                                    " has a name too long for a file (want at most " +
                                    std::to_string(kLongestName) + " letters)");
  }
}

// The files are not kept open: thousands of hosts would take more descriptors than there are.
void RunFiles::make(const std::string& name) {
  constexpr mode_t kPrivate = 0600;
  if (unlinkat(opened_.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
    cannot("replace", folder_ / name, errno);
  }
  const FileDescriptor file(openat(opened_.get(), name.c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPrivate));
  if (!file) cannot("make", folder_ / name, errno);
}

void RunFiles::add(const std::string& name, std::string_view bytes) {
  const FileDescriptor file(
      openat(opened_.get(), name.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
  if (!file) cannot("write", folder_ / name, errno);
  write_all(file, folder_ / name, bytes);
}

void RunFiles::out(std::size_t target, std::string_view bytes) {
  add(name(target) + ".out", bytes);
}

void RunFiles::err(std::size_t target, std::string_view bytes) {
  add(name(target) + ".err", bytes);
}

void RunFiles::summarize(const std::vector<ssh::Reply>& replies) {
  if (replies.size() > 1 || replies[0].end != ssh::End::exited) note_failures(replies);
  RunSink::summarize(replies);
}

}  // namespace cluster::cmd
