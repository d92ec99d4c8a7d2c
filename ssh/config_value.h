#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cluster::ssh {

/// What the letters behind `%` stand for (ssh_config(5), TOKENS).
using Tokens = std::map<char, std::string>;

/// `text` with each %x replaced. Returns nothing when a letter is not among `tokens`.
std::optional<std::string> replace_tokens(std::string_view text, const Tokens& tokens);

/// `path` with a leading `~/` replaced. Returns nothing for the home of another user.
std::optional<std::string> in_home(std::string_view path, const std::string& home);

/// The same, with each ${NAME} and %x replaced, too; nothing is replaced in the value of a
/// variable. Returns nothing for a variable that is not set, and for a letter that is not among
/// `tokens`.
std::optional<std::string> file_name(std::string_view path, const std::string& home,
                                     const Tokens& tokens);

/// The name of a host as OpenSSH goes on with it: an address in its usual spelling, a name in lower
/// case.
std::string usual_spelling(const std::string& name);

/// Reads a time of sshd_config(5), "90" or "1m30s". Returns nothing when it is none.
std::optional<std::chrono::seconds> read_time(std::string_view text);

/// The sockets of this machine, each looked for once.
class Sockets {
 public:
  /// True if there is one at `path`, as file_name() reads it; a letter that is not among `tokens`
  /// stands for any text there. Whatever else cannot be told may lead to one.
  bool has(std::string_view path, const std::string& home, const Tokens& tokens);

 private:
  std::map<std::string, bool> found_;  // by pattern
};

/// True if `pattern` means a variable of this process' environment that is none of those by which a
/// program chooses its language and colours (locale(7)).
bool means_more_than_language(std::string_view pattern);

}  // namespace cluster::ssh
