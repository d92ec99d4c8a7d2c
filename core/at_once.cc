#include "core/at_once.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace cluster {

void at_once(std::size_t count, std::size_t threads, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto one_after_another = [&] {
    for (auto i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        failure = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> others;  // this thread is one, too
    for (std::size_t i = 1; i < std::min(count, threads); ++i) {
      others.emplace_back(one_after_another);
    }
    one_after_another();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace cluster
