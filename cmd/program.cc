#include "cmd/program.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <iterator>

#include "cmd/author.h"
#include "cmd/command_table.h"
#include "cmd/complete.h"
#include "cmd/context.h"
#include "cmd/last_run.h"
#include "cmd/line/help_page.h"
#include "cmd/line/parse.h"
#include "cmd/roll_command.h"
#include "cmd/signs_of_life.h"
#include "core/error.h"
#include "core/text.h"
#include "core/version.h"
#include "db/history.h"

namespace cluster::cmd {
namespace {

using Wants = Invocation::Wants;

constexpr int kSignalled = 128;       // what a shell adds to the number of the signal
constexpr std::ptrdiff_t kShown = 3;  // words of a command that there is not

Invocation read(const std::vector<std::string>& words) {
  if (auto asked = completion(words)) return *asked;
  try {
    return parse(words, command_table());
  } catch (const UnknownCommand& unknown) {
    const auto meant = meant_command(words, command_table(), first_words());
    if (!meant) return roll_command(words, unknown);
    const auto shown = std::min(std::ssize(words), kShown);
    const auto typed = quote(joined({words.begin(), words.begin() + shown}, " "));
    return roll_command(
        words,
        UnknownCommand(Fault::usage, "no command " + typed + " (did you mean '" + *meant + "'?)"));
  }
}

// What only asks hosts is over when nobody reads the answer. What changes them goes on to its end:
// Ctrl-C, which an operator means, leaves behind what is told to be unknown, but a closed pipe
// could tell nobody.
bool only_answers(std::string_view path) {
  constexpr std::array<std::string_view, 5> kVerbs{"check ", "discover ", "list ", "report ",
                                                   "run host"};
  return std::ranges::any_of(kVerbs, [&](std::string_view verb) { return path.starts_with(verb); });
}

int run(const std::vector<std::string>& words, const Surroundings& around, Output& output) {
  const auto invocation = read(words);
  if (invocation.wants == Wants::help) {
    print_help(output, command_table(), invocation.help_for);
    return 0;
  }
  if (invocation.wants == Wants::version) {
    output.line(output.program() + " " + std::string(version()));
    return 0;
  }
  output.set_format(invocation.format);
  output.set_view(invocation.view);
  output.set_only_answers(only_answers(invocation.path));
  SignsOfLife transport(around.transport, output, around.progress_width);
  const auto open = [&](Inventory::Open how) {
    auto inventory = around.open(invocation.db, how);
    sign(*inventory, author_of(words));
    return inventory;
  };
  Context context(open, transport, around.open_domains, output);
  context.answers = around.answers;
  context.place = inventory_place(invocation.db);
  context.installed_rolls = around.installed_rolls;
  context.find_me = around.find_me;
  if (!around.state_dir.empty()) {
    context.last_run = last_run_file(around.state_dir, context.place.file);
  }
  return invocation.action(context);
}

int run_and_print(const std::vector<std::string>& words, const Surroundings& around) {
  Output output(around.out, around.err, around.width, around.terminals, around.outlet);
  output.set_program(around.name);
  try {
    const int status = run(words, around, output);
    around.out.flush();
    if (!around.out)
      throw Error(Fault::io, "cannot write the answer: standard output is full or closed");
    return status;
  } catch (const ClosedPipe&) {
    return kSignalled + SIGPIPE;
  } catch (const Error& error) {
    around.out.flush();
    output.note(error.what());
    return exit_status(error.fault());
  } catch (const std::exception& error) {
    output.note(std::string("internal error: ") + error.what());
    return kExitBug;
  }
}

}  // namespace

int run_program(const std::vector<std::string>& words, const Surroundings& around) {
  const int status = run_and_print(words, around);
  const int signal = around.transport.interruption();
  return signal == 0 ? status : kSignalled + signal;
}

}  // namespace cluster::cmd
