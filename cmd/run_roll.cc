#include <algorithm>
#include <array>

#include "cmd/attr.h"
#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/hosts/sudo.h"
#include "frontend/rolls/roll_store.h"
#include "rolls/engine/script.h"
#include "rolls/engine/script_report.h"

namespace cluster::cmd {
namespace {

struct Args {
  std::string name;
  std::string host;
  std::string appliance;
  std::string apply = "no";
  std::string dryrun = "no";
  std::string timeout = "1800";
};

std::string last_line(const std::string& text) {
  std::string last;
  for (const auto line : split(text, '\n')) {
    if (!trim(line).empty()) last = std::string(trim(line));
  }
  return last;
}

using Outcome = rolls::ScriptReport::Outcome;

std::string word(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return "done";
    case Outcome::reboot:
      return "reboot";
    case Outcome::failed:
      return "failed";
  }
  return "";
}

// Returns the outcome on one host, and the words that explain it.
std::pair<Outcome, std::string> outcome_of(const frontend::AgentAnswer& answer,
                                           const std::string& token, const std::string& roll) {
  const auto& reply = answer.reply;
  if (const auto error = frontend::unfinished(answer)) return {Outcome::failed, error->what()};
  const auto report = rolls::find_report(answer.out, token);
  if (report && report->outcome == Outcome::failed) {
    // The failed roll may be one that this roll requires.
    return {Outcome::failed, (report->roll == roll ? "" : report->roll + ": ") + report->words};
  }
  if (report && reply.status == 0) return {report->outcome, report->words};
  const std::string why = "the script did not come to its end";
  if (reply.status == 0) return {Outcome::failed, why + ": " + last_line(answer.out)};
  const auto printed = last_line(answer.err);  // it was killed, or there is no shell
  return {Outcome::failed, why + " (status " + std::to_string(reply.status) + ")" +
                               (printed.empty() ? "" : ": " + printed)};
}

class Runner {
 public:
  Runner(Context& context, const std::string& name)
      : inventory_(context.inventory()), rolls_(frontend::enabled_rolls(inventory_)) {
    const auto stored = frontend::find_roll(inventory_, name, "");
    const auto roll = std::ranges::find(rolls_, stored.name, &rolls::Roll::name);
    if (roll == rolls_.end()) {
      throw Error(Fault::refused, "roll " + quote(stored.name) +
                                      " is not enabled: `cluster enable roll " + stored.name + "`");
    }
    order_ = rolls::with_required(*roll, rolls_);
  }

  const rolls::Roll& roll() const { return *order_.back(); }

  // In the order of `hosts`.
  std::vector<std::string> scripts_for(const std::vector<Host>& hosts) const {
    const auto containers = containers_of(inventory_, hosts);
    const AttributeResolver site(inventory_.attributes(owners_of(hosts, containers)));
    std::vector<std::string> scripts;
    for (const auto& host : hosts) {
      scripts.push_back(script(site, "host=" + host.name.str(), scope_of(host, containers)));
    }
    return scripts;
  }

  std::string script_for(const std::string& appliance) const {
    const AttributeResolver site(inventory_.attributes(OnlyHosts{std::in_place}));
    return script(site, "appliance=" + appliance, {appliance, {}, {}});
  }

 private:
  std::string script(const AttributeResolver& site, const std::string& where,
                     const AttributeScope& scope) const {
    return rolls::script({order_, *scope.appliance,
                          frontend::values_for(inventory_, order_, site, scope),
                          "cluster run roll " + roll().name + " " + where});
  }

  Inventory& inventory_;
  std::vector<rolls::Roll> rolls_;
  std::vector<const rolls::Roll*> order_;
};

int run_apply(Context& context, const Runner& runner, const std::vector<Host>& hosts,
              const Args& args) {
  const auto limits = frontend::limits_of(args.timeout);
  const auto& roll = runner.roll().name;
  const std::string shell = parse_yes_no("dryrun", args.dryrun) ? "sh -s -- --dry-run" : "sh -s";
  std::vector<std::string> commands;
  for (const auto& host : hosts) commands.push_back(frontend::as_root(host, shell));
  const auto token = rolls::new_report_token();
  // The shell reads the text in braces to its end before it does anything. So a connection that
  // breaks while the script is sent runs none of it, and no program there can read the rest of it
  // away. The token is not on a command line, which steps and other users can see.
  auto scripts = runner.scripts_for(hosts);
  for (auto& script : scripts) {
    script = "{\nset -- --report=" + token + " \"$@\"\n" + script + "exit\n} </dev/null\n";
  }
  Table table{{"host", "roll", "outcome", "details"}, {}};
  int status = 0;
  for (const auto& answer :
       frontend::ask_hosts(context, hosts, commands, limits, {scripts.begin(), scripts.end()})) {
    const auto [outcome, details] = outcome_of(answer, token, roll);
    table.rows.push_back({answer.host.name.str(), roll, word(outcome), details});
    if (!ssh::reached(answer.reply.end)) status = std::max(status, exit_status(Fault::unreachable));
    if (outcome == Outcome::failed) status = std::max(status, 1);
  }
  context.output.table(table);
  return status;
}

// Without host=, returns the hosts of the appliances that the roll has something for.
std::vector<Host> hosts_to_apply(Inventory& inventory, const rolls::Roll& roll, const Args& args) {
  if (!args.host.empty()) return frontend::select_hosts(inventory, {args.host});
  auto hosts = inventory.hosts();
  std::erase_if(hosts, [&](const Host& host) {
    return roll.part_for(host.appliance) == nullptr ||
           (!args.appliance.empty() && host.appliance != args.appliance);
  });
  if (hosts.empty())
    throw Error(Fault::not_found, "there are no hosts for roll " + quote(roll.name));
  return hosts;
}

int run(Context& context, const Args& args) {
  const bool apply = parse_yes_no("apply", args.apply);
  if (!apply && parse_yes_no("dryrun", args.dryrun)) {
    throw Error(Fault::usage, "dryrun=yes is for apply=yes; a printed script has --dry-run itself");
  }
  auto& inventory = context.inventory();
  const Runner runner(context, args.name);
  if (apply) {
    return run_apply(context, runner, hosts_to_apply(inventory, runner.roll(), args), args);
  }
  if (!args.host.empty()) {
    const auto hosts = frontend::select_hosts(inventory, {args.host});
    if (hosts.size() != 1) {
      throw Error(Fault::usage, "host=" + quote(args.host) + " means " +
                                    std::to_string(hosts.size()) +
                                    " hosts: want one, or apply=yes");
    }
    context.output.text(runner.scripts_for(hosts)[0]);
    return 0;
  }
  auto appliance = args.appliance;
  if (appliance.empty()) {
    if (runner.roll().hosts.size() > 1) {
      throw Error(Fault::usage, "roll " + quote(args.name) +
                                    " has something for several appliances: want appliance= or "
                                    "host=");
    }
    appliance = runner.roll().hosts.empty() ? "vm-container" : runner.roll().hosts[0].appliance;
  }
  context.output.text(runner.script_for(appliance));
  return 0;
}

Action declare_run(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("ROLL", args->name, "name of the roll").required();
  options.key("host", args->host, "for this host [any]");
  options.key("appliance", args->appliance, "for hosts of this appliance [the roll's only one]");
  options.key("apply", args->apply, "yes: run it on the hosts [no: print it]");
  options.key("dryrun", args->dryrun,
              "yes, with apply=yes: the hosts only tell what is missing [no]");
  options.key("timeout", args->timeout, "seconds that a host may take [1800]");
  return [args](Context& context) { return run(context, *args); };
}

struct DumpArgs {
  std::vector<std::string> hosts;
};

int run_dump(Context& context, const DumpArgs& args) {
  auto& inventory = context.inventory();
  const auto rolls = frontend::enabled_rolls(inventory);
  for (const auto& host : frontend::select_hosts(inventory, args.hosts)) {
    for (const auto& roll : rolls) {
      if (roll.part_for(host.appliance) == nullptr) continue;
      context.output.line("cluster run roll " + roll.name + " host=" + host.name.str() +
                          " apply=yes");
    }
  }
  return 0;
}

Action declare_dump(Options& options) {
  auto args = std::make_shared<DumpArgs>();
  options.argument("HOST", args->hosts, "hosts to write down [all]");
  return [args](Context& context) { return run_dump(context, *args); };
}

constexpr std::array kCommands{
    Command{"dump host roll", "print the commands that give hosts their rolls again",
            kKeepInventory, declare_dump},
    Command{"run roll", "print the script of a roll for a host, or run it there", kPrepareHosts,
            declare_run, Answer::table},
};

}  // namespace

std::span<const Command> run_roll_commands() { return kCommands; }

}  // namespace cluster::cmd
