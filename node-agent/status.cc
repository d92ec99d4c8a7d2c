#include <ostream>

#include "node-agent/actions.h"
#include "node-agent/describe.h"
#include "node-agent/json.h"
#include "node-agent/node.h"
#include "node-agent/sentences.h"

namespace cluster::agent {

int status(const Call& call) {
  const auto target = call.options.argument(0);
  Node node(call.host);
  const auto cards = node.pick(target);
  if (call.options.json) {
    auto missing = node.missing();
    if (target != "all") {
      std::erase_if(missing, [&](const auto& entry) { return entry.first != GpuName(target); });
    }
    if (!cards.empty() || !missing.empty()) {
      call.out << cards_json(describe(node.sysfs(), call.host.proc, cards), missing);
    }
  } else {
    for (const auto& card : cards) call.out << status_lines(card);
  }
  return cards.empty() ? not_found(call, node, target) : 0;
}

}  // namespace cluster::agent
