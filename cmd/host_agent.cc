#include <array>
#include <filesystem>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "frontend/cards/card_truth.h"
#include "frontend/hosts/agent_install.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {
namespace host_agent {
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

// The gpupci beside this program.
std::filesystem::path own_gpupci() {
  if (auto own = frontend::own_gpupci()) return *own;
  throw Error(Fault::usage, "sync host agent: there is no gpupci beside cluster: want from=FILE");
}

void store(Context& context, const frontend::AgentInstall& install) {
  if (const auto why = install.store(); !why.empty()) context.output.note(why);
}

int report(Context& context, frontend::AgentInstall& install) {
  store(context, install);
  const int status = report_failures(context.output, install.failures());
  Table table{{"host", "version", "path", "outcome"}, {}};
  for (const auto& one : install.upgrades()) {
    if (one.result == frontend::UpgradeResult::failed) continue;
    table.rows.push_back({one.host.name.str(),
                          one.program.version.empty() ? Cell() : one.program.version,
                          one.program.path, std::string(name(one.result))});
  }
  print_folded(context.output, table);
  return status;
}

int run_sync(Context& context, const SyncAgentArgs& args) {
  const bool only_tells = parse_yes_no("dryrun", args.dryrun);
  const auto limits = frontend::limits_of(args.timeout);
  if (!args.to.empty() && !args.to.starts_with('/')) {
    throw Error(Fault::usage, "to=" + args.to + ": want a whole path, /usr/local/bin/gpupci");
  }
  auto file = frontend::gpupci_for_delivery(args.from.empty() ? own_gpupci()
                                                              : std::filesystem::path(args.from));
  std::optional<frontend::DeliveredFile> settings;
  if (!args.settings.empty()) {
    settings = frontend::read_for_delivery(args.settings, kSettings);
    settings->mode = 0644;
    settings->keeps_old = true;
  }
  const auto hosts = frontend::select_managed(context.inventory(), args.hosts);
  if (hosts.empty()) throw Error(Fault::not_found, "sync host agent: no hosts");

  frontend::AgentInstall install(context, limits);
  context.output.set_only_answers(only_tells);
  install.ask(hosts, args.to);
  install.decide(file);
  if (only_tells) {
    install.look_at_units();
  } else {
    install.deliver(std::move(file));
    install.write_units();
    if (settings) install.deliver_settings(*settings);
  }
  return report(context, install);
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
  frontend::AgentInstall install(context, limits);
  install.ask(hosts, "");
  store(context, install);
  return report_failures(context.output, install.failures());
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
}  // namespace host_agent

std::span<const Command> host_agent_commands() { return host_agent::kCommands; }

}  // namespace cluster::cmd
