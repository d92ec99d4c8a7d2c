#include "ssh/agent.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "core/text.h"

namespace cluster::ssh {
namespace {

constexpr auto kListBound = std::chrono::seconds(2);

// The request is a uint32 length, then a type and its content. This type means "list the keys", and
// has no content.
constexpr std::array<unsigned char, 5> kRequestIdentities{0, 0, 0, 1, 11};
constexpr unsigned char kIdentitiesAnswer = 12;

// The answer starts with length, type, uint32 number of keys.
constexpr std::size_t kAnswerHead = 9;

bool wait_for(int socket, short events, Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  pollfd wanted{.fd = socket, .events = events, .revents = 0};
  return left > 0 && poll(&wanted, 1, static_cast<int>(left)) == 1;
}

// Returns the number of keys that the agent at the other end of `socket` lists.
std::optional<int> list(int socket) {
  const auto until = Clock::now() + kListBound;
  if (!wait_for(socket, POLLOUT, until) ||
      send(socket, kRequestIdentities.data(), kRequestIdentities.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(kRequestIdentities.size())) {
    return std::nullopt;
  }
  std::array<unsigned char, kAnswerHead> head{};
  std::size_t size = 0;
  while (size < head.size()) {
    if (!wait_for(socket, POLLIN, until)) return std::nullopt;
    const auto count = recv(socket, &head.at(size), head.size() - size, 0);
    if (count <= 0) return std::nullopt;
    size += static_cast<std::size_t>(count);
  }
  if (head[4] != kIdentitiesAnswer) return 0;
  return head[5] == 0 && head[6] == 0 ? head[7] * 256 + head[8] : 0;
}

}  // namespace

int Agent::key_count() {
  if (!key_count_) {
    const FileDescriptor socket = connect();
    const auto count = socket ? list(socket.get()) : std::nullopt;
    if (socket && !count) give_up();
    key_count_ = count.value_or(0);
  }
  return problem_.empty() ? *key_count_ : 0;
}

FileDescriptor Agent::connect() {
  if (!problem_.empty()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof(address.sun_path)) {
    problem_ = "has too long a path";
    return {};
  }
  std::memcpy(address.sun_path, path_.data(), path_.size());
  FileDescriptor made(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  // The socket does not block: an agent that is stopped has a full queue after a while.
  if (::connect(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    problem_ = std::string("cannot be reached: ") + strerror(errno);
    return {};
  }
  return made;
}

std::string Agent::description() const {
  if (!problem_.empty()) return "the agent at " + quote(path_) + " " + problem_;
  const int count = key_count_.value_or(0);
  return count == 1 ? "1 key of the agent" : std::to_string(count) + " keys of the agent";
}

}  // namespace cluster::ssh
