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
      on_stub = on_stub || (function.driver && tools.input.settings.is_stub(*function.driver));
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
    if (found.recorded && !found.giving_back) wanted.push_back(card);
  }
  return wanted;
}

// A detach that was begun, or that was done before the reboot, is carried to its end. An attach
// that was begun is carried to its end, too. When a detach is refused now and was half done, the
// card is attached. So the card is whole in each case.
CardOutcome restore_card(const Card& card, const std::vector<Card>& cards, Tools& tools) {
  const Found found(card, tools);
  if (!found.recorded) return untouched(card);
  if (found.giving_back) return attach_card(card, tools);
  auto report = detach_card(card, to_be_detached(cards, tools), tools);
  if (report.ok() || !found.on_stub || tools.mode == virt::Mode::dry_run) return report;
  auto back = attach_card(card, tools);
  report.errors.push_back(
      {.what = std::string("the half of it that was detached is ") +
               (back.ok() ? "given back" : "NOT given back: " + message(back))});
  back.refused = std::move(report.refused);
  back.errors = std::move(report.errors);
  return back;
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
      detach_attach(call, "", {.verb = "restore", .card = restore_card, .without_libvirt = true});
  // Slices that were detached are not there yet in a dry run, nor before they are made.
  const bool slices_to_come = (call.options.dry_run || !part.empty()) &&
                              !SliceRecord(call.environment.slices).vfs().empty();
  CardList card_list(call.environment, call.err, true);
  auto cards = card_list.cards();
  add_slices(cards, card_list.sysfs());
  const SavedDrivers saved(call.environment.saved_drivers);
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
