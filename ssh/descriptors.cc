#include "ssh/descriptors.h"

#include <sys/resource.h>

#include <filesystem>
#include <iterator>
#include <system_error>

namespace cluster::ssh {
namespace {

// Those that no host has: files that are read and closed again, the name service, a new process.
constexpr std::size_t kSpare = 24;

std::size_t count_open() {
  std::error_code failed;
  const std::filesystem::directory_iterator files("/proc/self/fd", failed);
  return failed ? kSpare : static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

}  // namespace

std::size_t room_for_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  const auto taken = count_open() + kSpare;
  return limit.rlim_cur > taken ? limit.rlim_cur - taken : 0;
}

}  // namespace cluster::ssh
