#include "ssh/guarded_sink.h"

#include <chrono>

#include "ssh/loop.h"

namespace cluster::ssh {
namespace {

// Less than this is our own work and no wait for somebody who reads.
constexpr auto kWork = std::chrono::milliseconds(20);

}  // namespace

template <typename Call>
void GuardedSink::guard(Call call) {
  if (failure_) return;
  const auto before = std::chrono::steady_clock::now();
  try {
    call();
  } catch (...) {
    failure_ = std::current_exception();
  }
  const auto took = std::chrono::steady_clock::now() - before;
  if (took > kWork) Clock::pass_over(took);
}

void GuardedSink::out(std::size_t target, std::string_view bytes) {
  guard([&] { sink_.out(target, bytes); });
}

void GuardedSink::err(std::size_t target, std::string_view bytes) {
  guard([&] { sink_.err(target, bytes); });
}

void GuardedSink::ended(std::size_t target, const Reply& reply) {
  guard([&] { sink_.ended(target, reply); });
}

void GuardedSink::progress(const Progress& progress) {
  guard([&] { sink_.progress(progress); });
}

void GuardedSink::interrupted(const std::vector<std::size_t>& pending) {
  guard([&] { sink_.interrupted(pending); });
}

void GuardedSink::unread() {
  guard([&] { sink_.unread(); });
}

void GuardedSink::rethrow() const {
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace cluster::ssh
