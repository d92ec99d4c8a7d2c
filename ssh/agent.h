#pragma once

#include <optional>
#include <string>

#include "core/file.h"
#include "ssh/loop.h"

namespace cluster::ssh {

/// The ssh-agent behind a socket (draft-miller-ssh-agent). libssh talks to it without any bound, so
/// it is asked here first whether it is awake, and given up for the run once it was not.
class Agent {
 public:
  explicit Agent(std::string path) : path_(std::move(path)) {}

  /// How many keys it holds; 0 when it does not answer. Blocks for two seconds at most, once.
  int key_count();

  /// A new connection to it; none when it has been given up.
  FileDescriptor connect();

  /// It hung: nobody asks it again.
  void give_up() { problem_ = "does not answer"; }

  /// "2 keys of the agent", or what is wrong with it, for a reason.
  std::string description() const;

 private:
  std::string path_;
  std::optional<int> key_count_;  // nothing until asked
  std::string problem_;           // "" = it answers
};

}  // namespace cluster::ssh
