#include "cmd/line/completion.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "cmd/line/parse.h"
#include "core/text.h"

namespace cluster::cmd {
namespace {

using Candidates = std::vector<Candidate>;
using Words = std::span<const std::string>;

void add(Candidates& to, std::string word, std::string_view help, std::string_view begun) {
  if (!word.starts_with(begun)) return;
  if (std::ranges::find(to, word, &Candidate::word) != to.end()) return;
  to.push_back({std::move(word), std::string(help)});
}

// The next words of the paths that start with `typed`.
void add_path_words(Candidates& to, const CommandTable& table, Words typed,
                    std::string_view begun) {
  for (const auto& command : table.commands) {
    const auto path = split(command.path, ' ');
    if (path.size() <= typed.size()) continue;
    if (!std::equal(typed.begin(), typed.end(), path.begin())) continue;
    const bool is_whole = path.size() == typed.size() + 1;
    add(to, std::string(path[typed.size()]), is_whole ? command.summary : "", begun);
  }
}

bool is_value(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
  });
}

// The values that a key takes, where its help begins with all of them: "table, json or csv
// [table]", "on, off, cycle (off, then on) or status", "yes: also for a pattern".
std::vector<std::string> values_in(std::string_view help) {
  std::string head;
  int depth = 0;
  bool is_explained = false;
  for (const char c : help) {
    if (c == '(') ++depth;
    if (depth == 0 && (c == ':' || c == '[' || c == ';')) {
      is_explained = c == ':';
      break;
    }
    if (depth == 0) head += c;
    if (c == ')') --depth;
  }
  for (auto at = head.find(" or "); at != std::string::npos; at = head.find(" or ")) {
    head.replace(at, 4, ",");
  }
  std::vector<std::string> values;
  for (const auto part : split(head, ',')) {
    const auto value = trim(part);
    if (!is_value(value)) return {};
    values.emplace_back(value);
  }
  if (values.size() > 1) return values;
  if (!is_explained) return {};  // "CPUs", which is no value
  if (values.front() == "yes") values.emplace_back("no");
  return values;
}

// The kinds of things in a name of the usage line: HOST and CARD in "HOST... [CARD]".
std::vector<std::string> kinds_in(std::string_view name) {
  std::vector<std::string> kinds(1);
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      kinds.back() += c;
    } else if (!kinds.back().empty()) {
      kinds.emplace_back();
    }
  }
  if (kinds.back().empty()) kinds.pop_back();
  return kinds;
}

// Of a list, "n1,n2,n", or words that select hosts, "n1!n", the last element goes on.
void add_names(Candidates& to, const NamesOf& names, const std::string& kind,
               const std::string& before, std::string_view begun) {
  const auto sign = begun.find_last_of(",!&");
  const auto kept = begun.substr(0, sign == std::string_view::npos ? 0 : sign + 1);
  const auto rest = begun.substr(kept.size());
  for (const auto& name : names(kind, rest)) {
    if (name.starts_with(rest)) to.push_back({before + std::string(kept) + name, ""});
  }
}

void add_values(Candidates& to, const Option& option, const NamesOf& names,
                const std::string& before, std::string_view begun) {
  const auto values = values_in(option.help);
  for (const auto& value : values) {
    if (value.starts_with(begun)) to.push_back({before + value, ""});
  }
  if (values.empty()) add_names(to, names, upper(option.key), before, begun);
}

const Option* key_called(const Options& options, std::string_view key) {
  const auto at = std::ranges::find_if(
      options.all(), [&](const Option& one) { return !key.empty() && one.key == key; });
  return at == options.all().end() ? nullptr : &*at;
}

// True if the command makes a thing of that kind, whose name is new: HOST of `add host`. What an
// attribute is called is known.
bool is_new(std::string_view path, std::string_view kind) {
  const auto noun = path.substr(path.rfind(' ') + 1);
  return path.starts_with("add ") && upper(noun) == kind && kind != "ATTR";
}

// The kind that a NAME of the usage line is of: NAME of `set host attr` is an attribute.
std::string kind_meant(std::string_view path, const std::string& kind) {
  // These refuse VMs, which have no power of their own and no VMs.
  constexpr std::array<std::string_view, 2> kOfMachines{"discover host vm", "set host power"};
  if (kind == "HOST" && std::ranges::find(kOfMachines, path) != kOfMachines.end()) return "MACHINE";
  if (kind != "NAME" || path.starts_with("create ")) return kind;
  return upper(path.substr(path.rfind(' ') + 1));
}

void add_arguments(Candidates& to, const Command& command, Words typed, const std::string& begun,
                   const NamesOf& names) {
  Options options;
  CommonOptions common;
  declare(command, options, common);
  if (!typed.empty() && typed.back().starts_with("--")) {
    if (const auto* option = key_called(options, typed.back().substr(2))) {
      return add_values(to, *option, names, "", begun);
    }
  }
  const auto dashes = begun.starts_with("--") ? 2U : 0U;
  if (const auto equals = begun.find('='); equals != std::string::npos) {
    if (const auto* option = key_called(options, begun.substr(dashes, equals - dashes))) {
      return add_values(to, *option, names, begun.substr(0, equals + 1), begun.substr(equals + 1));
    }
  }
  if (dashes == 0) {
    for (const auto& option : options.all()) {
      for (const auto& name : kinds_in(option.name)) {
        const auto kind = kind_meant(command.path, name);
        if (!is_new(command.path, kind)) add_names(to, names, kind, "", begun);
      }
    }
  }
  for (const auto& option : options.all()) {
    if (option.key.empty()) continue;
    add(to, (dashes != 0 ? "--" : "") + option.key + "=", option.help, begun);
  }
}

}  // namespace

std::vector<Candidate> completions(const std::vector<std::string>& words, const CommandTable& table,
                                   const NamesOf& names) {
  Candidates found;
  if (words.empty()) return found;
  const auto& begun = words.back();
  const Words typed(words.data(), words.size() - 1);
  add_path_words(found, table, typed, begun);
  if (!typed.empty() && typed.front() == "help") {
    add_path_words(found, table, typed.subspan(1), begun);
  }
  const auto* command = longest_match({typed.begin(), typed.end()}, table);
  if (command != nullptr) {
    const auto length = split(command->path, ' ').size();
    add_arguments(found, *command, typed.subspan(length), begun, names);
  }
  return found;
}

}  // namespace cluster::cmd
