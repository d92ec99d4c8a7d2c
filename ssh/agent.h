#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.h"
#include "ssh/loop.h"

namespace cluster::ssh {

/// The public key of a key that an agent holds.
struct AgentKey {
  std::string type;    ///< "ssh-ed25519"
  std::string base64;  ///< as in a .pub file
};

/// Reads the answer of an agent to the question for its keys, without its length in front. Returns
/// nothing when it is no such answer.
std::optional<std::vector<AgentKey>> parse_agent_keys(std::string_view answer);

/// The ssh-agent behind a socket (draft-miller-ssh-agent). libssh would wait for it without any
/// bound. So this class first asks whether the agent is awake. If the agent does not answer once,
/// the class gives it up for the whole run.
class Agent {
 public:
  explicit Agent(std::string path) : path_(std::move(path)) {}

  /// The keys that the agent holds, in its order; none when it does not answer. Blocks for two
  /// seconds at most, and only once.
  const std::vector<AgentKey>& keys();

  /// A new connection to it; none when it has been given up.
  FileDescriptor connect();

  /// Says that the agent hung, so that nobody asks it again.
  void give_up() { problem_ = "does not answer"; }

  /// Says that it did not sign with a key that it holds, as its user said no, or a token is not
  /// there. libssh then asks it for no other key.
  void note_refusal() { has_refused_ = true; }
  bool has_refused() const { return has_refused_; }

  /// The words for a reason: "2 keys of the agent", or what is wrong with it.
  std::string description() const;

 private:
  std::string path_;
  std::optional<std::vector<AgentKey>> keys_;  // nothing until asked
  std::string problem_;                        // "" = it answers
  bool has_refused_ = false;
};

}  // namespace cluster::ssh
