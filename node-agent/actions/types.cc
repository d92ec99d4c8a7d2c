#include <algorithm>

#include "core/error.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/actions/table.h"
#include "node-agent/actions/vgpu_actions.h"
#include "node-agent/cards/vgpu_hints.h"
#include "node-agent/json_line.h"
#include "node-agent/output/text_table.h"

namespace cluster::agent {
namespace {

using nlohmann::ordered_json;

// The cards of `cards` that offer nothing, and why.
std::vector<std::pair<std::string, Reason>> hints_for(const std::vector<Card>& cards,
                                                      const std::vector<VgpuParent>& parents,
                                                      const CardList& card_list) {
  std::vector<std::pair<std::string, Reason>> hints;
  for (const auto& card : cards) {
    if (card.slice) continue;
    const auto of_card = pick_parents(parents, card.label());
    const auto offers = [](const VgpuParent& parent) { return !vgpu_types(parent).empty(); };
    if (std::ranges::any_of(of_card, offers)) continue;
    for (auto& hint : why_no_vgpus(card, card_list.sysfs(), card_list.settings())) {
      hints.emplace_back(card.label(), std::move(hint));
    }
  }
  return hints;
}

std::string types_json(const std::vector<VgpuParent>& parents,
                       const std::vector<std::pair<std::string, Reason>>& hints) {
  auto list = ordered_json::array();
  for (const auto& parent : parents) {
    for (const auto& type : vgpu_types(parent)) {
      list.push_back(
          {{"parent", parent.name},
           {"pci", parent.pci ? ordered_json(parent.pci->libvirt()) : ordered_json(nullptr)},
           {"interface", name(parent.interface)},
           {"type", type.id},
           {"name", or_null(type.name)},
           {"available", type.available},
           {"api", type.api}});
    }
  }
  auto why = ordered_json::array();
  for (const auto& [card, hint] : hints) {
    why.push_back({{"card", card}, {"reason", hint.what}, {"fix", hint.fix}});
  }
  return json_line({{"types", list}, {"hints", why}});
}

std::string types_table(const std::vector<VgpuParent>& parents) {
  std::vector<std::vector<std::string>> rows{{"PARENT", "TYPE", "AVAILABLE", "API", "NAME"}};
  for (const auto& parent : parents) {
    for (const auto& type : vgpu_types(parent)) {
      rows.push_back({parent.name, type.id, std::to_string(type.available), type.api, type.name});
    }
  }
  return rows.size() == 1 ? "" : text_table(rows);  // no table without rows
}

}  // namespace

int types(const Call& call) {
  CardList card_list(call.environment, call.err);
  const auto cards = card_list.cards();
  const auto& sysfs = card_list.sysfs();
  const auto target = call.options.argument(0).empty() ? "all" : call.options.argument(0);
  const auto all = vgpu_parents(cards, sysfs);
  const auto parents = pick_parents(all, target);
  const auto asked = target == "all" ? cards : named(cards, target);
  if (parents.empty() && target != "all") {
    call.err << "gpupci: " + no_parent(all, target, asked, sysfs, card_list.settings()) + "\n";
    return exit_status(Fault::not_found);
  }
  const auto hints = hints_for(asked, parents, card_list);
  if (call.options.json) {
    call.out << types_json(parents, hints);
    return 0;
  }
  const auto table = types_table(parents);
  call.out << table;
  for (const auto& [card, hint] : hints) {
    if (table.empty()) call.err << "gpupci: no vGPUs: " + message(hint) + "\n";
  }
  if (table.empty() && hints.empty()) call.err << "gpupci: no vGPUs: there is no card\n";
  return 0;
}

}  // namespace cluster::agent
