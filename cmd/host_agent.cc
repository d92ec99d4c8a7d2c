#include <array>
#include <filesystem>
#include <map>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/sha256.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "frontend/cards/card_truth.h"
#include "frontend/hosts/agent_program.h"
#include "frontend/hosts/delivery.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/hosts/sudo.h"

namespace cluster::cmd {
namespace {

constexpr const char* kSettings = "/etc/gpupci/gpupci.yaml";

struct SyncAgentArgs {
  std::vector<std::string> hosts;
  std::string from;
  std::string to;
  std::string settings;
  std::string dryrun = "no";
  std::string timeout = "120";
};

// A host on its way to the right gpupci.
struct Upgrade {
  Host host;
  frontend::AgentProgram program;
  std::string outcome;  // "" = none yet
};

// The gpupci that is installed beside this program.
std::filesystem::path own_gpupci() {
  std::error_code none;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", none);
  const auto beside = self.parent_path() / "gpupci";
  if (std::filesystem::is_regular_file(beside, none)) return beside;
  throw Error(Fault::usage, "sync host agent: there is no gpupci beside " + quote(self.native()) +
                                ": want from=FILE");
}

class AgentSync {
 public:
  AgentSync(Context& context, const ssh::Limits& limits) : context_(context), limits_(limits) {}

  void ask(const std::vector<Host>& hosts, const std::string& path) {
    const std::vector commands(hosts.size(), frontend::question_of_program(path));
    for (const auto& answer : frontend::ask_hosts(context_, hosts, commands, limits_)) {
      try {
        upgrades_.push_back({answer.host, frontend::program_of(answer), ""});
      } catch (const Error& error) {
        failures_.add(answer.host.name.str(), error);
      }
    }
  }

  // Decides what becomes of each host.
  void decide(const frontend::DeliveredFile& file) {
    const auto checksum = sha256_hex(file.bytes);
    const auto machine = frontend::machine_of(file.bytes);
    for (auto& one : upgrades_) {
      const auto& told = one.program;
      if (told.checksum == checksum) {
        one.outcome = "current";
      } else if (!machine.empty() && told.machine != machine) {
        fail(one,
             Error(Fault::refused, "it is " + quote(told.machine) + ", and " + quote(file.name) +
                                       " is for " + machine + ": want from= of another one"));
      } else if (told.is_packaged) {
        fail(one, Error(Fault::refused,
                        quote(told.path) + " is of a package: upgrade that, or remove it"));
      }
    }
  }

  void deliver(frontend::DeliveredFile file) {
    std::map<std::string, frontend::Delivery> deliveries;  // by path
    const auto order = [&](const Upgrade& one) {
      file.path = one.program.path;
      const auto at = deliveries.contains(file.path)
                          ? deliveries.find(file.path)
                          : deliveries.emplace(file.path, frontend::Delivery({file})).first;
      return std::pair(at->second.command(), at->second.input());
    };
    as_root([](const Upgrade& one) { return one.outcome.empty(); }, order,
            [](Upgrade& one, const frontend::AgentAnswer& answer) {
              frontend::delivered(answer, 1);
              one.outcome = "installed";
            });
  }

  void write_units() {
    const auto order = [](const Upgrade& one) {
      return std::pair(frontend::unit_of_program(one.program.path), ssh::Input());
    };
    as_root(has_not_failed, order, [](Upgrade& one, const frontend::AgentAnswer& answer) {
      auto program = frontend::program_of(answer);
      if (program.version.empty()) throw Error(Fault::io, "it does not run there");
      if (program.has_new_unit && one.outcome == "current") one.outcome = "unit written";
      one.program = std::move(program);
    });
  }

  void deliver_settings(const frontend::DeliveredFile& file) {
    const frontend::Delivery delivery({file});
    const auto order = [&](const Upgrade&) {
      return std::pair(delivery.command(), delivery.input());
    };
    as_root(has_not_failed, order, [](Upgrade& one, const frontend::AgentAnswer& answer) {
      const bool is_new = frontend::delivered(answer, 1).front();
      if (is_new && one.outcome == "current") one.outcome = "settings written";
    });
  }

  // Stores what is known now. Returns the exit status of the failures, which it prints.
  int store() {
    const auto now = utc_now();
    std::map<HostName, HostAgent> agents;
    for (const auto& one : upgrades_) {
      const auto& told = one.program;
      agents[one.host.name] = {text(told.version), now, told.path, text(told.checksum)};
    }
    context_.inventory().store_host_agents(agents);
    failures_.print(context_.output);
    return failures_.status();
  }

  int report() {
    const int status = store();
    Table table{{"host", "version", "path", "outcome"}, {}};
    for (const auto& one : upgrades_) {
      if (!has_not_failed(one)) continue;
      table.rows.push_back({one.host.name.str(), cell(text(one.program.version)), one.program.path,
                            one.outcome.empty() ? "would be installed" : one.outcome});
    }
    print_folded(context_.output, table);
    return status;
  }

 private:
  static std::optional<std::string> text(const std::string& value) {
    return value.empty() ? std::nullopt : std::optional(value);
  }

  static bool has_not_failed(const Upgrade& one) { return one.outcome != "failed"; }

  void fail(Upgrade& one, const Error& error) {
    failures_.add(one.host.name.str(), error);
    one.outcome = "failed";
  }

  // Lets root carry out `order`, a command and its input, on the hosts that are `wanted`.
  template <typename Wanted, typename Order, typename Take>
  void as_root(Wanted wanted, Order order, Take take) {
    std::vector<Upgrade*> upgrades;
    std::vector<Host> hosts;
    std::vector<std::string> commands;
    std::vector<ssh::Input> inputs;
    for (auto& one : upgrades_) {
      if (!wanted(one)) continue;
      auto [command, input] = order(one);
      upgrades.push_back(&one);
      hosts.push_back(one.host);
      commands.push_back(frontend::as_root(one.host, command));
      inputs.push_back(std::move(input));
    }
    if (hosts.empty()) return;
    const auto answers = frontend::ask_hosts(context_, hosts, commands, limits_, inputs);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      try {
        take(*upgrades[i], answers[i]);
      } catch (const Error& error) {
        fail(*upgrades[i], error);
      }
    }
  }

  Context& context_;
  ssh::Limits limits_;
  std::vector<Upgrade> upgrades_;
  FoldedNotes failures_;
};

int run_sync(Context& context, const SyncAgentArgs& args) {
  const bool only_tells = parse_yes_no("dryrun", args.dryrun);
  const auto limits = frontend::limits_of(args.timeout);
  if (!args.to.empty() && !args.to.starts_with('/')) {
    throw Error(Fault::usage, "to=" + args.to + ": want a whole path, /usr/local/bin/gpupci");
  }
  auto file = frontend::read_for_delivery(
      args.from.empty() ? own_gpupci() : std::filesystem::path(args.from), "");
  file.mode = 0755;
  file.keeps_old = true;
  file.has_to_run = true;
  std::optional<frontend::DeliveredFile> settings;
  if (!args.settings.empty()) {
    settings = frontend::read_for_delivery(args.settings, kSettings);
    settings->mode = 0644;
    settings->keeps_old = true;
  }
  const auto hosts = frontend::select_managed(context.inventory(), args.hosts);
  if (hosts.empty()) throw Error(Fault::not_found, "sync host agent: no hosts");

  AgentSync sync(context, limits);
  sync.ask(hosts, args.to);
  sync.decide(file);
  if (!only_tells) {
    sync.deliver(std::move(file));
    sync.write_units();
    if (settings) sync.deliver_settings(*settings);
  }
  return sync.report();
}

Action declare_sync(Options& options) {
  auto args = std::make_shared<SyncAgentArgs>();
  options.argument("HOST", args->hosts, "hosts, appliances, racks, patterns [every managed host]");
  options.key("from", args->from, "the program to put there [gpupci beside cluster]");
  options.key("to", args->to, "its path there [where it is, else /usr/local/bin/gpupci]");
  options.key("settings", args->settings, "file that becomes /etc/gpupci/gpupci.yaml there [none]");
  options.key("dryrun", args->dryrun, "yes: tell what would be done and do nothing [no]");
  options.key("timeout", args->timeout, "seconds that a host may take each time [120]");
  return [args](Context& context) { return run_sync(context, *args); };
}

struct ListAgentArgs {
  std::vector<std::string> hosts;
  std::string status = "no";
  std::string timeout = "30";
};

// Asks the hosts, and stores what they say.
int refresh(Context& context, const std::vector<Host>& hosts, const ssh::Limits& limits) {
  AgentSync sync(context, limits);
  sync.ask(hosts, "");
  return sync.store();
}

int run_list(Context& context, const ListAgentArgs& args) {
  const bool asks = parse_yes_no("status", args.status);
  const auto limits = frontend::limits_of(args.timeout);
  auto& inventory = context.inventory();
  const auto hosts = frontend::select_managed(inventory, args.hosts);
  const int status = asks ? refresh(context, hosts, limits) : 0;
  const auto agents = inventory.host_agents();
  const auto now = utc_now();
  Table table{{"host", "version", "path", "age"}, {}};
  for (const auto& host : hosts) {
    const auto at = agents.find(host.name);
    if (at == agents.end()) {
      table.rows.push_back({host.name.str(), Cell{}, Cell{}, Cell{}});
      continue;
    }
    const auto& agent = at->second;
    table.rows.push_back({host.name.str(), agent.version.value_or("none"), agent.path,
                          frontend::age(agent.seen, now)});
  }
  context.output.table(table);
  return status;
}

Action declare_list(Options& options) {
  auto args = std::make_shared<ListAgentArgs>();
  options.argument("HOST", args->hosts, "hosts, appliances, racks, patterns [every managed host]");
  options.key("status", args->status, "yes: ask the hosts now [no]");
  options.key("timeout", args->timeout, "with status=yes, seconds that a host may take [30]");
  return [args](Context& context) { return run_list(context, *args); };
}

constexpr std::array kCommands{
    Command{"list host agent", "show which gpupci hosts have", kPrepareHosts, declare_list,
            Answer::table},
    Command{"sync host agent", "put the right gpupci on hosts", kPrepareHosts, declare_sync,
            Answer::table},
};

}  // namespace

std::span<const Command> host_agent_commands() { return kCommands; }

}  // namespace cluster::cmd
