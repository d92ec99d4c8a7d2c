#include "tests/ssh/spoiler.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace cluster::ssh {
namespace {

constexpr int kDripMs = 1;

sockaddr_in at_home(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool send_all(int fd, const char* bytes, std::size_t size) {
  while (size > 0) {
    const auto count = send(fd, bytes, size, MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

Spoiler::Spoiler(int server, Way way, std::size_t good, int spoilt)
    : server_(server),
      way_(way),
      good_(good),
      spoilt_(spoilt),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      stop_(eventfd(0, EFD_CLOEXEC)) {
  auto address = at_home(0);
  socklen_t size = sizeof(address);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_.get(), any, size) != 0 || listen(listener_.get(), 16) != 0 ||
      getsockname(listener_.get(), any, &size) != 0) {
    throw std::runtime_error(std::string("no spoiler: ") + strerror(errno));
  }
  number_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

Spoiler::~Spoiler() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void Spoiler::serve() {
  for (int number = 0;; ++number) {
    std::array<pollfd, 2> wanted{{{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
    poll(wanted.data(), wanted.size(), -1);
    if (wanted[1].revents != 0) return;
    const FileDescriptor client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client) carry(client.get(), number < spoilt_);
  }
}

void Spoiler::carry(int client, bool is_spoilt) {
  const FileDescriptor server(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = at_home(server_);
  if (connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return;
  }
  const auto way = is_spoilt ? way_ : Way::drip;
  std::size_t left = is_spoilt ? good_ : 0;
  bool spoils = false;
  std::array<char, 16384> buffer{};
  for (;;) {
    if (!spoils && way != Way::drip && left == 0) {
      has_spoilt_ = true;
      if (way == Way::close) return;
      if (way == Way::reset) {
        const linger now{.l_onoff = 1, .l_linger = 0};
        setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        return;
      }
      spoils = true;
    }
    const bool listens = !spoils || way == Way::noise;
    std::array<pollfd, 3> wanted{{{client, POLLIN, 0},
                                  {server.get(), static_cast<short>(listens ? POLLIN : 0), 0},
                                  {stop_.get(), POLLIN, 0}}};
    poll(wanted.data(), wanted.size(), spoils && way == Way::noise ? kDripMs : -1);
    if (wanted[2].revents != 0) return;
    if (wanted[0].revents != 0) {
      const auto count = read(client, buffer.data(), buffer.size());
      if (count <= 0) return;
      if (!send_all(server.get(), buffer.data(), static_cast<std::size_t>(count))) {
        shutdown(server.get(), SHUT_WR);
      }
    }
    if (spoils && way == Way::noise) {
      buffer.fill('#');
      if (send(client, buffer.data(), 512, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN) {
        return;
      }
    }
    if (wanted[1].revents == 0 || spoils) {
      if (spoils && (wanted[1].revents & POLLHUP) != 0) return;
      continue;
    }
    const auto most = way == Way::drip ? (is_spoilt ? std::size_t{1} : buffer.size())
                                       : std::min(left, buffer.size());
    const auto count = read(server.get(), buffer.data(), most);
    if (count <= 0) return;
    if (!send_all(client, buffer.data(), static_cast<std::size_t>(count))) return;
    left -= way == Way::drip ? 0 : static_cast<std::size_t>(count);
    if (way == Way::drip && is_spoilt) poll(nullptr, 0, kDripMs);
  }
}

}  // namespace cluster::ssh
