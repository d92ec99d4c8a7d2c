#include <ostream>

#include "node-agent/actions.h"
#include "node-agent/json.h"
#include "node-agent/node.h"
#include "node-agent/sentences.h"

namespace cluster::agent {

int status(const Call& call) {
  const auto target = call.options.argument(0);
  const auto cards = Node(call.host).pick(target);
  if (cards.empty()) return not_found(call, target);
  if (call.options.json) {
    call.out << cards_json(cards);
  } else {
    for (const auto& card : cards) call.out << status_lines(card);
  }
  return 0;
}

}  // namespace cluster::agent
