#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "ssh/operator.h"
#include "ssh/transport.h"

// OpenSSH's `ssh` as this house calls it.
namespace cluster::ssh {

/// The words before the host: strict host keys, no questions, no forwarding, nothing shared with
/// another `ssh`, the configuration of `me`, and what `target` says itself. Then come further
/// options, "--", the name and the command.
std::vector<std::string> openssh_words(const Target& target, const Operator& me,
                                       std::chrono::seconds connect_timeout);

/// What `ssh` exits with when itself failed, and not the command.
inline constexpr int kOpensshFailed = 255;

/// Why `ssh` made no connection.
struct NoConnection {
  End end;           ///< host_key, no_login or unreachable
  std::string said;  ///< the line of `ssh` that tells most; "" when it told nothing
};

/// By the words of OpenSSH 9.2; what is not known of a later one is unreachable. `said` are the
/// lines that it complained with.
NoConnection why_no_connection(std::vector<std::string> said);

}  // namespace cluster::ssh
