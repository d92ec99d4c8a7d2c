#include "cmd/line/help_page.h"

#include <algorithm>
#include <vector>

#include "cmd/line/command_page.h"
#include "cmd/line/output.h"
#include "cmd/line/wrap.h"
#include "core/error.h"
#include "core/text.h"

namespace cluster::cmd {
namespace {

constexpr std::size_t kReferenceWidth = 100;

using Rows = std::vector<std::pair<std::string, std::string>>;

void print_page(Output& output, const CommandTable& table, const Command& command) {
  const CommandPage page(table, command);
  output.text(hanging("Usage: ", output.program() + " " + page.usage, output.width()));
  output.text(hanging("  ", command.summary, output.width()) + "\n");
  Rows rows;
  for (const auto& one : page.arguments) rows.emplace_back(one.name, one.description);
  output.text(two_columns(rows, output.width()));
  output.text("\n" + wrapped(page.text, output.width()));
}

Rows rows_of(const std::vector<const Command*>& commands) {
  Rows rows;
  for (const auto* command : commands) rows.emplace_back(command->path, command->summary);
  return rows;
}

std::vector<const Command*> commands_where(const CommandTable& table, auto&& is_wanted) {
  std::vector<const Command*> found;
  for (const auto& command : table.commands) {
    if (is_wanted(command)) found.push_back(&command);
  }
  return found;
}

void print_list(Output& output, const std::string& usage,
                const std::vector<const Command*>& commands) {
  output.text(hanging("Usage: ", output.program() + " " + usage, output.width()) + "\n");
  output.text(two_columns(rows_of(commands), output.width()));
  output.text("\n" + wrapped("`cluster VERB NOUN --help` says more of each.", output.width()));
}

void print_groups(Output& output, const CommandTable& table) {
  const auto usage = output.program() + " VERB NOUN [HOST...] [ARG...] [key=value...]";
  output.text(hanging("Usage: ", usage, output.width()));
  for (const auto group : table.groups) {
    auto commands =
        commands_where(table, [&](const Command& command) { return command.group == group; });
    std::ranges::stable_sort(commands, {}, [](const Command* one) { return noun_of(*one); });
    output.line("\n" + std::string(group));
    output.text(two_columns(rows_of(commands), output.width()));
  }
  output.text("\n" + wrapped(text_called(table, "overview.txt"), output.width()));
}

// The commands about `noun`, or about a longer noun with the same end: "gpu" also means "host gpu".
std::vector<const Command*> commands_about(const CommandTable& table, std::string_view noun) {
  const auto ending = " " + std::string(noun);
  return commands_where(table, [&](const Command& command) {
    return noun_of(command) == noun || noun_of(command).ends_with(ending);
  });
}

const Topic* topic_called(const CommandTable& table, std::string_view name) {
  const auto at = std::ranges::find(table.topics, name, &Topic::name);
  return at == table.topics.end() ? nullptr : &*at;
}

// The noun or topic that the operator means by `word`. The word may be a synonym or a plural. A
// word that means nothing is returned as it is.
std::string_view meant_by(const CommandTable& table, std::string_view word) {
  if (topic_called(table, word) != nullptr || !commands_about(table, word).empty()) return word;
  const auto synonym = std::ranges::find(table.synonyms, word, &Synonym::word);
  if (synonym != table.synonyms.end()) return synonym->noun;
  if (word.size() < 2 || !word.ends_with('s')) return word;
  return meant_by(table, word.substr(0, word.size() - 1));
}

// True if a letter is too many, too few, wrong or beside its place in a word that is long enough to
// be known by the others.
bool is_typing_error(std::string_view typed, std::string_view meant) {
  constexpr std::size_t kLongEnough = 4;
  if (std::max(typed.size(), meant.size()) < kLongEnough) return false;
  while (!typed.empty() && !meant.empty() && typed.front() == meant.front()) {
    typed.remove_prefix(1);
    meant.remove_prefix(1);
  }
  while (!typed.empty() && !meant.empty() && typed.back() == meant.back()) {
    typed.remove_suffix(1);
    meant.remove_suffix(1);
  }
  const bool swapped =
      typed.size() == 2 && meant.size() == 2 && typed[0] == meant[1] && typed[1] == meant[0];
  return swapped || (typed.size() < 2 && meant.size() < 2);
}

// All that print_help() explains: commands, their beginnings, nouns and topics.
std::vector<std::string> explained(const CommandTable& table) {
  std::vector<std::string> names;
  for (const auto& command : table.commands) {
    names.emplace_back(command.path);
    names.emplace_back(command.path.substr(0, command.path.rfind(' ')));
    const auto noun = noun_of(command);
    names.emplace_back(noun);
    names.emplace_back(noun.substr(noun.rfind(' ') + 1));  // "gpu", or all of it
  }
  for (const auto& topic : table.topics) names.emplace_back(topic.name);
  for (const auto& synonym : table.synonyms) names.emplace_back(synonym.word);
  return names;
}

}  // namespace

void print_help(Output& output, const CommandTable& table, const std::string& what) {
  if (what.empty()) return print_groups(output, table);
  const auto command = std::ranges::find(table.commands, what, &Command::path);
  if (command != table.commands.end()) return print_page(output, table, *command);
  const auto below =
      commands_where(table, [&](const Command& one) { return one.path.starts_with(what + " "); });
  if (!below.empty()) return print_list(output, what + " ...", below);
  const auto noun = meant_by(table, what);
  const auto* topic = topic_called(table, noun);
  const auto of_noun = commands_about(table, noun);
  if (topic == nullptr && of_noun.empty()) {
    const auto meant = nearest(what, explained(table));
    throw Error(Fault::usage, "no command " + quote(what) +
                                  (meant && is_typing_error(what, *meant)
                                       ? " (did you mean 'help " + *meant + "'?)"
                                       : " (see `cluster help`)"));
  }
  if (topic != nullptr) topic->print(output);
  if (topic != nullptr && !of_noun.empty()) output.line("");
  if (of_noun.empty()) return;
  const auto* nearest = *std::ranges::min_element(
      of_noun, {}, [](const Command* one) { return noun_of(*one).size(); });
  print_list(output, "VERB " + std::string(noun_of(*nearest)) + " ...", of_noun);
}

void print_reference(Output& output, const CommandTable& table) {
  output.text("# Command reference\n\n");
  output.text(wrapped(text_called(table, "reference.txt"), kReferenceWidth));
  for (const auto& command : table.commands) {
    const CommandPage page(table, command);
    output.line("\n## cluster " + std::string(command.path) + "\n");
    output.line("    cluster " + page.usage + "\n");
    output.line(std::string(command.summary) + ".");
    output.line("\n| argument | meaning |\n| --- | --- |");
    for (const auto& argument : page.arguments) {
      std::string description;
      for (const char c : argument.description) {
        if (c == '|') description += '\\';
        description += c;
      }
      output.line("| `" + argument.name + "` | " + description + " |");
    }
    output.text("\n```\n" + wrapped(page.text, kReferenceWidth) + "```\n");
  }
  for (const auto& topic : table.topics) topic.print_markdown(output);
}

}  // namespace cluster::cmd
