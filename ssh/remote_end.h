#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "ssh/libssh.h"

namespace cluster::ssh {

/// What became of a command that we wanted to end on its host.
enum class Ending {
  asking,   ///< not known yet
  gone,     ///< nothing of it runs there any more: the host has looked
  left,     ///< something of it runs there still, whatever it was sent
  unknown,  ///< the host did not tell
};

/// The command that ends, with TERM and after a while KILL, what the other channels of its
/// connection have started, in their sessions (setsid(2)), which sshd makes for each command. It
/// prints what became of it. It needs /proc, and does nothing under a server other than OpenSSH's.
/// It sends no KILL while gpupci is at work there, which may be in the middle of giving a card
/// back, or what installs packages.
extern const std::string kEndingCommand;

/// The host gets this long to end a command and to say what became of it.
inline constexpr std::chrono::seconds kEndingBound{15};

/// What the output of that command says; Ending::unknown as long as it does not.
Ending read_ending(std::string_view output);

/// The same in words: "it was ended there". `has_closed` says that the command itself has ended.
std::string fate(Ending ending, bool has_closed);

/// Runs that command over a second channel of a connection of libssh, which does not block.
class RemoteEnd {
 public:
  RemoteEnd(const LibSsh& libssh, ssh_session session);
  RemoteEnd(const RemoteEnd&) = delete;
  RemoteEnd& operator=(const RemoteEnd&) = delete;

  /// Goes on as far as it can; call it again with each news of the connection.
  Ending advance();

 private:
  const LibSsh& libssh_;
  ssh_session session_;
  ssh_channel_callbacks_struct callbacks_{};  // libssh keeps a pointer to it
  ssh_channel channel_ = nullptr;             // owned by session_
  bool is_open_ = false;
  bool is_running_ = false;
  bool has_closed_ = false;
  std::string said_;
};

}  // namespace cluster::ssh
