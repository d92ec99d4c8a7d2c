#include <algorithm>
#include <array>
#include <utility>

#include "cmd/attr.h"
#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "cmd/roll_outcome.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/natural_key.h"
#include "core/text.h"
#include "core/version.h"
#include "frontend/hosts/agent_install.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/hosts/sudo.h"
#include "frontend/rolls/roll_log.h"
#include "frontend/rolls/roll_store.h"
#include "rolls/engine/script.h"
#include "rolls/engine/script_report.h"

namespace cluster::cmd {
namespace run_roll {
namespace {

struct Args {
  std::string name;
  std::string host;
  std::string appliance;
  std::string apply = "no";
  std::string dryrun = "no";
  std::string undo = "no";
  std::string packages = "keep";
  std::string agent;
  std::string timeout = "1800";
};

class Runner {
 public:
  Runner(Context& context, const Args& args)
      : inventory_(context.inventory()),
        rolls_(frontend::enabled_rolls(inventory_)),
        undo_(parse_yes_no("undo", args.undo)) {
    if (args.packages != "keep" && (args.packages != "remove" || !undo_)) {
      throw Error(Fault::usage,
                  "packages=" + args.packages + " (want keep, or remove with undo=yes)");
    }
    const auto stored = frontend::find_roll(inventory_, args.name, "");
    const auto roll = std::ranges::find(rolls_, stored.name, &rolls::Roll::name);
    if (roll == rolls_.end()) {
      throw Error(Fault::refused, "roll " + quote(stored.name) +
                                      " is not enabled: `cluster enable roll " + stored.name + "`");
    }
    order_ = rolls::with_required(*roll, rolls_);
  }

  const rolls::Roll& roll() const { return *order_.back(); }
  bool undoes() const { return undo_; }

  // True if it, or a roll that it requires, wants gpupci on that host.
  bool wants_agent(const Host& host) const {
    return std::ranges::any_of(order_, [&](const rolls::Roll* one) {
      const auto* part = one->part_for(host.appliance);
      return part != nullptr && part->agent;
    });
  }

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
    const rolls::ScriptSpec spec{
        order_, *scope.appliance, frontend::values_for(inventory_, order_, site, scope),
        "cluster run roll " + roll().name + " " + where + (undo_ ? " undo=yes" : "")};
    return undo_ ? rolls::undo_script(spec, dependents()) : rolls::script(spec);
  }

  // The rolls that require this one, directly or not.
  std::vector<std::string> dependents() const {
    std::vector<std::string> names;
    for (const auto& other : rolls_) {
      const auto order = rolls::with_required(other, rolls_);
      if (other.name == roll().name) continue;
      if (std::ranges::any_of(order, [&](const auto* one) { return one->name == roll().name; })) {
        names.push_back(other.name);
      }
    }
    return names;
  }

  Inventory& inventory_;
  std::vector<rolls::Roll> rolls_;
  std::vector<const rolls::Roll*> order_;
  bool undo_;
};

// Puts gpupci on the hosts where the roll wants it and there is none, or an older one. A host that
// cannot get ours is left to the roll, which says what is missing.
class AgentsFirst {
 public:
  AgentsFirst(Context& context, const Runner& runner, std::vector<Host> hosts, const Args& args,
              const ssh::Limits& limits)
      : install_(context, limits) {
    std::erase_if(hosts, [&](const Host& host) { return !runner.wants_agent(host); });
    if (runner.undoes()) hosts.clear();  // what is there can give the cards back
    const auto from = args.agent.empty() ? frontend::own_gpupci() : args.agent;
    if (hosts.empty() || !from) return;
    auto file = frontend::gpupci_for_delivery(*from);
    install_.ask(hosts, "");
    for (auto& one : install_.upgrades()) {
      const auto& theirs = one.program.version;
      if (natural_key(theirs) > natural_key(version())) one.result = frontend::UpgradeResult::newer;
    }
    install_.decide(file);
    if (!parse_yes_no("dryrun", args.dryrun)) {
      install_.deliver(std::move(file));
      install_.write_units();
    }
    if (const auto why = install_.store(); !why.empty()) context.output.note(why);
  }

  // The reason why the host cannot get its roll now, if there is one.
  const Error* failure_of(const HostName& host) const {
    const auto at = std::ranges::find(install_.failures(), host.str(), &frontend::PartFailure::who);
    const bool has_failed = at != install_.failures().end() && at->error.fault() != Fault::refused;
    return has_failed ? &at->error : nullptr;
  }

  // What was done there, to be said before the words of the roll.
  std::string words(const HostName& host) {
    for (const auto& one : install_.upgrades()) {
      if (one.host.name != host) continue;
      if (one.result == frontend::UpgradeResult::wanted) return "gpupci would be installed; ";
      if (one.result == frontend::UpgradeResult::installed) {
        return "gpupci " + one.program.version + " installed; ";
      }
    }
    return "";
  }

 private:
  frontend::AgentInstall install_;
};

// The options of the script, as words of a command line.
std::string shell_of(const Args& args) {
  std::string options;
  if (parse_yes_no("dryrun", args.dryrun)) options += " --dry-run";
  if (args.packages == "remove") options += " --remove-packages";
  return options.empty() ? "sh -s" : "sh -s --" + options;
}

// What the hosts that were asked have said: the table of their outcomes, the last lines of those
// that failed, and their logs.
class Telling {
 public:
  Telling(Context& context, std::string roll)
      : output_(context.output), logs_(context.inventory()), roll_(std::move(roll)) {}

  void add(const HostName& host, const RollOutcome& outcome) {
    table_.rows.push_back({host.str(), roll_, word(outcome.outcome), known(outcome.words)});
    if (outcome.outcome == rolls::ScriptReport::Outcome::failed) status_ = std::max(status_, 1);
  }

  void add(const HostName& host, const RollOutcome& outcome, const std::string& said) {
    for (auto& item : items_of(said)) {
      item.insert(item.begin(), host.str());
      table_.rows.push_back(std::move(item));
    }
    add(host, outcome);
    if (outcome.outcome == rolls::ScriptReport::Outcome::failed) last_.add(host.str(), said);
    if (!said.empty()) keep(host, said);
  }

  void worsen(int status) { status_ = std::max(status_, status); }

  int print() {
    print_folded(output_, table_);
    last_.print(output_);
    if (!not_kept_.empty()) {
      output_.note(not_kept_);
    } else if (kept_) {
      output_.note("what the hosts said is in " + logs_.folder().native());
    }
    return status_;
  }

 private:
  void keep(const HostName& host, const std::string& said) {
    if (!not_kept_.empty()) return;
    try {
      logs_.keep(host, roll_, said);
      kept_ = true;
    } catch (const Error& error) {  // the hosts are done all the same
      not_kept_ = error.what();
    }
  }

  Output& output_;
  frontend::RollLogs logs_;
  std::string roll_;
  Table table_{{"host", "roll", "outcome", "details"}, {}};
  LastLines last_;
  bool kept_ = false;
  std::string not_kept_;
  int status_ = 0;
};

int run_apply(Context& context, const Runner& runner, const std::vector<Host>& hosts,
              const Args& args) {
  const auto limits = frontend::limits_of(args.timeout);
  context.output.set_only_answers(parse_yes_no("dryrun", args.dryrun));
  const auto& roll = runner.roll().name;
  const auto shell = shell_of(args);
  const auto token = rolls::new_report_token();
  const auto scripts = runner.scripts_for(hosts);
  AgentsFirst agents(context, runner, hosts, args, limits);
  std::vector<Host> ready;
  std::vector<std::string> commands;
  std::vector<ssh::Input> inputs;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (agents.failure_of(hosts[i].name) != nullptr) continue;
    ready.push_back(hosts[i]);
    commands.push_back(frontend::as_root(hosts[i], shell));
    // The shell reads the text in braces to its end before it does anything. So a connection that
    // breaks while the script is sent runs none of it, and no program there can read the rest of it
    // away. The token is not on a command line, which steps and other users can see. Both outputs
    // are one, so that its lines come in the order in which they were printed.
    inputs.emplace_back("{\nset -- --report=" + token + " \"$@\"\nexec 2>&1\n" + scripts[i] +
                        "exit\n} </dev/null\n");
  }
  const auto answers = frontend::ask_hosts(context, ready, commands, limits, inputs);
  auto answer = answers.begin();
  Telling telling(context, roll);
  for (const auto& host : hosts) {
    if (const auto* failure = agents.failure_of(host.name)) {
      telling.add(host.name, {rolls::ScriptReport::Outcome::failed, failure->what()});
      telling.worsen(exit_status(failure->fault()));
      continue;
    }
    auto outcome = outcome_of(*answer, token, roll);
    outcome.words = agents.words(host.name) + outcome.words;
    telling.add(host.name, outcome, said_by(*answer, token));
    if (!ssh::reached(answer->reply.end)) telling.worsen(exit_status(Fault::unreachable));
    ++answer;
  }
  return telling.print();
}

// Without host=, returns the hosts of the appliances that the roll has something for.
std::vector<Host> hosts_to_apply(Inventory& inventory, const rolls::Roll& roll, const Args& args) {
  if (!args.host.empty()) return frontend::select_hosts(inventory, {args.host});
  if (parse_yes_no("undo", args.undo) && args.appliance.empty()) {
    throw Error(Fault::usage, "undo=yes with apply=yes wants host= or appliance=");
  }
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
  const Runner runner(context, args);
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
  options.key("undo", args->undo, "yes: take back what the roll did [no]");
  options.key("packages", args->packages,
              "with undo=yes: keep or remove those that the roll installed [keep]");
  options.key(
      "agent", args->agent,
      "with apply=yes: the gpupci for hosts where the roll wants it [gpupci beside cluster]");
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
      // Without apply=yes: what a dump prints acts on no host.
      context.output.line("cluster run roll " + roll.name + " host=" + host.name.str());
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
    Command{"dump host roll", "print the commands for the rolls that hosts should have",
            kKeepInventory, declare_dump},
    Command{"run roll", "print the script of a roll for a host, or run it there", kPrepareHosts,
            declare_run, Answer::table},
};

}  // namespace
}  // namespace run_roll

std::span<const Command> run_roll_commands() { return run_roll::kCommands; }

}  // namespace cluster::cmd
