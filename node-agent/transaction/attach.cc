#include <algorithm>

#include "core/error.h"
#include "node-agent/transaction/transaction.h"

namespace cluster::agent {
namespace {

class Attach {
 public:
  Attach(const Card& card, Tools& tools) : card_(card), tools_(tools), outcome_(untouched(card)) {}

  CardOutcome run() {
    try {
      // vfio-pci waits until the VM lets go, for as long as that takes.
      if (std::ranges::any_of(outcome_.functions, [this](auto& one) { return on_stub(one); })) {
        outcome_.refused = attach_refusals(card_, tools_.input);
        if (!outcome_.refused.empty()) return outcome_;
      }
      begin();
    } catch (const Error& error) {
      outcome_.errors.push_back({.what = error.what()});
      return outcome_;
    }
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
    return outcome_;
  }

 private:
  bool on_stub(const FunctionOutcome& one) const {
    return one.function.driver && tools_.input.settings.is_stub(*one.function.driver);
  }

  // If this process dies after here, gpupci --restore gives the card back.
  void begin() {
    if (tools_.mode == virt::Mode::dry_run) return;
    if (of_another_) return;
    std::vector<PciAddress> all;
    for (const auto& one : outcome_.functions) all.push_back(one.function.pci);
    tools_.saved.begin_giving_back(all);
  }

  void attach(FunctionOutcome& one, bool hold) {
    const auto& pci = one.function.pci;
    const auto before = one.function.driver;
    const bool at_home = before && !on_stub(one);
    // A function without a record was not detached by us, so libvirt need not be asked.
    if (at_home && (of_another_ || !tools_.saved.has(pci))) {
      one.outcome = Outcome::already_attached;
      return;
    }
    if (hold) {
      one.outcome = Outcome::held_back;
      return;
    }
    // The host may have chosen another driver since one was saved; the host's choice is right.
    const auto wanted = at_home || of_another_ ? std::nullopt : tools_.saved.find(pci);
    give_back(pci, wanted, tools_);
    if (tools_.mode == virt::Mode::dry_run) {
      one.outcome = at_home ? Outcome::already_attached : Outcome::would_attach;
      return;
    }
    // A function that had no driver, and that no driver wants now, has not changed.
    one.outcome =
        tools_.input.sysfs.driver(pci) == before ? Outcome::already_attached : Outcome::attached;
    if (!of_another_) tools_.saved.forget(pci);
  }

  const Card& card_;
  Tools& tools_;
  bool of_another_ = tools_.saved.is_of_another(card_);  // what is saved of the slot
  CardOutcome outcome_;
};

}  // namespace

CardOutcome attach_card(const Card& card, Tools& tools) { return Attach(card, tools).run(); }

}  // namespace cluster::agent
