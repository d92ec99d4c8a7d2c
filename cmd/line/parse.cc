#include "cmd/line/parse.h"

#include <algorithm>
#include <span>

#include "cmd/line/arguments.h"
#include "core/error.h"
#include "core/text.h"

namespace cluster::cmd {
namespace {

std::size_t word_count(std::string_view path) { return split(path, ' ').size(); }

bool starts_with_path(const std::vector<std::string>& words, std::string_view path) {
  const auto parts = split(path, ' ');
  return words.size() >= parts.size() && std::equal(parts.begin(), parts.end(), words.begin());
}

const Command* longest_match(const std::vector<std::string>& words, const CommandTable& table) {
  const Command* best = nullptr;
  for (const auto& command : table.commands) {
    if (!starts_with_path(words, command.path)) continue;
    if (best == nullptr || command.path.size() > best->path.size()) best = &command;
  }
  return best;
}

// True if there are longer paths that start with `prefix`, "add" or "report host vm".
bool has_commands_below(const CommandTable& table, const std::string& prefix) {
  return std::ranges::any_of(table.commands, [&](const Command& command) {
    return command.path.starts_with(prefix + " ");
  });
}

[[noreturn]] void unknown_command(const std::vector<std::string>& words,
                                  const CommandTable& table) {
  std::vector<std::string> paths;
  for (const auto& command : table.commands) paths.emplace_back(command.path);
  std::string typed = words[0];
  for (std::size_t i = 1; i < words.size() && i < 3; ++i) typed += " " + words[i];
  auto hint = did_you_mean(typed, paths);
  for (auto shorter = typed; hint.empty() && shorter.find(' ') != std::string::npos;) {
    shorter.resize(shorter.rfind(' '));
    hint = did_you_mean(shorter, paths);
  }
  throw UnknownCommand(
      Fault::usage, "no command " + quote(typed) + (hint.empty() ? " (see `cluster help`)" : hint));
}

Invocation help_for(std::string what) {
  return {Invocation::Wants::help, {}, std::move(what), "", {}};
}

bool is_help_flag(const std::string& word) { return word == "--help" || word == "-h"; }

}  // namespace

Invocation parse(const std::vector<std::string>& words, const CommandTable& table) {
  if (words.empty() || is_help_flag(words[0])) return help_for("");
  if (words[0] == "--version") return {Invocation::Wants::version, {}, "", "", {}};
  const Command* command = longest_match(words, table);
  if (command == nullptr) {
    auto typed = words;
    std::erase_if(typed, is_help_flag);
    const auto prefix = joined(typed, " ");
    if (!has_commands_below(table, prefix)) unknown_command(typed, table);
    return help_for(prefix);
  }

  CommonOptions common;
  Options options;
  auto action = declare(*command, options, common);
  try {
    const auto rest = std::span(words).subspan(word_count(command->path));
    if (!read_arguments(options, rest)) return help_for(std::string(command->path));
  } catch (const Error& error) {
    const std::string path(command->path);
    throw Error(error.fault(), path + ": " + error.what() + " (see `cluster " + path + " --help`)");
  }
  return {Invocation::Wants::command, std::move(action), "", common.db,
          parse_format(common.format)};
}

}  // namespace cluster::cmd
