#include <array>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/hosts/sudo.h"
#include "frontend/vms/vm_batch.h"
#include "virt/domain_guest.h"

namespace cluster::cmd {
namespace open_host_console {
namespace {

struct Args {
  std::string vm;
  std::string force = "no";
  std::string timeout = "30";
};

int run(Context& context, const Args& args) {
  const bool force = parse_yes_no("force", args.force);
  const auto limits = frontend::limits_of(args.timeout);
  auto& inventory = context.inventory();
  const auto host = frontend::find_host(inventory, args.vm);
  if (!inventory.is_vm(host.name)) {
    throw Error(Fault::refused, "host " + quote(args.vm) + " is no VM: want ssh, or its BMC");
  }
  const auto vm = inventory.require_vm(host.name);
  const auto all = frontend::look_at(context, {vm}, limits, frontend::Look::domains);
  if (const auto failures = frontend::failures_of(all); !failures.empty()) {
    return report_failures(context.output, failures);
  }
  const auto& there = all.front();
  const auto& task = there.tasks.front();
  const auto name = "VM " + quote(vm.name.str());
  if (!task.domain || !task.domain->active) {
    throw Error(Fault::refused, name + " does not run: cluster start host vm " + vm.name.str());
  }
  const auto console = virt::console_of(there.domains->running_documents({vm.uuid}).front());
  if (console.empty()) {
    throw Error(Fault::refused, name + " has no serial console");
  }
  if (console != "pty") {
    throw Error(Fault::refused, "the serial console of " + name + " goes to a " + console +
                                    " (attribute vm_serial): want pty there, and another start");
  }
  context.output.out().flush();
  return context.transport.converse(
      frontend::target_of(there.host),
      frontend::as_root(there.host, std::string("virsh -c qemu:///system console ") +
                                        (force ? "--force " : "") + vm.uuid),
      limits.connect_timeout);
}

Action declare_open(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("VM", args->vm, "VM whose serial console").required();
  options.key("force", args->force, "yes: take it from whoever has it open [no]");
  options.key("timeout", args->timeout, "seconds that libvirt may take to tell of the VM [30]");
  return [args](Context& context) { return run(context, *args); };
}

constexpr std::array kCommands{
    Command{"open host console", "be at the serial console of a VM, until ^]", kRunVms,
            declare_open},
};

}  // namespace
}  // namespace open_host_console

std::span<const Command> open_host_console_commands() { return open_host_console::kCommands; }

}  // namespace cluster::cmd
