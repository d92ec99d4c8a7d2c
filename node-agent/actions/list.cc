#include "node-agent/actions/card_list.h"
#include "node-agent/actions/table.h"
#include "node-agent/cards/slices.h"
#include "node-agent/output/card_facts.h"
#include "node-agent/output/json.h"
#include "node-agent/output/text.h"
#include "node-agent/state/listed_vgpus.h"

namespace cluster::agent {

int list(const Call& call) {
  CardList card_list(call.environment, call.err);
  auto cards = card_list.cards();
  if (call.options.json) {
    call.out << cards_json(card_facts(call.environment, card_list.sysfs(), cards),
                           card_list.missing(),
                           all_vgpus(call.environment.slices, card_list.sysfs(), cards));
  } else {
    add_slices(cards, card_list.sysfs());
    for (const auto& card : cards) call.out << list_line(card);
  }
  return 0;
}

}  // namespace cluster::agent
