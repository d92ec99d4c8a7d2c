#pragma once

#include <string_view>

namespace cluster::ssh {

/// What becomes of a keyword of ssh_config(5).
enum class Use {
  honoured,  ///< config.cc knows it
  openssh,   ///< a host with it goes through OpenSSH, unless its value switches it off
  comfort,   ///< changes neither the host that is reached, nor who is trusted, nor who logs in
  unknown,   ///< OpenSSH refuses it, unless IgnoreUnknown names it, or it is newer than this table
};

/// A keyword.
struct Keyword {
  std::string_view name;     ///< "proxyjump"
  std::string_view spelled;  ///< "ProxyJump"
  Use use = Use::unknown;
};

/// The row of `name`, which is in lower case. An older spelling has the row of the present one.
const Keyword& keyword_row(std::string_view name);

}  // namespace cluster::ssh
