#include "ssh/bystanders.h"

#include <sys/epoll.h>
#include <sys/stat.h>

#include <utility>

namespace cluster::ssh {
namespace {

constexpr auto kTick = std::chrono::milliseconds(250);

// epoll takes no files, and nobody can close those.
bool has_other_end(int file) {
  struct stat found {};
  return file >= 0 && fstat(file, &found) == 0 &&
         (S_ISFIFO(found.st_mode) || S_ISSOCK(found.st_mode));
}

}  // namespace

SignalWatch::SignalWatch(Loop& loop) : loop_(loop) {
  loop_.watch(signals_.descriptor(), EPOLLIN, *this);
}

SignalWatch::~SignalWatch() { loop_.forget(signals_.descriptor()); }

void SignalWatch::ready() {
  if (number_ == 0) number_ = signals_.take();
}

OutletWatch::OutletWatch(Loop& loop, Sink& sink) : loop_(loop), sink_(sink) {
  if (!has_other_end(sink.outlet())) return;
  file_ = sink.outlet();
  loop_.watch(file_, 0, *this);  // EPOLLERR and EPOLLHUP are told always
}

OutletWatch::~OutletWatch() {
  if (file_ >= 0) loop_.forget(file_);
}

void OutletWatch::ready() {
  loop_.forget(std::exchange(file_, -1));
  sink_.unread();
}

Ticker::Ticker(Loop& loop, const Sink& sink) : loop_(loop) {
  if (sink.wants_progress()) loop_.alarm(*this, Clock::now() + kTick);
}

Ticker::~Ticker() { loop_.silence(*this); }

void Ticker::late() {
  is_due_ = true;
  loop_.alarm(*this, Clock::now() + kTick);
}

bool Ticker::take() { return std::exchange(is_due_, false); }

}  // namespace cluster::ssh
