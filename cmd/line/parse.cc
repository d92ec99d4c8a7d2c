#include "cmd/line/parse.h"

#include <algorithm>
#include <span>

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

bool has_key(const CLI::App& app, std::string_view key) {
  return std::ranges::any_of(app.get_options(), [&](const CLI::Option* option) {
    return option->check_lname(std::string(key));
  });
}

bool is_flag(const CLI::App& app, const std::string& name) {
  const auto* option = app.get_option_no_throw("--" + name);
  return option != nullptr && option->get_expected_max() == 0;
}

// Turns every `key=value` and `--key=value` into the two words --key value. So CLI11 gets only one
// spelling, and an empty value ("address=") stays a value.
std::vector<std::string> as_options(const CLI::App& app, std::span<const std::string> words) {
  std::vector<std::string> out;
  bool literal = false;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    const auto first = word.starts_with("--") ? 2U : 0U;
    const auto key = word.substr(first, equals == std::string::npos ? equals : equals - first);
    literal = literal || word == "--";
    if (literal || equals == std::string::npos || !has_key(app, key) || is_flag(app, key)) {
      out.push_back(shielded(word));
    } else {
      out.push_back("--" + key);
      out.push_back(shielded(word.substr(equals + 1)));
    }
  }
  return out;
}

// The argument that is missing, with its name in the usage line: CLI11 would say "--value" for
// `CARD`.
std::string missing(const CLI::App& app) {
  for (const auto* option : app.get_options()) {
    if (!option->get_required() || option->count() > 0) continue;
    const auto name =
        option->get_positional() ? positional_name(*option) : option->get_lnames()[0] + "=";
    return name + " is required";
  }
  return "something is required";
}

// The error is one line that names the command and says where its help is.
[[noreturn]] void wrong_usage(const Command& command, std::string why) {
  std::ranges::replace(why, '\n', ' ');
  throw Error(Fault::usage, std::string(command.path) + ": " + std::string(trim(why)) +
                                " (see `cluster " + std::string(command.path) + " --help`)");
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
  CLI::App app;
  auto action = declare(*command, app, common);
  try {
    auto rest = as_options(app, std::span(words).subspan(word_count(command->path)));
    std::ranges::reverse(rest);  // CLI11 takes its words from the back
    app.parse(std::move(rest));
  } catch (const CLI::CallForHelp&) {
    return help_for(std::string(command->path));
  } catch (const CLI::RequiredError&) {
    wrong_usage(*command, missing(app));
  } catch (const CLI::ParseError& error) {
    wrong_usage(*command, error.what());
  }
  return {Invocation::Wants::command, std::move(action), "", common.db,
          parse_format(common.format)};
}

}  // namespace cluster::cmd
