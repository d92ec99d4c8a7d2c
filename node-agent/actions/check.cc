#include <unistd.h>

#include "core/error.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/actions/table.h"
#include "node-agent/binding/running_vms.h"
#include "node-agent/checks/known_troubles.h"

namespace cluster::agent {

// A host without a card has checks of its own.
int check(const Call& call) {
  CardList card_list(call.environment, call.err,
                     true);  // a dry run: stored names would always pass
  const auto target = call.options.argument(0);
  const bool all = target.empty() || target == "all";
  const auto cards = all ? card_list.cards() : card_list.pick(target);
  if (cards.empty() && !all) return not_found(call, card_list, target);
  RunningVms vms(call.environment, card_list.sysfs(), card_list.settings(), call.err);
  CheckInput input{guard_input(call.environment, card_list.sysfs(), card_list.settings(),
                               [&] { return vms.devices(); }),
                   [&] { return vms.libvirt_version(); }, ::geteuid() == 0};
  input.cards = looked_at_once([&] { return card_list.cards(); });
  const KnownTroubles known(call.environment.known);
  const auto results = run_checks(cards, input, known);
  call.out << (call.options.json ? checks_json(results) : checks_table(results));
  return exit_status(worst(results));
}

}  // namespace cluster::agent
