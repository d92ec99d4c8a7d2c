#include <array>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "core/folded_names.h"
#include "core/ip_address.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {
namespace {

// The first interface with an address is the VM itself, as for ssh; the others get their name.
std::vector<std::string> lines_of(const Vm& vm) {
  std::vector<std::string> lines;
  std::string suffix;
  for (const auto& interface : vm.interfaces) {
    if (interface.addresses.empty()) continue;
    for (const auto& address : interface.addresses) {
      lines.push_back(address.address() + "\t" + vm.name.str() +
                      (suffix.empty() ? "" : "-" + interface.name));
    }
    suffix = interface.name;
  }
  return lines;
}

int run(Context& context, const std::vector<std::string>& words) {
  auto& inventory = context.inventory();
  const auto hosts = frontend::select_hosts(inventory, words);
  std::map<HostName, std::vector<std::string>> of_vms;
  for (const auto& vm : inventory.vms()) of_vms[vm.name] = lines_of(vm);
  std::vector<std::string> without;
  for (const auto& host : hosts) {
    const auto& name = host.name.str();
    const auto vm = of_vms.find(host.name);
    if (host.address && is_ip_address(*host.address)) {
      context.output.line(*host.address + "\t" + name);
    } else if (vm != of_vms.end() && !vm->second.empty()) {
      for (const auto& line : vm->second) context.output.line(line);
    } else {
      without.push_back(name);
    }
  }
  if (!without.empty()) {
    context.output.note("the inventory has no IP address of " + counted_names(without));
  }
  return 0;
}

Action declare_hosts(Options& options) {
  auto words = std::make_shared<std::vector<std::string>>();
  options.argument("HOST", *words, "hosts and VMs to report [all]");
  return [words](Context& context) { return run(context, *words); };
}

constexpr std::array kCommands{
    Command{"report host hosts", "print the lines of an /etc/hosts", kKeepInventory, declare_hosts},
};

}  // namespace

std::span<const Command> report_host_commands() { return kCommands; }

}  // namespace cluster::cmd
