#include <algorithm>
#include <array>
#include <limits>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/last_run.h"
#include "cmd/line/command.h"
#include "cmd/login_keys.h"
#include "cmd/run_files.h"
#include "cmd/run_printer.h"
#include "cmd/run_record.h"
#include "core/error.h"
#include "core/file.h"
#include "core/folded_names.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/hosts/guest_address.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {
namespace run_host {
namespace {

constexpr int kExitTimedOut = 124;  // the status that timeout(1) uses
constexpr int kMaxSeconds = 7 * 24 * 3600;

struct Args {
  std::vector<std::string> words;
  std::string command;
  std::string timeout = "30";
  LoginKeys login;
  std::string collate;
  std::string stats = "no";
  std::string sudo = "no";
  std::string output_dir;
  std::string retry;
  std::string input;
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

// The hosts on which the operator's last run failed, as far as they are in the inventory still.
std::vector<Host> hosts_of_last_run(Context& context) {
  const auto names = context.last_run.empty() ? std::nullopt : failed_in_last_run(context.last_run);
  if (!names) {
    throw Error(Fault::not_found,
                "retry=failed: it is not known where your last run failed: none has ended here, or "
                "it was cut off");
  }
  std::vector<Host> hosts;
  for (const auto& name : *names) {
    if (auto host = context.inventory().find_host(HostName(name)))
      hosts.push_back(*std::move(host));
  }
  if (hosts.empty()) {
    throw Error(Fault::not_found,
                names->empty() ? "retry=failed: no host failed in your last run"
                               : "retry=failed: the hosts on which your last run failed are not in "
                                 "the inventory any more");
  }
  std::vector<std::string> again;
  for (const auto& host : hosts) again.push_back(host.name.str());
  context.output.note("run host: again on " + counted_names(again));
  return hosts;
}

// Splits the words into hosts and the command. The last word is the command, unless command= has
// it.
std::pair<std::vector<Host>, std::string> hosts_and_command(Context& context, const Args& args) {
  auto& inventory = context.inventory();
  auto words = args.words;
  std::string command = args.command;
  if (command.empty()) {
    if (words.empty()) throw Error(Fault::usage, "run host: want a command, quoted as one word");
    command = words.back();
    words.pop_back();
    if (words.empty() && args.retry.empty() && is_host(inventory, command)) {
      throw Error(Fault::usage,
                  "run host: want a command for host " + quote(command) + ", quoted as one word");
    }
  }
  if (command.find('\0') != std::string::npos || trim(command).empty()) {
    throw Error(Fault::usage, "run host: the command is empty");
  }
  if (!args.retry.empty()) {
    if (args.retry != "failed") {
      throw Error(Fault::usage, "retry=" + quote(args.retry) + ": want failed");
    }
    if (!words.empty()) {
      throw Error(Fault::usage, "run host: retry=failed says on which hosts, so name none");
    }
    return {hosts_of_last_run(context), std::move(command)};
  }
  auto selected = frontend::select_managed(inventory, words);
  if (selected.empty()) throw Error(Fault::not_found, "run host: no hosts to run on");
  return {std::move(selected), std::move(command)};
}

// True if the names of the hosts come from standard input, whole or among others: "n1,-".
bool reads_names(const Args& args) {
  auto words = std::span(args.words);
  if (args.command.empty() && !words.empty()) words = words.first(words.size() - 1);
  return std::ranges::any_of(words, [](const std::string& word) {
    const auto pieces = split(word, ',');
    return std::ranges::any_of(pieces, [](std::string_view piece) { return trim(piece) == "-"; });
  });
}

// What all hosts read. Standard input is only read when input=- says so: a loop of the shell that
// reads it line by line would lose its lines.
ssh::Input input_of(const Args& args) {
  if (args.input.empty()) return {};
  const std::string file = args.input == "-" ? "/dev/stdin" : args.input;
  auto text = read_file(file);
  if (!text) throw Error(Fault::io, "input=" + quote(args.input) + ": there is no such file");
  return std::move(*text);
}

enum class Collate { by_number, prefix, fold, raw };

Collate parse_collate(const std::string& text) {
  if (text.empty()) return Collate::by_number;
  if (text == "prefix") return Collate::prefix;
  if (text == "yes") return Collate::fold;
  if (text == "no") return Collate::raw;
  throw Error(Fault::usage, "collate=" + quote(text) + ": want yes, no or prefix");
}

void check_keys(const Output& output, const Args& args) {
  static_cast<void>(parse_collate(args.collate));
  static_cast<void>(parse_yes_no("stats", args.stats));
  if (output.format() == Format::csv) {
    throw Error(Fault::usage, "run host: want --format json, or none");
  }
  const std::array ways{output.format() == Format::json, !args.output_dir.empty(),
                        !args.collate.empty()};
  if (std::ranges::count(ways, true) > 1) {
    throw Error(Fault::usage, "run host: want one of --format json, output-dir= and collate=");
  }
}

// The way in which the answers are printed.
std::unique_ptr<RunSink> sink_of(Output& output, const Args& args,
                                 const std::vector<ssh::Target>& targets) {
  const bool stats = parse_yes_no("stats", args.stats);
  if (output.format() == Format::json) return std::make_unique<JsonRun>(output, targets, stats);
  if (!args.output_dir.empty()) {
    return std::make_unique<RunFiles>(output, targets, stats, args.output_dir);
  }
  const auto collate = parse_collate(args.collate);
  if (collate == Collate::fold) return std::make_unique<FoldedRun>(output, targets, stats);
  const bool prefix =
      collate == Collate::prefix || (collate == Collate::by_number && targets.size() > 1);
  return std::make_unique<RunPrinter>(output, targets, prefix, stats);
}

void keep_failed(Context& context, const std::vector<ssh::Target>& targets,
                 const std::vector<ssh::Reply>& replies) {
  if (context.last_run.empty()) return;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (failed(replies[i])) names.push_back(targets[i].name);
  }
  try {
    keep_last_run(context.last_run, names);
  } catch (const Error&) {  // a home that cannot be written is no reason to fail
  }
}

int run(Context& context, const Args& args) {
  auto limits = args.login.limits();
  limits.command_timeout = std::chrono::seconds(parse_int("timeout", args.timeout, 0, kMaxSeconds));
  check_keys(context.output, args);
  const bool as_root = parse_yes_no("sudo", args.sudo);
  if (args.input == "-" && reads_names(args)) {
    throw Error(Fault::usage,
                "run host: standard input has either the hosts (-) or what they read (input=-)");
  }
  const auto [hosts, command] = hosts_and_command(context, args);
  const auto input = input_of(args);
  auto targets = frontend::targets_of(context, hosts, limits);
  for (auto& target : targets) target.input = input;
  context.close_inventory();

  const auto sink = sink_of(context.output, args, targets);
  // Files are read by somebody else, so nobody has to read standard output.
  context.output.set_only_answers(args.output_dir.empty());
  const auto given = as_root ? "sudo -n sh -c " + shell_word(command) : command;
  if (!context.last_run.empty()) forget_last_run(context.last_run);
  const auto replies = context.transport.run(targets, given, limits, *sink);
  keep_failed(context, targets, replies);
  sink->summarize(replies);
  context.output.check_outlet();
  return status_of(replies);
}

Action declare_run(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("[HOST...] COMMAND", args->words, "the hosts, and the command as the last word");
  options.key("command", args->command, "the command, when it is not the last word");
  options.key("timeout", args->timeout, "seconds that the command may take, 0 for ever [30]");
  args->login.declare(options);
  options.key("collate", args->collate,
              "yes: hosts that say the same as one; prefix: each line with its host; no: neither "
              "[prefix when there are several]");
  options.key("output-dir", args->output_dir,
              "write HOST.out and HOST.err into this folder instead");
  options.key("input", args->input,
              "a file that the command reads on every host, - for your input");
  options.key("retry", args->retry, "failed: the hosts on which your last run failed");
  options.key("sudo", args->sudo, "yes: as root there, by `sudo -n` [no: as the login user]");
  options.key("stats", args->stats, "yes: say on standard error how long each host took [no]");
  return [args](Context& context) { return run(context, *args); };
}

constexpr std::array kCommands{
    Command{"run host", "run a command on hosts over SSH", kPrepareHosts, declare_run,
            Answer::table},
};

}  // namespace
}  // namespace run_host

std::span<const Command> run_host_commands() { return run_host::kCommands; }

}  // namespace cluster::cmd
