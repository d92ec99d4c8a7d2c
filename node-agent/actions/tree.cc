#include "node-agent/actions/card_list.h"
#include "node-agent/actions/table.h"
#include "node-agent/output/host_tree.h"

namespace cluster::agent {

int tree(const Call& call) {
  CardList card_list(call.environment, call.err);
  const auto cards = card_list.cards();
  const auto tree = read_host_tree(card_list.sysfs(), cards);
  call.out << (call.options.json ? tree_json(tree) : tree_text(tree));
  return 0;
}

}  // namespace cluster::agent
