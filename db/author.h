#pragma once

#include <string>

namespace cluster {

/// Who changes something, from where, and by which command. Empty texts are not known.
struct Author {
  std::string login;
  std::string sudo_user;
  std::string origin;   ///< an address, or a terminal
  std::string command;  ///< without secrets
};

}  // namespace cluster
