#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/file.h"
#include "ssh/loop.h"
#include "ssh/resolver.h"
#include "ssh/route.h"

namespace cluster::ssh {

/// Connects to a host. It looks up the name, then tries one address after another, each for its
/// share of the time that is left.
class Dial : public Waiter {
 public:
  /// Gets the connected socket, which does not block; or no socket, and the reason.
  using Done = std::function<void(FileDescriptor socket, std::string reason)>;

  /// `done` is called once, from a later turn of the loop or within start(). The owner of the Dial
  /// bounds the whole time.
  Dial(Loop& loop, Resolver& resolver, const Route& route, Clock::time_point deadline, Done done);
  ~Dial() override;
  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;

  void start();

  /// True while its addresses are not known yet.
  bool is_looking_up() const { return addresses_.empty(); }

  void ready() override;
  void late() override;

 private:
  void connect_next();
  void finish(FileDescriptor socket, const std::string& reason);
  void drop_socket();

  Loop& loop_;
  Resolver& resolver_;
  const Route& route_;
  Clock::time_point deadline_;
  Done done_;
  std::uint64_t ticket_ = 0;
  std::vector<SocketAddress> addresses_;
  std::size_t next_ = 0;
  FileDescriptor socket_;
  std::string problem_;  // the problem of the address tried last
};

}  // namespace cluster::ssh
