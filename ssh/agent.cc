#include "ssh/agent.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/base64.h"
#include "core/file.h"
#include "core/text.h"

namespace cluster::ssh {
namespace {

constexpr auto kListBound = std::chrono::seconds(2);

// The request is a uint32 length, then a type and its content. This type means "list the keys", and
// has no content.
constexpr std::array<unsigned char, 5> kRequestIdentities{0, 0, 0, 1, 11};
constexpr char kIdentitiesAnswer = 12;

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kLargestAnswer = 262144;  // as in OpenSSH

bool wait_for(int socket, short events, Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  pollfd wanted{.fd = socket, .events = events, .revents = 0};
  return left > 0 && poll(&wanted, 1, static_cast<int>(left)) == 1;
}

std::uint32_t number_at(std::string_view bytes) {
  std::uint32_t number = 0;
  for (const char c : bytes.substr(0, kLengthBytes)) {
    number = number << 8U | static_cast<unsigned char>(c);
  }
  return number;
}

// Takes a uint32 length and as many bytes off `rest`.
std::optional<std::string_view> take_text(std::string_view& rest) {
  if (rest.size() < kLengthBytes) return std::nullopt;
  const auto size = number_at(rest);
  rest.remove_prefix(kLengthBytes);
  if (rest.size() < size) return std::nullopt;
  const auto text = rest.substr(0, size);
  rest.remove_prefix(size);
  return text;
}

// Returns the answer of the agent at the other end of `socket`, without its length; nothing when it
// does not come in time.
std::optional<std::string> ask_for_keys(int socket) {
  const auto until = Clock::now() + kListBound;
  if (!wait_for(socket, POLLOUT, until) ||
      send(socket, kRequestIdentities.data(), kRequestIdentities.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(kRequestIdentities.size())) {
    return std::nullopt;
  }
  std::string answer;
  std::array<char, 4096> bytes{};
  while (answer.size() < kLengthBytes || answer.size() - kLengthBytes < number_at(answer)) {
    if (!wait_for(socket, POLLIN, until)) return std::nullopt;
    const auto count = recv(socket, bytes.data(), bytes.size(), 0);
    if (count <= 0 || answer.size() > kLargestAnswer) return std::nullopt;
    answer.append(bytes.data(), static_cast<std::size_t>(count));
  }
  return answer.substr(kLengthBytes, number_at(answer));
}

}  // namespace

std::optional<std::vector<AgentKey>> parse_agent_keys(std::string_view answer) {
  if (answer.size() <= kLengthBytes || answer[0] != kIdentitiesAnswer) return std::nullopt;
  auto count = number_at(answer.substr(1));
  answer.remove_prefix(1 + kLengthBytes);
  std::vector<AgentKey> keys;
  for (; count > 0; --count) {
    const auto blob = take_text(answer);
    if (!blob || !take_text(answer)) return std::nullopt;  // the second is a comment
    auto rest = *blob;
    keys.push_back({std::string(take_text(rest).value_or("")), base64(*blob)});
  }
  return keys;
}

const std::vector<AgentKey>& Agent::keys() {
  if (!keys_) {
    const FileDescriptor socket = connect();
    const auto answer = socket ? ask_for_keys(socket.get()) : std::nullopt;
    if (socket && !answer) give_up();
    keys_ = answer ? parse_agent_keys(*answer).value_or(std::vector<AgentKey>{})
                   : std::vector<AgentKey>{};
  }
  if (!problem_.empty()) keys_->clear();
  return *keys_;
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
    problem_ = "cannot be reached: " + errno_text(errno);
    return {};
  }
  return made;
}

std::string Agent::description() const {
  if (!problem_.empty()) return "the agent at " + quote(path_) + " " + problem_;
  const std::size_t count = keys_ ? keys_->size() : 0;
  return count == 1 ? "1 key of the agent" : std::to_string(count) + " keys of the agent";
}

}  // namespace cluster::ssh
