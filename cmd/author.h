#pragma once

#include <string>
#include <vector>

#include "db/author.h"

namespace cluster::cmd {

/// Who runs this program: the account, who became it by sudo ($SUDO_USER), the address of
/// $SSH_CONNECTION or else the terminal, and `words` as they were typed.
Author author_of(const std::vector<std::string>& words);

/// `words` as a command that a shell would read, of 1000 bytes at the most. What may be a secret is
/// "...": values of attributes and rows, and of keys that are called so.
std::string without_secrets(const std::vector<std::string>& words);

}  // namespace cluster::cmd
