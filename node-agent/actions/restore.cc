#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/actions/detach_attach.h"
#include "node-agent/actions/restore_slices.h"
#include "node-agent/cards/slices.h"
#include "node-agent/state/slice_record.h"

namespace cluster::agent {
namespace {

// The state of a card by the record, and where its functions are now.
struct Found {
  Found(const Card& card, const Tools& tools) {
    if (tools.saved.is_of_another(card)) return;
    for (const auto& function : card.functions) {
      recorded = recorded || tools.saved.has(function.pci);
      giving_back = giving_back || tools.saved.giving_back(function.pci);
      on_stub = on_stub || is_detached(function, tools.input.settings);
    }
  }

  bool recorded = false;
  bool giving_back = false;
  bool on_stub = false;  // at least one
};

std::vector<Card> to_be_detached(const std::vector<Card>& cards, const Tools& tools) {
  std::vector<Card> wanted;
  for (const auto& card : cards) {
    const Found found(card, tools);
    if (found.recorded && !found.giving_back && !tools.in_doubt(card)) wanted.push_back(card);
  }
  return wanted;
}

bool is_whole(const std::vector<CardOutcome>& outcomes) {
  return std::ranges::all_of(outcomes, &CardOutcome::ok);
}

// What was detached of the unit is given back, as the rest of it is refused now.
std::vector<CardOutcome> give_half_back(const Unit& unit, std::vector<CardOutcome> outcomes,
                                        Tools& tools) {
  auto all = attach_unit(unit, tools);
  for (std::size_t i = 0; i < unit.size(); ++i) {
    auto& back = all[i];
    const bool was_on_stub = Found(unit[i], tools).on_stub;
    if (was_on_stub) {
      outcomes[i].errors.push_back(
          {.what = std::string("the half of it that was detached is ") +
                   (back.ok() ? "given back" : "NOT given back: " + message(back))});
    }
    back.refused = std::move(outcomes[i].refused);
    back.errors = std::move(outcomes[i].errors);
  }
  return all;
}

std::vector<CardOutcome> detach_again(const Unit& unit, const std::vector<Card>& same_call,
                                      Tools& tools) {
  if (unit.empty()) return {};
  auto outcomes = detach_unit(unit, same_call, tools);
  const auto on_stub = [&](const Card& card) { return Found(card, tools).on_stub; };
  if (is_whole(outcomes) || tools.mode == virt::Mode::dry_run ||
      std::ranges::none_of(unit, on_stub)) {
    return outcomes;
  }
  return give_half_back(unit, std::move(outcomes), tools);
}

// Nothing tells whether it is the card that was detached, or another that the host has.
CardOutcome doubtful(const Card& card) {
  auto outcome = untouched(card);
  outcome.errors.push_back(
      {.what = "bus numbers have changed, and it may be another of its model that is at " +
               card.pci().sysfs() + " now",
       .fix =
           "look which it is, then gpupci -d " + card.label() + " or gpupci -a " + card.label()});
  return outcome;
}

// A detach that was begun, or that was done before the reboot, is carried to its end. An attach
// that was begun is carried to its end, too. When a detach is refused now and was half done, the
// unit is attached. So the unit is whole in each case.
std::vector<CardOutcome> restore_unit(const Unit& unit, const std::vector<Card>& same_call,
                                      Tools& tools) {
  Unit back;
  Unit again;
  std::vector<CardOutcome> outcomes;
  for (const auto& card : unit) {
    const Found found(card, tools);
    if (!found.recorded) {
      outcomes.push_back(untouched(card));
    } else if (!found.giving_back && tools.in_doubt(card)) {
      outcomes.push_back(doubtful(card));
    } else {
      (found.giving_back ? back : again).push_back(card);
    }
  }
  for (auto& outcome : attach_unit(back, tools)) outcomes.push_back(std::move(outcome));
  for (auto& outcome : detach_again(again, to_be_detached(same_call, tools), tools)) {
    outcomes.push_back(std::move(outcome));
  }
  std::ranges::sort(outcomes, {},
                    [](const CardOutcome& one) { return one.functions.front().function.pci; });
  return outcomes;
}

}  // namespace

int restore(const Call& call) {
  const auto part = call.options.argument(0);
  if (!part.empty() && part != "cards") {
    throw Error(Fault::usage, "cannot restore " + quote(part) + " alone (want cards)");
  }
  // The slices come before the cards, for slices may be detached as well.
  const int of_slices = part.empty() ? restore_slices(call) : 0;
  int status =
      detach_attach(call, "", {.verb = "restore", .unit = restore_unit, .without_libvirt = true});
  // Slices that were detached are not there yet in a dry run, nor before they are made.
  const bool slices_to_come =
      (call.options.dry_run || !part.empty()) &&
      !SliceRecord(call.environment.slices, call.environment.machine()).vfs().empty();
  CardList card_list(call.environment, call.err, true);
  auto cards = card_list.cards();
  add_slices(cards, card_list.sysfs());
  const SavedDrivers saved(call.environment.saved_drivers, call.environment.machine());
  for (const auto& pci : saved.functions()) {
    const auto is_its = [&](const Card& card) {
      return has(card, pci) && !saved.is_of_another(card);
    };
    if (slices_to_come || std::ranges::any_of(cards, is_its)) continue;
    call.err << "gpupci: cannot restore " << pci.sysfs()
             << ": no card has it now; what is known of it is kept\n";
    status = exit_status(Fault::not_found);
  }
  return status == 0 ? of_slices : status;
}

}  // namespace cluster::agent
