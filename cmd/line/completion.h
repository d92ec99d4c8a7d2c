#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/line/command.h"

// What a shell offers when the operator presses Tab. All of it is known from the table of commands
// and their help; the names of things come from the inventory.
namespace cluster::cmd {

/// One way in which a word may go on.
struct Candidate {
  std::string word;  ///< the whole word; it ends with '=' when a value follows
  std::string help;  ///< less than a line, "" = none

  bool operator==(const Candidate&) const = default;
};

/// The names of things of one kind, which is a word of usage lines: "HOST", "VM", "CARD". All that
/// begin with `begun` are among them. Kinds that are not known have no names.
using NamesOf =
    std::function<std::vector<std::string>(std::string_view kind, std::string_view begun)>;

/// What may stand in place of the last of `words`, which stand after the program's name. The last
/// one may be empty or begun. Nothing when only the shell knows, as for a file.
std::vector<Candidate> completions(const std::vector<std::string>& words, const CommandTable& table,
                                   const NamesOf& names);

}  // namespace cluster::cmd
