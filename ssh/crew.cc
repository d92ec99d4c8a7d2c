#include "ssh/crew.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>

#include "core/error.h"

namespace cluster::ssh {

Crew::Crew(Loop& loop, std::size_t count, const Work& work)
    : loop_(loop), work_(work), news_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), have_ended_(count) {
  if (!news_) throw Error(Fault::io, "cannot work on hosts: no descriptor left");
  loop_.watch(news_.get(), EPOLLIN, *this);
  for (std::size_t i = 0; i < std::min(count, kMostThreads); ++i) {
    threads_.emplace_back([this] { work_on_each(); });
  }
}

Crew::~Crew() {
  stop();
  threads_.clear();
  loop_.forget(news_.get());
}

void Crew::ready() {
  eventfd_t count = 0;
  eventfd_read(news_.get(), &count);
}

bool Crew::is_over() const {
  const std::lock_guard lock(mutex_);
  return ended_ == (is_stopped_ ? begun_ : have_ended_.size());
}

Progress Crew::progress() const {
  const std::lock_guard lock(mutex_);
  return {have_ended_.size(), begun_ - ended_, ended_, failed_, std::chrono::seconds(0)};
}

std::vector<std::size_t> Crew::stop() {
  const std::lock_guard lock(mutex_);
  is_stopped_ = true;
  std::vector<std::size_t> pending;
  for (std::size_t i = 0; i < have_ended_.size(); ++i) {
    if (!have_ended_[i]) pending.push_back(i);
  }
  return pending;
}

void Crew::rethrow() const {
  if (failure_) std::rethrow_exception(failure_);
}

std::size_t Crew::next() {
  const std::lock_guard lock(mutex_);
  return is_stopped_ || begun_ == have_ended_.size() ? kNone : begun_++;
}

void Crew::work_on_each() {
  for (auto i = next(); i != kNone; i = next()) {
    bool went_well = false;
    std::exception_ptr failure;
    try {
      went_well = work_(i);
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    have_ended_[i] = true;
    ++ended_;
    if (!went_well) ++failed_;
    if (failure) failure_ = failure;
    eventfd_write(news_.get(), 1);
  }
}

}  // namespace cluster::ssh
