#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/file.h"
#include "ssh/loop.h"

namespace cluster::ssh {

/// One address to connect to.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// The answer of the name service.
struct Resolved {
  std::vector<SocketAddress> addresses;
  std::string problem;  ///< from getaddrinfo(3), "Name or service not known"; "" = no problem
};

/// Finds the addresses of hosts. An IP address is understood at once; names are looked up by a few
/// threads, because getaddrinfo(3) may take half a minute and must not hold up other hosts.
class Resolver : public Waiter {
 public:
  using Answer = std::function<void(Resolved)>;

  explicit Resolver(Loop& loop);
  /// Does not wait for lookups that still run: their threads end by themselves.
  ~Resolver() override;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// The address that `host` spells, "10.1.1.5" or "fe80::1%eth0". Returns none for a name.
  static std::vector<SocketAddress> spelled(const std::string& host, int port);

  /// Looks `host` up and calls `answer` from a later turn of the loop; returns a ticket for cancel.
  std::uint64_t look_up(const std::string& host, int port, Answer answer);
  /// Says that the answer is not wanted any more.
  void cancel(std::uint64_t ticket) { answers_.erase(ticket); }

  void ready() override;
  void late() override {}

 private:
  struct Shared;  // with the threads, which may outlive the Resolver

  Loop& loop_;
  std::shared_ptr<Shared> shared_;
  std::unordered_map<std::uint64_t, Answer> answers_;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace cluster::ssh
