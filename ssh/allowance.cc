#include "ssh/allowance.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "core/error.h"

namespace cluster::ssh {

Allowance::Allowance(std::chrono::seconds all)
    : left_(all.count() == 0 ? Duration::max() : Duration(all)),
      since_(std::chrono::steady_clock::now()),
      news_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!news_) throw Error(Fault::io, "cannot make an event: " + errno_text(errno));
}

void Allowance::pause() {
  const std::lock_guard lock(mutex_);
  if (pauses_++ > 0 || left_ == Duration::max()) return;
  left_ -= std::min(left_, std::chrono::steady_clock::now() - since_);
}

void Allowance::resume(Duration most) {
  const std::lock_guard lock(mutex_);
  if (--pauses_ > 0) return;
  left_ = std::min(left_, most);
  since_ = std::chrono::steady_clock::now();
  eventfd_write(news_.get(), 1);
}

Allowance::Time Allowance::until() const {
  const std::lock_guard lock(mutex_);
  return pauses_ > 0 || left_ == Duration::max() ? Time::max() : since_ + left_;
}

void Allowance::take_news() {
  eventfd_t count = 0;
  eventfd_read(news_.get(), &count);
}

}  // namespace cluster::ssh
