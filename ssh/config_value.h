#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cluster::ssh {

/// What the letters behind `%` stand for (ssh_config(5), TOKENS).
using Tokens = std::map<char, std::string>;

/// `text` with each %x replaced. Returns nothing when a letter is not among `tokens`.
std::optional<std::string> replace_tokens(std::string_view text, const Tokens& tokens);

/// `path` with a leading `~/` and each ${NAME} replaced. Returns nothing for the home of another
/// user, and for a variable that is not set.
std::optional<std::string> home_and_environment(std::string_view path, const std::string& home);

/// The sockets of this machine, each looked for once.
class Sockets {
 public:
  /// True if there is one at `path`, in which a letter that is not among `tokens` stands for any
  /// text.
  bool has(std::string_view path, const Tokens& tokens);

 private:
  std::map<std::string, bool> found_;  // by pattern
};

/// True if a variable of this process' environment has a name that `pattern` means.
bool is_in_environment(std::string_view pattern);

}  // namespace cluster::ssh
