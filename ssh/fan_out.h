#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ssh/operator.h"
#include "ssh/transport.h"

namespace cluster::ssh {

struct LibSsh;

/// The Transport of real hosts: one thread, one epoll loop, a small state machine per host on
/// libssh; a host whose ~/.ssh/config asks for more goes through a process of `ssh`. Host keys are
/// always checked, passwords never asked for. SIGPIPE is blocked while run() works: a Sink that
/// writes into a closed pipe sees EPIPE.
class FanOut : public Transport {
 public:
  /// Cheap: files are read and libssh is loaded by the first run.
  FanOut();
  /// With somebody else's settings and keys.
  explicit FanOut(Operator me);
  ~FanOut() override;

  /// As Transport says. Also throws Error(usage) when `command` is empty or has a NUL character,
  /// which a command line cannot carry, and what the Sink throws.
  std::vector<Reply> run(const std::vector<Target>& targets, const std::string& command,
                         const Limits& limits, Sink& sink) override;

 private:
  std::optional<Operator> me_;
  std::unique_ptr<LibSsh> libssh_;
};

}  // namespace cluster::ssh
