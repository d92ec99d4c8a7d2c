#include "node-agent/actions/card_list.h"
#include "node-agent/actions/table.h"
#include "node-agent/actions/vgpu_actions.h"
#include "node-agent/cards/slices.h"
#include "node-agent/output/card_facts.h"
#include "node-agent/output/json.h"
#include "node-agent/output/text.h"

namespace cluster::agent {

int list(const Call& call) {
  Node node(call.environment);
  auto cards = node.cards();
  if (call.options.json) {
    call.out << cards_json(describe(call.environment, node.sysfs(), cards), node.missing(),
                           all_vgpus(call.environment, node.sysfs(), cards));
  } else {
    add_slices(cards, node.sysfs());
    for (const auto& card : cards) call.out << list_line(card);
  }
  return 0;
}

}  // namespace cluster::agent
