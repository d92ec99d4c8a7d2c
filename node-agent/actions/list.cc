#include <set>

#include "core/hex.h"
#include "core/text.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/actions/table.h"
#include "node-agent/cards/slices.h"
#include "node-agent/output/card_facts.h"
#include "node-agent/output/json.h"
#include "node-agent/output/text.h"
#include "node-agent/state/listed_vgpus.h"

namespace cluster::agent {
namespace {

// Hosts with Intel's graphics only have them for themselves, so they are cards by the settings
// alone.
void say_of_intel(const Call& call, const CardList& card_list) {
  constexpr std::uint16_t kIntel = 0x8086;
  std::set<std::string> models;
  for (const auto& pci : card_list.sysfs().functions()) {
    const auto function = card_list.sysfs().find(pci);
    if (!function || function->vendor != kIntel || function->device_class >> 8U != 0x03) continue;
    models.insert(quote("8086:" + hex4(function->device)));
  }
  if (models.empty()) return;
  call.err << "gpupci: no card is listed; to list displays of Intel, write `devices: ["
           << joined({models.begin(), models.end()}, ", ") << "]` into "
           << call.environment.settings.native() << ", or \"8086\" into its `vendors`\n";
}

}  // namespace

int list(const Call& call) {
  CardList card_list(call.environment, call.err);
  auto cards = card_list.cards();
  if (call.options.json) {
    call.out << cards_json(card_facts(call.environment, card_list.sysfs(), cards),
                           card_list.missing(),
                           all_vgpus(call.environment.slices, card_list.sysfs(), cards),
                           card_list.settings().stub_driver);
  } else {
    add_slices(cards, card_list.sysfs());
    for (const auto& card : cards) call.out << list_line(card);
    if (cards.empty()) say_of_intel(call, card_list);
  }
  return 0;
}

}  // namespace cluster::agent
