#include <algorithm>
#include <array>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/hosts/aside.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/vms/vm_adoption.h"
#include "frontend/vms/vm_devices.h"

namespace cluster::cmd {
namespace discover_host_vm {
namespace {

struct Args {
  std::vector<std::string> hosts;
  std::string import = "no";
  std::string timeout = "30";
};

// The physical hosts that are meant; no words mean all vm-containers.
std::vector<Host> wanted_hosts(Inventory& inventory, const std::vector<std::string>& words) {
  auto hosts = frontend::select_containers(inventory, words);
  if (hosts.empty()) {
    throw Error(Fault::not_found, "discover host vm: no physical hosts to ask");
  }
  return hosts;
}

// True if no VM can have the name: somebody has it, or it means several.
bool is_taken(Inventory& inventory, const HostName& name) {
  if (frontend::means_a_group(name.str(), inventory.appliances())) return true;
  return std::ranges::any_of(inventory.hosts(), [&](const Host& host) {
    return lower(host.name.str()) == lower(name.str());
  });
}

// Takes in what the inventory does not have. A VM that cannot be taken in is a failure of its own.
void take_in(Context& context, const frontend::VmHost& there,
             std::vector<frontend::FoundDomain>& found, frontend::MacOwners& macs,
             frontend::Failures& failures) {
  for (auto& one : found) {
    if (one.relation == frontend::Relation::ours) continue;
    const auto who = there.host.name.str() + " " + quote(one.domain->name);
    const auto vm = frontend::name_for(*one.domain);
    try {
      if (one.relation == frontend::Relation::known) throw Error(Fault::exists, one.details);
      for (const auto& note : frontend::adopt(context.inventory(), vm, there, *one.domain, macs)) {
        context.output.note(who + ": " + note);
      }
      one.relation = frontend::Relation::ours;
      one.vm = vm;
      one.details = "imported";
    } catch (const Error& error) {
      const std::string other_name = " (`cluster add host vm NAME " + there.host.name.str() +
                                     " from=libvirt uuid=" + one.domain->uuid +
                                     "` takes this one in as NAME)";
      const bool wants_name =
          one.relation == frontend::Relation::known || is_taken(context.inventory(), vm);
      failures.push_back(
          {who, Error(error.fault(), error.what() + (wants_name ? other_name : ""))});
    }
  }
}

int run(Context& context, const Args& args) {
  const bool import = parse_yes_no("import", args.import);
  const auto limits = frontend::limits_of(args.timeout);
  auto& inventory = context.inventory();
  if (import) frontend::require_writable(inventory);
  const auto hosts = wanted_hosts(inventory, args.hosts);
  auto all = frontend::look_at_hosts(context, hosts, limits);
  if (import) frontend::look_at_running(context, all);

  Table table{{"host", "domain", "vm", "relation", "state", "autostart", "gpu", "uuid", "details"},
              {}};
  auto failures = frontend::failures_of(all);
  const auto why = frontend::store_aside(inventory, "discover host vm",
                                         [&] { frontend::remember_devices(context, all); });
  if (!why.empty()) context.output.note(why);
  std::vector<HostName> names;
  for (const auto& host : hosts) names.push_back(host.name);
  const auto vms = inventory.vms();
  const auto devices = inventory.devices(names);
  auto macs = frontend::mac_owners(vms);
  for (const auto& there : all) {
    if (there.failure) continue;
    const auto at = std::ranges::find(names, there.host.name) - names.begin();
    auto found = frontend::found_domains(there, vms, devices[static_cast<std::size_t>(at)]);
    if (import) take_in(context, there, found, macs, failures);
    for (const auto& one : found) {
      table.rows.push_back({there.host.name.str(), printable(one.domain->name),
                            one.vm ? Cell(one.vm->str()) : Cell(), std::string(name(one.relation)),
                            std::string(virt::state_word(*one.domain)),
                            one.domain->autostart ? "yes" : "no", cell(one.cards), one.domain->uuid,
                            known(one.details)});
    }
  }
  if (import) frontend::remember_devices(context, all);
  context.output.table(table);
  return report_failures(context.output, failures);
}

Action declare_discover(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("HOST", args->hosts, "hosts whose libvirt to ask [every vm-container]");
  options.key("import", args->import, "yes: take the VMs in that the inventory does not know [no]");
  options.key("timeout", args->timeout, "seconds that a host may take to answer [30]");
  return [args](Context& context) { return run(context, *args); };
}

constexpr std::array kCommands{
    Command{"discover host vm", "list the VMs that hosts have, and take in those not known",
            kRunVms, declare_discover, Answer::table},
};

}  // namespace
}  // namespace discover_host_vm

std::span<const Command> discover_host_vm_commands() { return discover_host_vm::kCommands; }

}  // namespace cluster::cmd
