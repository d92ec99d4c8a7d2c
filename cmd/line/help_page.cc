#include "cmd/line/help_page.h"

#include <algorithm>
#include <array>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "core/error.h"
#include "core/text.h"
#include "frontend/vms/vm_attributes.h"

namespace cluster::cmd {
namespace {

struct Argument {
  std::string usage;  // "[HOST...]"; "" for a key
  std::string name;   // "HOST", "timeout="
  std::string description;
};

// Options are read back from the declaration, so that help cannot say what is not so.
std::vector<Argument> arguments_of(const CLI::App& app) {
  std::vector<Argument> arguments;
  for (const auto* option : app.get_options()) {
    if (option == app.get_help_ptr()) continue;
    Argument argument{"", "", option->get_description()};
    if (option->get_positional()) {
      // A name with a blank is none for CLI11 from 2.4 on.
      argument.name = option->get_option_text().empty() ? option->get_name(true, false)
                                                        : option->get_option_text();
      argument.usage = argument.name;
      // A name with a blank, "[HOST...] COMMAND", says all by itself.
      if (argument.name.find(' ') == std::string::npos) {
        if (option->get_items_expected_max() > 1) argument.usage += "...";
        if (!option->get_required()) argument.usage = "[" + argument.usage + "]";
      }
      if (const auto& keys = option->get_lnames(); !keys.empty()) {
        argument.description += "; or " + keys.front() + "=";
      }
    } else {
      argument.name = option->get_lnames().front() + "=";
    }
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

// What help says of one command: its usage, its arguments, its long text.
struct Page {
  explicit Page(const Command& command) {
    CLI::App app;
    CommonOptions common;
    declare(command, app, common);
    arguments = arguments_of(app);
    footer = app.get_footer();
    usage = "cluster " + std::string(command.path);
    for (const auto& argument : arguments) {
      if (!argument.usage.empty()) usage += " " + argument.usage;
    }
    if (std::ranges::any_of(arguments, [](const Argument& a) { return a.usage.empty(); })) {
      usage += " [key=value...]";
    }
  }

  std::string usage;
  std::vector<Argument> arguments;
  std::string footer;
};

void print_columns(Output& output, const std::vector<std::pair<std::string, std::string>>& rows) {
  std::size_t width = 0;
  for (const auto& row : rows) width = std::max(width, row.first.size());
  for (const auto& [left, right] : rows) {
    output.line("  " + left + std::string(width - left.size() + 2, ' ') + right);
  }
}

void print_page(Output& output, const Command& command) {
  const Page page(command);
  output.line("Usage: " + page.usage);
  output.line("  " + std::string(command.summary));
  if (!page.arguments.empty()) output.line("");
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& argument : page.arguments)
    rows.emplace_back(argument.name, argument.description);
  print_columns(output, rows);
  if (!page.footer.empty()) output.line("\n" + page.footer);
}

// False when no command starts with `prefix`.
bool print_list(Output& output, const std::string& prefix) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& command : commands()) {
    if (prefix.empty() || command.path.starts_with(prefix + " ")) {
      rows.emplace_back(command.path, command.summary);
    }
  }
  if (rows.empty()) return false;
  output.line(prefix.empty() ? "Usage: cluster VERB NOUN [HOST...] [ARG...] [key=value...]\n"
                             : "Usage: cluster " + prefix + " ...\n");
  print_columns(output, rows);
  output.line("\n`cluster VERB NOUN --help` says more of each.");
  return true;
}

void print_attributes(Output& output) {
  output.line(
      "Attributes that say how VMs are made; the nearest value counts: global < appliance <\n"
      "container < VM. `cluster add attr NAME VALUE`, `cluster add host attr HOST NAME VALUE`.\n");
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& one : frontend::vm_attributes()) {
    rows.emplace_back(one.name,
                      std::string(one.values) + ": " + std::string(one.help) +
                          (one.fallback.empty() ? "" : " [" + std::string(one.fallback) + "]"));
  }
  print_columns(output, rows);
  output.line("\n`cluster list roll attr` lists those of the enabled rolls.");
}

void print_attributes_markdown(Output& output) {
  output.line("\n## Attributes of VMs\n");
  output.line(
      "`cluster help attr` lists them, `cluster list roll attr` those of the enabled rolls. The "
      "nearest value counts: global < appliance < container < "
      "VM.\n");
  output.line("| attribute | values | default | meaning |\n| --- | --- | --- | --- |");
  for (const auto& one : frontend::vm_attributes()) {
    const auto fallback = one.fallback.empty() ? "" : "`" + std::string(one.fallback) + "`";
    output.line("| `" + std::string(one.name) + "` | " + std::string(one.values) + " | " +
                fallback + " | " + std::string(one.help) + " |");
  }
}

void print_markdown(Output& output) {
  output.line("# Command reference\n");
  output.line("Written by `cluster help format=markdown`; a test holds it against the program.\n");
  output.text(
      "Every `key=value` may be typed `--key value`. A word is read as `key=value` only where the "
      "command\n"
      "has that key, and after `--` never. Hosts are named as `cluster list host --help` says.\n");
  for (const auto& command : commands()) {
    const Page page(command);
    output.line("\n## cluster " + std::string(command.path) + "\n");
    output.line("    " + page.usage + "\n");
    std::string summary(command.summary);
    output.line(summary + ".");
    if (!page.arguments.empty()) output.line("\n| argument | meaning |\n| --- | --- |");
    for (const auto& argument : page.arguments) {
      std::string description;
      for (const char c : argument.description)
        description += c == '|' ? std::string("\\|") : std::string(1, c);
      output.line("| `" + argument.name + "` | " + description + " |");
    }
    if (!page.footer.empty()) output.line("\n```\n" + page.footer + "\n```");
  }
  print_attributes_markdown(output);
}

Action declare_help(CLI::App& app) {
  struct Args {
    std::vector<std::string> words;
    std::string format = "text";
  };
  auto args = std::make_shared<Args>();
  app.add_option("COMMAND", args->words, "what to explain: add, add host, add host gpu");
  app.add_option("--format", args->format, "text or markdown [text]");
  return [args](Context& context) {
    if (args->format == "markdown") {
      print_markdown(context.output);
      return 0;
    }
    if (args->format != "text") {
      throw Error(Fault::usage,
                  "not a format: " + quote(args->format) + " (want text or markdown)");
    }
    return help_action(joined(args->words, " "))(context);
  };
}

constexpr std::array kCommands{Command{"help", "list the commands, or explain one", declare_help}};

}  // namespace

Action help_action(const std::string& path) {
  return [path](Context& context) {
    const auto command = std::ranges::find(commands(), path, &Command::path);
    if (path == "attr") {
      print_attributes(context.output);
    } else if (command != commands().end()) {
      print_page(context.output, *command);
    } else if (!print_list(context.output, path)) {
      throw Error(Fault::usage, "no command " + quote(path) + " (see `cluster help`)");
    }
    return 0;
  };
}

std::span<const Command> help_commands() { return kCommands; }

}  // namespace cluster::cmd
