#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/line/command.h"

namespace cluster::cmd {

/// First words, up to three, that people bring from other programs: "show" means the verb "list",
/// "nvidia-smi" the command "list host gpu", "reboot" the page "help stop".
struct FirstWord {
  std::string_view word;
  std::string_view meaning;
};

/// The path of the command that is meant by words that are none: "list host gpu" by "show gpus", by
/// "gpus" and by "nvidia-smi". The noun may be a synonym, a plural, or the end of a longer one.
/// Returns nothing when there is no such command.
std::optional<std::string> meant_command(const std::vector<std::string>& words,
                                         const CommandTable& table,
                                         std::span<const FirstWord> first_words);

/// The path of the command that is meant when `word`, behind the command `path`, is a noun:
/// "list network" by "list host" and "network", "list host vm" by "list host" and "vms".
std::optional<std::string> command_with_noun(const std::string& path, const std::string& word,
                                             const CommandTable& table);

}  // namespace cluster::cmd
