#include <algorithm>

#include "core/text.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/actions/table.h"
#include "node-agent/cards/slices.h"
#include "node-agent/output/card_facts.h"
#include "node-agent/output/json.h"
#include "node-agent/output/text.h"
#include "node-agent/state/wedged.h"

namespace cluster::agent {

int status(const Call& call) {
  const auto target = call.options.argument(0);
  CardList card_list(call.environment, call.err);
  auto cards = card_list.pick(target);
  if (call.options.json) {
    auto missing = card_list.missing();
    if (target != "all") {
      std::erase_if(missing, [&](const auto& entry) {
        return std::ranges::none_of(split(target, ','), [&](std::string_view name) {
          return SliceName::parse(name).card == entry.first;
        });
      });
    }
    if (!cards.empty() || !missing.empty()) {
      call.out << cards_json(card_facts(call.environment, card_list.sysfs(), cards), missing,
                             std::nullopt, card_list.settings().stub_driver);
    }
  } else {
    const WedgedCards wedged(call.environment);
    add_slices(cards, card_list.sysfs());
    for (const auto& card : cards) {
      call.out << status_lines(card);
      if (const auto wedge = wedged.find(card.pci())) call.out << wedged_line(card.label(), *wedge);
    }
  }
  return cards.empty() ? not_found(call, card_list, target) : 0;
}

}  // namespace cluster::agent
