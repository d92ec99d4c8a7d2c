#include "node-agent/kernel/close_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace cluster::agent {
namespace {

// glibc has a function of this name since 2.34 only. The number is the same on every architecture.
constexpr long kCloseRange = 436;

bool close_range(unsigned first, unsigned last) {
  return ::syscall(kCloseRange, first, last, 0) == 0;
}

// Returns -1 for a name that is no number: "." and "..".
int number(const char* name) {
  int value = 0;
  for (; *name >= '0' && *name <= '9'; ++name) value = value * 10 + (*name - '0');
  return *name == '\0' ? value : -1;
}

// The kernel walks this folder by the number of the file, so nothing is left out when files are
// closed in between. readdir(3) would take memory, which another thread may have locked at the
// fork.
bool close_listed(int kept) {
  const int folder = ::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return false;
  alignas(dirent64) std::array<char, 2048> entries{};
  for (;;) {
    const long size = ::syscall(SYS_getdents64, folder, entries.data(), entries.size());
    if (size <= 0) {
      ::close(folder);
      return size == 0;
    }
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(entries.data() + at);
      const int file = number(entry->d_name);
      if (file >= 0 && file != kept && file != folder) ::close(file);
      at += entry->d_reclen;
    }
  }
}

// The limit of open files tells nothing here: it can be in the thousands of millions, and below a
// file that is open. No caller of gpupci has so many open.
void close_first_files_but(int kept) {
  for (int file = 0; file < 65'536; ++file) {
    if (file != kept) ::close(file);
  }
}

}  // namespace

void close_files_but(int kept) {
  const auto middle = static_cast<unsigned>(kept);
  if ((middle == 0 || close_range(0, middle - 1)) && close_range(middle + 1, ~0U)) return;
  if (!close_listed(kept)) close_first_files_but(kept);
}

}  // namespace cluster::agent
