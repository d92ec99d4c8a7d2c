#include "cmd/line/parse.h"

#include <algorithm>
#include <array>
#include <span>

#include "cmd/line/arguments.h"
#include "cmd/line/meaning.h"
#include "core/error.h"
#include "core/text.h"

namespace cluster::cmd {
namespace {

// What these verbs do is not undone by another command.
constexpr std::array<std::string_view, 5> kTakingVerbs{"detach", "remove", "restore", "save",
                                                       "stop"};

std::size_t word_count(std::string_view path) { return split(path, ' ').size(); }

bool starts_with_path(const std::vector<std::string>& words, std::string_view path) {
  const auto parts = split(path, ' ');
  return words.size() >= parts.size() && std::equal(parts.begin(), parts.end(), words.begin());
}

// True if there are longer paths that start with `prefix`, "add" or "report host vm".
bool has_commands_below(const CommandTable& table, const std::string& prefix) {
  return std::ranges::any_of(table.commands, [&](const Command& command) {
    return command.path.starts_with(prefix + " ");
  });
}

bool takes_away(std::string_view path) {
  return std::ranges::find(kTakingVerbs, path.substr(0, path.find(' '))) != kTakingVerbs.end();
}

// The command that words with a typing error most likely meant. Whoever takes it over must not lose
// anything by it. A verb that there is was meant as it stands.
std::optional<std::string> nearest_command(std::string typed, const CommandTable& table) {
  const auto verb = typed.substr(0, typed.find(' ')) + " ";
  const bool has_verb = std::ranges::any_of(
      table.commands, [&](const Command& one) { return one.path.starts_with(verb); });
  const std::size_t fixed = has_verb ? verb.size() : 0;
  std::vector<std::string> ends;
  for (const auto& command : table.commands) {
    if (takes_away(command.path) || (has_verb && !command.path.starts_with(verb))) continue;
    ends.emplace_back(command.path.substr(fixed));
  }
  while (typed.size() > fixed) {
    if (auto end = nearest(typed.substr(fixed), ends)) return typed.substr(0, fixed) + *end;
    const auto blank = typed.rfind(' ');
    if (blank == std::string::npos) break;
    typed.resize(blank);
  }
  return std::nullopt;
}

[[noreturn]] void unknown_command(const std::vector<std::string>& words,
                                  const CommandTable& table) {
  std::string typed = words[0];
  for (std::size_t i = 1; i < words.size() && i < 3; ++i) typed += " " + words[i];
  std::string hint;
  if (const auto meant = nearest_command(typed, table)) {
    hint = " (did you mean " + quote(*meant) + "?)";
  } else {
    auto known = typed;  // its beginning that is one of commands
    while (!known.empty() && !has_commands_below(table, known)) {
      known.resize(known.find(' ') == std::string::npos ? 0 : known.rfind(' '));
    }
    hint = " (see `cluster help" + (known.empty() ? "" : " " + known) + "`)";
  }
  throw UnknownCommand(Fault::usage, "no command " + quote(typed) + hint);
}

// As Rocks has it, the key is before the hosts and its value the last word: set host cpus n1 16.
// The command that it meant, as the end of an error.
std::string order_hint(const std::string& path, std::span<const std::string> words,
                       const std::vector<std::string>& keys) {
  if (!path.starts_with("set ") || words.size() < 3) return "";
  const auto key = (words[0] == "ip" ? "address" : words[0]) + "=";
  if (std::ranges::find(keys, key) == keys.end()) return "";
  std::string meant = path;
  for (const auto& word : words.subspan(1, words.size() - 2)) meant += " " + shell_word(word);
  const auto& value = words.back();
  return " (did you mean " +
         quote(meant + " " + (value.starts_with(key) ? value : key + shell_word(value))) + "?)";
}

// A noun that was taken for a host or a value, as by `list host network`: the command that it
// meant, as the end of an `error` that names it.
std::string noun_hint(const std::string& path, std::span<const std::string> words,
                      std::string_view error, const CommandTable& table) {
  if (takes_away(path) || words.empty()) return "";
  const auto word = quote(words[0]);
  if (error.find(word + " is not in the inventory") == std::string_view::npos &&
      error.find("not expected: " + word) == std::string_view::npos) {
    return "";
  }
  const auto meant = command_with_noun(path, words[0], table);
  return meant ? " (did you mean " + quote(*meant) + "?)" : "";
}

// The key that a word of the form key=value or --key most likely meant, as the end of an `error`
// that names the word: " (did you mean 'detail='?)".
std::string key_hint(std::span<const std::string> words, const std::vector<std::string>& keys,
                     std::string_view error) {
  for (const auto& word : words) {
    const bool dashes = word.starts_with("--");
    const auto equals = word.find('=');
    if (!dashes && (equals == std::string::npos || equals == 0)) continue;
    const auto typed = word.substr(dashes ? 2 : 0, equals - (dashes ? 2 : 0));
    if (typed.empty() || error.find(typed) == std::string_view::npos) continue;
    if (std::ranges::find(keys, typed + "=") != keys.end()) continue;
    if (auto hint = did_you_mean(typed + "=", keys); !hint.empty()) return hint;
  }
  return "";
}

// Of a word key=value that was taken for a name, which is not there, what the operator took it for.
std::string no_key_hint(std::span<const std::string> words, std::string_view error) {
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos) continue;
    if (error.find(quote(word) + " is not in the inventory") == std::string_view::npos) continue;
    return " (" + quote(word.substr(0, equals + 1)) + " is no key of this command)";
  }
  return "";
}

// What a command may have besides its own options: "--db", "--format", ... A list has them all.
std::vector<std::string> common_options() {
  const auto declares_none = [](Options&) { return Action(); };
  CommonOptions common;
  Options options;
  declare({"list ", "", "", declares_none, Answer::table}, options, common);
  std::vector<std::string> words;
  for (const auto& option : options.all()) words.push_back("--" + option.key);
  return words;
}

// How many words before the verb are options of all commands, as other programs have them there:
// "--db FILE", "--format=json".
std::size_t leading_options(const std::vector<std::string>& words) {
  if (words.empty() || !words.front().starts_with("--")) return 0;
  const auto everywhere = common_options();
  std::size_t count = 0;
  while (count < words.size()) {
    const std::string_view word = words[count];
    const auto equals = word.find('=');
    if (std::ranges::find(everywhere, word.substr(0, equals)) == everywhere.end()) break;
    count += equals == std::string_view::npos ? 2 : 1;
  }
  return std::min(count, words.size());
}

Invocation help_for(std::string what) {
  return {Invocation::Wants::help, {}, std::move(what), "", {}};
}

bool is_help_flag(const std::string& word) { return word == "--help" || word == "-h"; }

bool asks_for_version(const std::vector<std::string>& line) {
  return line[0] == "--version" || line[0] == "-V" || (line[0] == "version" && line.size() == 1);
}

}  // namespace

const Command* longest_match(const std::vector<std::string>& words, const CommandTable& table) {
  const Command* best = nullptr;
  for (const auto& command : table.commands) {
    if (!starts_with_path(words, command.path)) continue;
    if (best == nullptr || command.path.size() > best->path.size()) best = &command;
  }
  return best;
}

Invocation parse(const std::vector<std::string>& words, const CommandTable& table) {
  const auto verb = words.begin() + static_cast<std::ptrdiff_t>(leading_options(words));
  const std::vector<std::string> line(verb, words.end());
  if (line.empty() || is_help_flag(line[0])) return help_for("");
  if (asks_for_version(line)) return {Invocation::Wants::version, {}, "", "", {}};
  const Command* command = longest_match(line, table);
  if (command == nullptr) {
    auto typed = line;
    std::erase_if(typed, is_help_flag);
    const auto prefix = joined(typed, " ");
    if (!has_commands_below(table, prefix)) unknown_command(typed, table);
    return help_for(prefix);
  }

  CommonOptions common;
  Options options;
  auto action = declare(*command, options, common);
  std::vector<std::string> keys;
  for (const auto& option : options.all()) {
    if (!option.key.empty()) keys.push_back(option.key + "=");
  }
  std::vector<std::string> rest(words.begin(), verb);
  rest.insert(rest.end(), line.begin() + static_cast<std::ptrdiff_t>(word_count(command->path)),
              line.end());
  const std::string path(command->path);
  const auto hint_at = [path, rest, keys, &table](std::string_view error) {
    if (error.find("did you mean") != std::string_view::npos) return std::string();
    auto hint = key_hint(rest, keys, error);
    if (hint.empty()) hint = order_hint(path, rest, keys);
    if (hint.empty()) hint = noun_hint(path, rest, error, table);
    return hint;
  };
  try {
    if (!read_arguments(options, rest)) return help_for(path);
  } catch (const Error& error) {
    const auto hint = hint_at(error.what());
    throw Error(error.fault(), path + ": " + error.what() +
                                   (hint.empty() ? " (see `cluster " + path + " --help`)" : hint));
  }
  // A variable of a script that is not set (db=$TRY) must not lead to the inventory of all.
  if (common.db && common.db->empty()) {
    throw Error(Fault::usage, path + ": db= is empty (want the path of a file, or leave it out)");
  }
  // What is no key of the command may be a host or a value for it, and turn out to be none.
  auto action_with_hint = [hint_at, rest, action = std::move(action)](Context& context) {
    try {
      return action(context);
    } catch (const Error& error) {
      if (error.fault() != Fault::usage && error.fault() != Fault::not_found) throw;
      auto hint = hint_at(error.what());
      if (hint.empty() && error.fault() == Fault::not_found) hint = no_key_hint(rest, error.what());
      if (hint.empty()) throw;
      throw Error(error.fault(), error.what() + hint);
    }
  };
  return {Invocation::Wants::command,
          std::move(action_with_hint),
          "",
          common.db.value_or(""),
          parse_format(common.format),
          parse_table_view(common.columns, common.sort),
          command->path};
}

}  // namespace cluster::cmd
