#include "node-agent/actions.h"
#include "node-agent/describe.h"
#include "node-agent/json.h"
#include "node-agent/node.h"
#include "node-agent/sentences.h"
#include "node-agent/slices.h"
#include "node-agent/vgpu_actions.h"

namespace cluster::agent {

int list(const Call& call) {
  Node node(call.host);
  auto cards = node.cards();
  if (call.options.json) {
    call.out << cards_json(describe(call.host, node.sysfs(), cards), node.missing(),
                           all_vgpus(call.host, node.sysfs(), cards));
  } else {
    add_slices(cards, node.sysfs());
    for (const auto& card : cards) call.out << list_line(card);
  }
  return 0;
}

}  // namespace cluster::agent
