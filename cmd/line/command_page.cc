#include "cmd/line/command_page.h"

#include <algorithm>
#include <stdexcept>

#include "core/text.h"

namespace cluster::cmd {
namespace {

std::vector<DescribedArgument> arguments_of(const Options& options) {
  std::vector<DescribedArgument> arguments;
  for (const auto& option : options.all()) {
    if (option.name.empty()) {
      arguments.push_back({"", option.key + "=", option.help});
      continue;
    }
    DescribedArgument argument{option.name, option.name, option.help};
    // A name with a blank, "[HOST...] COMMAND", needs no more words.
    if (option.name.find(' ') == std::string::npos) {
      if (option.variable.is_list()) argument.usage += "...";
      if (!option.is_required) argument.usage = "[" + argument.usage + "]";
    }
    if (!option.key.empty()) argument.description += "; or " + option.key + "=";
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

// The text of a command. A line "@NAME" stands for the text called NAME, which several commands
// share.
std::string text_of(const CommandTable& table, const Command& command) {
  std::string name(command.path);
  std::ranges::replace(name, ' ', '_');
  std::string out;
  for (const auto line : split(trim(text_called(table, name + ".txt")), '\n')) {
    if (line.starts_with('@')) {
      out += text_called(table, std::string(line.substr(1)));
    } else {
      out += std::string(line) + '\n';
    }
  }
  return out;
}

}  // namespace

CommandPage::CommandPage(const CommandTable& table, const Command& command)
    : text(text_of(table, command)) {
  Options options;
  CommonOptions common;
  declare(command, options, common);
  arguments = arguments_of(options);
  usage = command.path;
  for (const auto& argument : arguments) {
    if (!argument.usage.empty()) usage += " " + argument.usage;
  }
  if (std::ranges::any_of(arguments, [](const auto& one) { return one.usage.empty(); })) {
    usage += " [key=value...]";
  }
}

std::string_view text_called(const CommandTable& table, const std::string& name) {
  const auto at = std::ranges::find(table.texts, name, &HelpText::name);
  if (at == table.texts.end()) throw std::logic_error("no help text is called " + name);
  return at->text;
}

std::string_view noun_of(const Command& command) {
  return command.path.substr(std::min(command.path.find(' '), command.path.size() - 1) + 1);
}

}  // namespace cluster::cmd
