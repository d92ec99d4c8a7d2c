#include <algorithm>
#include <array>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/guests/guest_check.h"
#include "frontend/hosts/agent_json.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {
namespace check_host_vm {
namespace {

struct Args {
  std::vector<std::string> vms;
  std::string all = "no";
  std::string timeout = "120";
};

int run(Context& context, const Args& args) {
  const bool with_passed = parse_yes_no("all", args.all);
  const auto limits = frontend::limits_of(args.timeout);
  const auto vms = frontend::select_vms(context.inventory(), args.vms);
  if (vms.empty()) throw Error(Fault::not_found, "check host vm: no VMs to ask");
  auto all = frontend::look_at(context, vms, limits, frontend::Look::domains);
  Table table{{"vm", "gpu", "check", "result", "reason", "fix"}, {}};
  bool all_passed = true;
  for (const auto& one : frontend::check_guests(context, all, limits)) {
    for (const auto& check : one.checks) {
      const bool passed = check.result == frontend::Verdict::pass;
      all_passed = all_passed && passed;
      if (passed && !with_passed) continue;
      table.rows.push_back({one.vm.name.str(), known(check.card), check.id,
                            std::string(name(check.result)), known(check.reason),
                            known(check.fix)});
    }
  }
  print_folded(context.output, table);
  return std::max(report_failures(context.output, frontend::failures_of(all)), all_passed ? 0 : 1);
}

Action declare_check(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("VM", args->vms, "VMs, or containers whose VMs [all]");
  options.key("all", args->all, "yes: show also what passed [no]");
  options.key("timeout", args->timeout, "seconds that a container may take [120]");
  return [args](Context& context) { return run(context, *args); };
}

constexpr std::array kCommands{
    Command{"check host vm", "ask running guests whether their cards work", kSeeCards,
            declare_check, Answer::table},
};

}  // namespace
}  // namespace check_host_vm

std::span<const Command> check_host_vm_commands() { return check_host_vm::kCommands; }

}  // namespace cluster::cmd
