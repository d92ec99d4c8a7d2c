#include "ssh/dial.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <cerrno>
#include <utility>

#include "core/file.h"
#include "core/text.h"

namespace cluster::ssh {
namespace {

void set(int socket, int level, int option, int value) {
  setsockopt(socket, level, option, &value, sizeof(value));
}

// A machine that lost its power says nothing of it, and a script of a roll may take half an hour:
// the kernel asks there (tcp(7)), and the connection breaks four minutes after the last word, as a
// switch that restarts takes less. A kernel that lives answers, however busy its programs are.
void keep_asking(int socket) {
  constexpr int kIdleS = 60;
  constexpr int kBetweenS = 30;
  constexpr int kTries = 6;
  set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(socket, IPPROTO_TCP, TCP_KEEPIDLE, kIdleS);
  set(socket, IPPROTO_TCP, TCP_KEEPINTVL, kBetweenS);
  set(socket, IPPROTO_TCP, TCP_KEEPCNT, kTries);
}

std::string hint(int code) {
  return code == ECONNREFUSED ? "; is sshd running there, and on this port?" : "";
}

}  // namespace

Dial::Dial(Loop& loop, Resolver& resolver, const Route& route, Clock::time_point deadline,
           Done done)
    : loop_(loop),
      resolver_(resolver),
      route_(route),
      deadline_(deadline),
      done_(std::move(done)) {}

Dial::~Dial() {
  resolver_.cancel(ticket_);
  drop_socket();
  loop_.silence(*this);
}

void Dial::start() {
  addresses_ = Resolver::spelled(route_.address, route_.port);
  if (!addresses_.empty()) return connect_next();
  ticket_ = resolver_.look_up(route_.address, route_.port, [this](Resolved resolved) {
    addresses_ = std::move(resolved.addresses);
    if (!addresses_.empty()) return connect_next();
    finish({}, "no address is known for " + quote(route_.address) + ": " + resolved.problem +
                   " (want an IP address, or a name that `getent hosts` finds)");
  });
}

void Dial::connect_next() {
  while (next_ < addresses_.size()) {
    const SocketAddress& address = addresses_[next_];
    const auto now = Clock::now();
    const auto share = (deadline_ - now) / static_cast<int>(addresses_.size() - next_);
    const bool is_last = ++next_ == addresses_.size();
    socket_ = FileDescriptor(
        socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_) return finish({}, "cannot make a socket: " + errno_text(errno));
    // libssh sends some packets in two small writes; Nagle would hold the second back for 40 ms.
    set(socket_.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    keep_asking(socket_.get());
    if (connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) ==
        0) {
      return finish(std::move(socket_), "");
    }
    if (errno == EINPROGRESS) {
      loop_.watch(socket_.get(), EPOLLOUT, *this);
      if (!is_last) loop_.alarm(*this, now + share);
      return;
    }
    problem_ = errno_text(errno) + hint(errno);
    drop_socket();
  }
  finish({}, "cannot connect to " + place(route_) + ": " + problem_);
}

void Dial::ready() {
  int code = 0;
  socklen_t size = sizeof(code);
  getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &code, &size);
  if (code == 0) {
    sockaddr_storage peer{};
    socklen_t peer_size = sizeof(peer);
    auto* address = reinterpret_cast<sockaddr*>(&peer);
    if (getpeername(socket_.get(), address, &peer_size) != 0) return;  // a false alarm
    loop_.forget(socket_.get());
    return finish(std::move(socket_), "");
  }
  problem_ = errno_text(code) + hint(code);
  drop_socket();
  connect_next();
}

void Dial::late() {
  problem_ = "no answer";
  drop_socket();
  connect_next();
}

void Dial::finish(FileDescriptor socket, const std::string& reason) {
  loop_.silence(*this);
  done_(std::move(socket), reason);
}

void Dial::drop_socket() {
  if (!socket_) return;
  loop_.forget(socket_.get());
  socket_.reset();
}

}  // namespace cluster::ssh
