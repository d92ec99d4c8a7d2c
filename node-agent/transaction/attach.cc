#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "node-agent/guard/guards.h"
#include "node-agent/transaction/transaction.h"

namespace cluster::agent {
namespace {

// One card of a unit.
class Attach {
 public:
  Attach(const Card& card, Tools& tools) : card_(card), tools_(tools), outcome_(untouched(card)) {}

  CardOutcome run() {
    bool hold = false;
    for (auto& one : outcome_.functions) {
      try {
        attach(one, hold);
      } catch (const Error& error) {
        outcome_.errors.push_back({.what = std::string(kind(one.function)) + " device " +
                                           one.function.pci.sysfs() + ": " + error.what()});
        one.outcome = Outcome::failed;
        hold = hold || &one == &outcome_.functions.front() || kind(one.function) == "video";
      }
      one.function.driver = tools_.input.sysfs.driver(one.function.pci);
    }
    if (acts()) forget();
    if (acts() && outcome_.ok()) tell_who_is_left();
    outcome_.steps = tools_.take_steps();
    return std::move(outcome_);
  }

 private:
  bool acts() const { return tools_.mode == virt::Mode::act; }

  bool on_stub(const std::optional<std::string>& driver) const {
    return driver && tools_.input.settings.is_stub(*driver);
  }

  void attach(FunctionOutcome& one, bool hold) {
    const auto& pci = one.function.pci;
    const auto before = one.function.driver;
    const bool at_home = before && !on_stub(before);
    // A function without a record was not detached by us, so libvirt need not be asked.
    if (at_home && (of_another_ || !tools_.saved.has(pci))) {
      one.outcome = Outcome::already_attached;
      return;
    }
    if (hold) {
      one.outcome = Outcome::held_back;
      return;
    }
    // libvirt may still detach it, and then nobody would know.
    if (at_home && tools_.saved.giving_back(pci) && tools_.saved.given_up(tools_.input.boot) &&
        acts() && tools_.libvirt_is_silent()) {
      throw Error(Fault::io,
                  "libvirt does not answer and may still detach it; gpupci --restore, when it "
                  "answers again");
    }
    Before was;
    // The host may have chosen another driver since one was saved; the host's choice is right.
    if (!at_home && !of_another_) was.driver = tools_.saved.find(pci);
    if (!of_another_) was.only = tools_.saved.driver_override(pci);
    give_back(pci, was, tools_);
    if (!acts()) {
      one.outcome = at_home ? Outcome::already_attached : Outcome::would_attach;
      return;
    }
    if (!of_another_) done_.push_back(pci);
    const auto now = tools_.input.sysfs.driver(pci);
    one.outcome = !now            ? Outcome::without_driver
                  : now == before ? Outcome::already_attached
                                  : Outcome::attached;
  }

  // The card is with its host, whether or not that can be written down.
  void forget() {
    try {
      tools_.saved.forget(done_);
    } catch (const Error& error) {
      outcome_.notes.push_back(
          "the record still says that it is detached: " + std::string(error.what()) +
          "; gpupci -a " + card_.label() + " once more when that is mended");
    }
  }

  // No VM can start with the devices of a group while the host has one of them.
  void tell_who_is_left() {
    std::vector<std::string> left;
    for (const auto& other : tools_.input.cards()) {
      const auto group = shared_group(card_, other);
      if (!group || has(other, card_.pci())) continue;
      const auto is_left = [&](const PciFunction& one) {
        return on_stub(tools_.input.sysfs.driver(one.pci));
      };
      if (std::ranges::any_of(other.functions, is_left)) left.push_back(other.label());
    }
    if (left.empty()) return;
    outcome_.notes.push_back("its IOMMU group is split: " + joined(left, ", ") + " " +
                             (left.size() == 1 ? "is" : "are") +
                             " still detached, and no VM can start with it; gpupci -a " +
                             joined(left, ","));
  }

  const Card& card_;
  Tools& tools_;
  bool of_another_ = tools_.saved.is_of_another(card_);  // what is saved of the slot
  CardOutcome outcome_;
  std::vector<PciAddress> done_;
};

bool has_stub(const Card& card, const Tools& tools) {
  return std::ranges::any_of(card.functions, [&](const PciFunction& one) {
    return is_detached(one, tools.input.settings);
  });
}

// Asks for each card that a VM may have: vfio-pci waits until the VM lets go, for as long as that
// takes. When one is refused, so are the others: a VM that has a card of a group has the group.
void ask(const Unit& unit, std::vector<CardOutcome>& outcomes, const Tools& tools) {
  const Card* cause = nullptr;
  for (std::size_t i = 0; i < unit.size(); ++i) {
    if (!has_stub(unit[i], tools)) continue;
    try {
      outcomes[i].refused = attach_refusals(unit[i], tools.input);
    } catch (const Error& error) {
      outcomes[i].errors.push_back({.what = error.what()});
    }
    if (cause == nullptr && !outcomes[i].ok()) cause = &unit[i];
  }
  if (cause == nullptr) return;
  for (std::size_t i = 0; i < unit.size(); ++i) {
    if (!has_stub(unit[i], tools) || !outcomes[i].ok()) continue;
    outcomes[i].refused.push_back(
        {.id = kGroupGuard.name,
         .what = cause->label() + " shares an IOMMU group with it and cannot be given back now",
         .fix = "first do what " + cause->label() + " wants"});
  }
}

// If this process dies after here, gpupci --restore gives the cards back. It goes on where that
// cannot be written: the way back needs no disk.
void begin(const Unit& unit, Tools& tools) {
  if (tools.mode == virt::Mode::dry_run) return;
  std::vector<PciAddress> all;
  for (const auto& card : unit) {
    if (tools.saved.is_of_another(card)) continue;
    for (const auto& one : card.functions) all.push_back(one.pci);
  }
  try {
    tools.saved.begin_giving_back(all);
  } catch (const Error&) {  // the same is tried again when they are back, and told then
  }
}

}  // namespace

std::vector<CardOutcome> attach_unit(const Unit& unit, Tools& tools) {
  std::vector<CardOutcome> outcomes;
  for (const auto& card : unit) outcomes.push_back(untouched(card));
  ask(unit, outcomes, tools);
  Unit going;
  for (std::size_t i = 0; i < unit.size(); ++i) {
    if (outcomes[i].ok()) going.push_back(unit[i]);
  }
  try {
    if (!going.empty()) tools.may_go_on();
    begin(going, tools);
  } catch (const Error& error) {
    for (auto& outcome : outcomes) {
      if (outcome.ok()) outcome.errors.push_back({.what = error.what()});
    }
  }
  for (std::size_t i = 0; i < unit.size(); ++i) {
    if (outcomes[i].ok()) outcomes[i] = Attach(unit[i], tools).run();
  }
  return outcomes;
}

}  // namespace cluster::agent
