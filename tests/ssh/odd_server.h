#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <string>
#include <thread>

#include "core/file.h"

namespace cluster::ssh {

/// An SSH server that does with a command what sshd never does. It has the host key of another one,
/// lets in whoever has a key, and runs nothing.
class OddServer {
 public:
  enum class Way {
    no_status,  ///< prints "in" and closes the channel without a status; the connection stays
    tiny,       ///< prints kTiny bytes, each one in a packet of its own, and ends with status 0
  };
  static constexpr std::size_t kTiny = 10'000;

  OddServer(Way way, const std::filesystem::path& host_key);
  ~OddServer();
  OddServer(const OddServer&) = delete;
  OddServer& operator=(const OddServer&) = delete;

  int number() const { return number_; }

 private:
  void serve();
  void receive(int client);

  Way way_;
  std::string host_key_;
  FileDescriptor listener_;
  std::atomic<bool> is_over_ = false;
  int number_ = 0;
  std::thread thread_;
};

}  // namespace cluster::ssh
