#include <array>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "core/folded_names.h"
#include "frontend/hosts/host_addresses.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {
namespace report_host {
namespace {

int run(Context& context, const std::vector<std::string>& words) {
  auto& inventory = context.inventory();
  const auto found = frontend::addresses_of(inventory, frontend::select_hosts(inventory, words));
  for (const auto& one : found.known) context.output.line(one.address + "\t" + one.name);
  if (!found.without.empty()) {
    context.output.note("the inventory has no IP address of " + counted_names(found.without));
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
}  // namespace report_host

std::span<const Command> report_host_commands() { return report_host::kCommands; }

}  // namespace cluster::cmd
