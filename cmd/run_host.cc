#include <algorithm>
#include <array>
#include <limits>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "cmd/run_printer.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/hosts/guest_address.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {
namespace {

constexpr int kExitTimedOut = 124;  // the status that timeout(1) uses
constexpr int kMaxSeconds = 7 * 24 * 3600;
constexpr int kMaxAtOnce = 65535;

struct Args {
  std::vector<std::string> words;
  std::string command;
  std::string timeout = "30";
  std::string connect_timeout = "10";
  std::string num_threads = "1024";
  std::string collate;
  std::string stats = "no";
  std::string sudo = "no";
};

int status_of_one(const ssh::Reply& reply) {
  if (reply.end == ssh::End::exited) return reply.status;
  if (reply.end == ssh::End::timed_out) return kExitTimedOut;
  return exit_status(ssh::reached(reply.end) ? Fault::refused : Fault::unreachable);
}

int status_of(const std::vector<ssh::Reply>& replies) {
  if (replies.size() == 1) return status_of_one(replies[0]);
  const auto not_reached = [](const ssh::Reply& reply) { return !ssh::reached(reply.end); };
  if (std::ranges::any_of(replies, not_reached)) return exit_status(Fault::unreachable);
  return std::ranges::any_of(replies, failed) ? exit_status(Fault::refused) : 0;
}

bool is_host(Inventory& inventory, const std::string& word) {
  try {
    return inventory.find_host(HostName(word)).has_value();
  } catch (const Error& error) {
    if (error.fault() == Fault::usage) return false;  // it cannot be a name
    throw;
  }
}

// Splits the words into hosts and the command. The last word is the command, unless command= has
// it.
std::pair<std::vector<Host>, std::string> hosts_and_command(Inventory& inventory,
                                                            const Args& args) {
  auto words = args.words;
  std::string command = args.command;
  if (command.empty()) {
    if (words.empty()) throw Error(Fault::usage, "run host: want a command, quoted as one word");
    command = words.back();
    words.pop_back();
    if (words.empty() && is_host(inventory, command)) {
      throw Error(Fault::usage,
                  "run host: want a command for host " + quote(command) + ", quoted as one word");
    }
  }
  if (command.find('\0') != std::string::npos || trim(command).empty()) {
    throw Error(Fault::usage, "run host: the command is empty");
  }
  auto selected = frontend::select_managed(inventory, words);
  if (selected.empty()) throw Error(Fault::not_found, "run host: no hosts to run on");
  return {std::move(selected), std::move(command)};
}

int run(Context& context, const Args& args) {
  ssh::Limits limits;
  limits.command_timeout = std::chrono::seconds(parse_int("timeout", args.timeout, 0, kMaxSeconds));
  limits.connect_timeout =
      std::chrono::seconds(parse_int("connect-timeout", args.connect_timeout, 1, kMaxSeconds));
  limits.at_once =
      static_cast<std::size_t>(parse_int("num-threads", args.num_threads, 1, kMaxAtOnce));
  const bool stats = parse_yes_no("stats", args.stats);
  const bool as_root = parse_yes_no("sudo", args.sudo);
  const bool collate = !args.collate.empty() && parse_yes_no("collate", args.collate);
  const auto [hosts, command] = hosts_and_command(context.inventory(), args);
  const auto targets = frontend::targets_of(context, hosts, limits);

  const bool prefix = args.collate.empty() ? targets.size() > 1 : collate;
  RunPrinter printer(context.output, targets, prefix, stats);
  const auto given = as_root ? "sudo -n sh -c " + shell_word(command) : command;
  const auto replies = context.transport.run(targets, given, limits, printer);
  printer.summarize(replies);
  return status_of(replies);
}

Action declare_run(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("[HOST...] COMMAND", args->words, "the hosts, and the command as the last word");
  options.key("command", args->command, "the command, when it is not the last word");
  options.key("timeout", args->timeout, "seconds that the command may take, 0 for ever [30]");
  options.key("connect-timeout", args->connect_timeout, "seconds until it must have started [10]");
  options.key("num-threads", args->num_threads, "hosts at once [1024]");
  options.key("collate", args->collate,
              "yes: prefix each line with its host [when there are several]");
  options.key("sudo", args->sudo, "yes: as root there, by `sudo -n` [no: as the login user]");
  options.key("stats", args->stats, "yes: say on standard error how long each host took [no]");
  return [args](Context& context) { return run(context, *args); };
}

constexpr std::array kCommands{
    Command{"run host", "run a command on hosts over SSH", kPrepareHosts, declare_run},
};

}  // namespace

std::span<const Command> run_host_commands() { return kCommands; }

}  // namespace cluster::cmd
