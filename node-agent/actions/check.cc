#include "core/error.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/actions/table.h"
#include "node-agent/binding/running_vms.h"
#include "node-agent/checks/checks.h"

namespace cluster::agent {

// A host without a card has checks of its own.
int check(const Call& call) {
  Node node(call.environment, true);  // what it stores would be as found, and pass
  const auto target = call.options.argument(0);
  const bool all = target.empty() || target == "all";
  const auto cards = all ? node.cards() : node.pick(target);
  if (cards.empty() && !all) return not_found(call, node, target);
  RunningVms vms(call, node);
  const auto input =
      guard_input(call.environment, node.sysfs(), node.settings(), [&] { return vms.devices(); });
  const auto results = run_checks(cards, input);
  call.out << (call.options.json ? checks_json(results) : checks_table(results));
  return exit_status(worst(results));
}

}  // namespace cluster::agent
