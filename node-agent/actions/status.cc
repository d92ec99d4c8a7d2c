#include <algorithm>
#include <filesystem>
#include <set>

#include "core/text.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/actions/table.h"
#include "node-agent/binding/running_vms.h"
#include "node-agent/cards/slices.h"
#include "node-agent/guard/vm.h"
#include "node-agent/kernel/quiet_read.h"
#include "node-agent/output/card_facts.h"
#include "node-agent/output/json.h"
#include "node-agent/output/text.h"
#include "node-agent/state/wedged.h"

namespace cluster::agent {

namespace {

// Where libvirt has saved no VM it need not be asked.
std::vector<virt::VmDevice> saved_devices(const Call& call, const CardList& card_list) {
  const auto is_save = [](const auto& file) { return file.extension() == ".save"; };
  if (std::ranges::none_of(entries_quietly(call.environment.managed_saves), is_save)) return {};
  RunningVms vms(call.environment, card_list.sysfs(), card_list.settings(), call.err);
  auto all = vms.devices_or_warning();
  std::erase_if(all, [](const virt::VmDevice& one) { return !one.saved; });
  return all;
}

}  // namespace

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
    const auto saved = saved_devices(call, card_list);
    for (const auto& card : cards) {
      call.out << status_lines(card);
      std::set<std::string> vms;
      for (const auto& one : saved) {
        if (is_device_of(card, one.device, card_list.sysfs())) vms.insert(one.vm);
      }
      for (const auto& vm : vms) call.out << saved_line(card.label(), vm);
      if (const auto wedge = wedged.find(card.pci())) call.out << wedged_line(card.label(), *wedge);
    }
  }
  return cards.empty() ? not_found(call, card_list, target) : 0;
}

}  // namespace cluster::agent
