#pragma once

#include <optional>
#include <string>

#include "core/file.h"
#include "ssh/loop.h"

namespace cluster::ssh {

/// The ssh-agent behind a socket (draft-miller-ssh-agent). libssh would wait for it without any
/// bound. So this class first asks whether the agent is awake. If the agent does not answer once,
/// the class gives it up for the whole run.
class Agent {
 public:
  explicit Agent(std::string path) : path_(std::move(path)) {}

  /// The number of keys that the agent holds; 0 when it does not answer. Blocks for two seconds at
  /// most, and only once.
  int key_count();

  /// A new connection to it; none when it has been given up.
  FileDescriptor connect();

  /// Says that the agent hung, so that nobody asks it again.
  void give_up() { problem_ = "does not answer"; }

  /// The words for a reason: "2 keys of the agent", or what is wrong with it.
  std::string description() const;

 private:
  std::string path_;
  std::optional<int> key_count_;  // nothing until asked
  std::string problem_;           // "" = it answers
};

}  // namespace cluster::ssh
