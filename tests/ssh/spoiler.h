#pragma once

#include <atomic>
#include <cstddef>
#include <thread>

#include "core/file.h"
#include "tests/ssh/server.h"

namespace cluster::ssh {

/// Stands between us and a real server, and spoils what that one says from some byte on.
class Spoiler {
 public:
  enum class Way {
    close,   ///< hangs up
    reset,   ///< hangs up so that the kernel says "reset"
    silent,  ///< says nothing more
    noise,   ///< goes on with bytes that mean nothing, without end
    drip,    ///< sends byte by byte, with pauses, and spoils nothing
  };
  /// A connection passes `good` bytes of the server at 127.0.0.1 port `server`. The connections
  /// after the first `spoilt` are left alone.
  Spoiler(int server, Way way, std::size_t good, int spoilt = 1'000'000);
  ~Spoiler();
  Spoiler(const Spoiler&) = delete;
  Spoiler& operator=(const Spoiler&) = delete;

  int number() const { return number_; }
  /// True once it has come to the byte from which it spoils.
  bool has_spoilt() const { return has_spoilt_; }

 private:
  void serve();
  void carry(int client, bool is_spoilt);

  int server_;
  Way way_;
  std::size_t good_;
  int spoilt_;
  FileDescriptor listener_;
  FileDescriptor stop_;  // an eventfd
  int number_ = 0;
  std::atomic<bool> has_spoilt_ = false;
  std::thread thread_;
};

}  // namespace cluster::ssh
