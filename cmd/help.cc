#include <array>

#include "cmd/command_table.h"
#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/help_page.h"
#include "cmd/line/manual.h"
#include "core/error.h"
#include "core/text.h"
#include "frontend/rolls/roll_store.h"

namespace cluster::cmd {
namespace help {
namespace {

struct Args {
  std::vector<std::string> words;
  std::string format = "text";
};

// The commands of enabled rolls come last. Help never fails for the sake of the inventory, and
// leaves it as it is.
void list_roll_commands(Context& context) {
  std::string lines;
  try {
    for (const auto& roll :
         frontend::described_rolls(context.inventory(Inventory::Open::as_it_is))) {
      for (const auto& command : roll.commands) {
        lines += "  " + command.path + "  " + command.summary + " (roll " + roll.name + ")\n";
      }
    }
  } catch (const Error&) {
    return;
  }
  if (!lines.empty()) context.output.text("\nCommands of rolls:\n" + lines);
}

int run(Context& context, const Args& args) {
  if (args.format == "markdown") {
    print_reference(context.output, command_table());
  } else if (args.format == "man") {
    print_manual(context.output, command_table(), joined(args.words, " "));
  } else if (args.format == "text") {
    print_help(context.output, command_table(), joined(args.words, " "));
    if (args.words.empty()) list_roll_commands(context);
  } else {
    throw Error(Fault::usage,
                "not a format: " + quote(args.format) + " (want text, markdown or man)");
  }
  return 0;
}

Action declare_help(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("COMMAND", args->words, "what to explain: add, add host gpu, gpu [everything]");
  options.key("format", args->format,
              "text, markdown or man: the manual page of a noun, or of cluster [text]");
  return [args](Context& context) { return run(context, *args); };
}

constexpr std::array kCommands{
    Command{"help", "list the commands, or explain one", kGetHelp, declare_help}};

}  // namespace
}  // namespace help

std::span<const Command> help_commands() { return help::kCommands; }

}  // namespace cluster::cmd
