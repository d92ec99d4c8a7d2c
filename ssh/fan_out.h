#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ssh/doorway.h"
#include "ssh/operator.h"
#include "ssh/transport.h"

namespace cluster::ssh {

struct LibSsh;

/// The Transport of real hosts. It has one thread, one epoll loop and a small state machine for
/// each host over libssh. A host whose ~/.ssh/config asks for more goes through a process of `ssh`.
/// Host keys are always checked, and passwords never asked for. SIGPIPE is blocked while run()
/// works: a Sink that writes into a closed pipe sees EPIPE.
class FanOut : public Transport {
 public:
  /// Does little work: the first run reads the files and loads libssh.
  FanOut();
  /// Uses somebody else's settings and keys.
  explicit FanOut(Operator me);
  ~FanOut() override;

  /// Does what Transport says. Also throws Error(usage) when `command` is empty or has a NUL
  /// character, which a command line cannot carry. What the Sink throws is thrown when the commands
  /// have been ended on their hosts. The first SIGINT, SIGTERM or SIGHUP does that as well, the
  /// second one ends the program.
  std::vector<Reply> run(const std::vector<Target>& targets, const std::string& command,
                         const Limits& limits, Sink& sink) override;

  void work_on(const std::vector<Target>& targets, const Work& work, Sink& sink) override;

  /// What the tunnels share that work_on() is to break off.
  Doorway& doorway() { return doorway_; }

  int interruption() const override { return interruption_; }
  std::vector<bool> finds(const std::vector<Target>& targets) override;
  int converse(const Target& target, const std::string& command,
               std::chrono::seconds connect_timeout) override;

 private:
  std::optional<Operator> me_;
  std::unique_ptr<LibSsh> libssh_;
  Doorway doorway_;
  int interruption_ = 0;
};

}  // namespace cluster::ssh
