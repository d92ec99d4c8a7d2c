#include "ssh/knock.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace cluster::ssh {
namespace {

constexpr auto kMostTime = std::chrono::seconds(1);

}  // namespace

Knock::Knock(Loop& loop, Resolver& resolver, const std::string& address, int port, Done done)
    : loop_(loop), done_(std::move(done)) {
  route_.name = route_.address = address;
  route_.port = port;
  dial_.emplace(loop, resolver, route_, Clock::now() + kMostTime,
                [this](FileDescriptor socket, const std::string&) {
                  if (done_ == nullptr) return;  // it came too late
                  if (!socket) return finish("");
                  socket_ = std::move(socket);
                  loop_.watch(socket_.get(), EPOLLIN, *this);
                });
}

Knock::~Knock() {
  loop_.silence(*this);
  if (socket_) loop_.forget(socket_.get());
}

void Knock::start() {
  loop_.alarm(*this, Clock::now() + kMostTime);
  dial_->start();
}

void Knock::ready() {
  std::array<char, 256> bytes{};
  const auto count = recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  finish({bytes.data(), count < 0 ? 0 : static_cast<std::size_t>(count)});
}

void Knock::finish(std::string_view first_bytes) {
  loop_.silence(*this);
  if (socket_) loop_.forget(socket_.get());
  socket_.reset();
  if (const auto done = std::exchange(done_, nullptr)) done(first_bytes);
}

}  // namespace cluster::ssh
