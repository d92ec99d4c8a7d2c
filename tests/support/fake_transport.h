#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "ssh/transport.h"

namespace cluster {

/// Takes the answers from a map and not from the network, and remembers all the commands.
class FakeTransport : public ssh::Transport {
 public:
  /// The answers, by the name of the host. A host without an answer prints nothing and exits 0.
  struct Answer {
    std::string out;
    std::string err;
    ssh::Reply reply{ssh::End::exited, 0, "", std::chrono::milliseconds(12)};
  };

  std::vector<ssh::Reply> run(const std::vector<ssh::Target>& targets, const std::string& command,
                              const ssh::Limits& limits, ssh::Sink& sink) override;

  void work_on(const std::vector<ssh::Target>& targets, const ssh::Work& work,
               ssh::Sink& sink) override;

  int interruption() const override { return interrupted_by; }
  std::vector<bool> finds(const std::vector<ssh::Target>& targets) override;
  int converse(const ssh::Target& target, const std::string& command,
               std::chrono::seconds connect_timeout) override;

  std::map<std::string, Answer> answers;
  std::set<std::string> unknown_names;  ///< of hosts that the name service does not know
  int interrupted_by = 0;               ///< the signal that ends the run
  std::optional<Error> failure;         ///< run() throws it when all have answered
  int conversation_status = 0;          ///< what the next conversation ends with
  std::map<std::string, std::string>
      by_command;  ///< the output of every host for that command instead
  std::map<std::pair<std::string, std::string>, Answer>
      exactly;  ///< that host's answer to that command instead of both
  std::vector<ssh::Target> asked_targets;
  std::string asked_command;
  ssh::Limits asked_limits;
  std::vector<int> outlets;  ///< of the sinks, one for each run and each work
};

}  // namespace cluster
