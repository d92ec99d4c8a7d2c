#include "node-agent/actions/detach_attach.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/binding/device_worker.h"
#include "node-agent/binding/running_vms.h"
#include "node-agent/binding/signal_hold.h"
#include "node-agent/cards/slices.h"
#include "node-agent/kernel/timed_read.h"
#include "node-agent/output/json.h"
#include "node-agent/output/text.h"
#include "node-agent/state/lock.h"
#include "node-agent/state/wedged.h"

namespace cluster::agent {
namespace {

constexpr std::chrono::seconds kLockPatience{2};

// One call. It handles the cards that were asked for, one after the other.
class DetachAttach {
 public:
  DetachAttach(const Call& call, const std::string& target, const CardAction& what)
      : call_(call),
        target_(target),
        what_(what),
        mode_(call.options.dry_run ? virt::Mode::dry_run : virt::Mode::act),
        card_list_(call.environment, call.err, call.options.dry_run),
        wedged_(call.environment),
        vms_(call.environment, card_list_.sysfs(), card_list_.settings(), call.err) {}

  int run() {
    auto seen = target_.empty() ? card_list_.cards() : card_list_.pick(target_);
    if (seen.empty()) return target_.empty() ? 0 : not_found(call_, card_list_, target_);
    if (target_.empty()) add_slices(seen, card_list_.sysfs());
    if (mode_ == virt::Mode::dry_run) return act_on(seen);
    // These cards are refused, whether or not another gpupci is at work.
    if (std::ranges::all_of(seen,
                            [this](auto& card) { return wedged_.find(card.pci()).has_value(); })) {
      return act_on(seen);
    }
    const Lock lock(call_.environment.lock, call_.environment.lock_patience);
    // The cards are looked at again: from now on nobody else changes them.
    forget_what_has_ended();
    auto cards = card_list_.pick(target_.empty() ? "all" : target_, lock, what_.way_back);
    if (target_.empty()) add_slices(cards, card_list_.sysfs());
    if (cards.empty()) throw Error(Fault::not_found, target_ + " has just gone");
    return act_on(cards);
  }

 private:
  void forget_what_has_ended() {
    try {
      wedged_.store();
    } catch (const Error&) {  // the next call finds the same
    }
  }

  // Says what an earlier call has left, as far as this one does not mend it.
  void tell_of_before(const SavedDrivers& saved, const std::vector<Card>& cards) {
    if (saved.is_foreign()) {
      call_.err << "gpupci: warning: " << quote(call_.environment.saved_drivers.native())
                << " is the record of another machine and is left aside; move it away\n";
    }
    if (!what_.verb.starts_with("restore") && saved.given_up(call_.environment.boot_id())) {
      for (const auto& pci : saved.functions()) {
        const auto driver = card_list_.sysfs().driver(pci);
        const bool is_asked =
            std::ranges::any_of(cards, [&](auto& card) { return has(card, pci); });
        if (is_asked || !saved.giving_back(pci) || !driver ||
            !card_list_.settings().is_stub(*driver)) {
          continue;
        }
        call_.err << "gpupci: warning: " << pci.sysfs()
                  << " was detached after gpupci had given up; gpupci --restore gives it back\n";
      }
    }
  }

  int act_on(const std::vector<Card>& cards) {
    SavedDrivers saved(call_.environment.saved_drivers, call_.environment.machine());
    tell_of_before(saved, cards);
    DeviceWorker worker(
        [this](virt::StepListener listener) {
          const auto& open = goes_by_sysfs() ? call_.environment.open_sysfs_devices
                                             : call_.environment.open_devices;
          return open(card_list_.sysfs(), card_list_.settings(), mode_, std::move(listener));
        },
        call_.environment.act_deadline,
        [this](const std::string& step) { steps_.push_back(step); });
    const auto stuck = [&] { return !worker.stuck().empty(); };
    auto input = guard_input(call_.environment, card_list_.sysfs(), card_list_.settings());
    input.cards = looked_at_once([this] { return card_list_.cards(); });
    if (!what_.without_libvirt) {
      input.vm_devices = [&] {
        return stuck() ? std::vector<virt::VmDevice>{} : vms_.devices_or_warning();
      };
    }
    Tools tools{.input = input,
                .saved = saved,
                .devices = worker,
                .on_step = [this](const std::string& step) { steps_.push_back(step); },
                .mode = mode_,
                .forced = call_.options.forced,
                .stuck = stuck,
                .libvirt_is_silent = [this] { return is_silent(); },
                .in_doubt = [this](const Card& card) { return card_list_.in_doubt(card); },
                .may_go_on = {},
                .take_steps = [this] { return std::exchange(steps_, {}); }};

    std::vector<CardOutcome> outcomes;
    for (const auto& unit : units(cards)) {
      const SignalHold hold;
      const auto begin = std::chrono::steady_clock::now();
      tools.may_go_on = [this, begin] { may_go_on(begin); };
      for (auto& outcome : act_on(unit, cards, tools, worker)) {
        print(outcome);
        outcomes.push_back(std::move(outcome));
      }
    }
    if (call_.options.json) {
      call_.out << outcome_json(what_.verb, mode_, worker.through(), outcomes);
    }
    settle_doubts(outcomes);
    const bool all = std::ranges::all_of(outcomes, &CardOutcome::ok) &&
                     !(what_.verb == "restore" && saved.is_foreign());
    return all ? 0 : exit_status(Fault::io);
  }

  bool is_silent() {
    try {
      vms_.devices();
    } catch (const Error& error) {
      return error.fault() == Fault::unreachable;
    }
    return false;
  }

  // An operator who names a card has looked at it.
  void settle_doubts(const std::vector<CardOutcome>& outcomes) {
    if (what_.verb == "restore" || mode_ == virt::Mode::dry_run) return;
    for (const auto& outcome : outcomes) {
      if (outcome.ok()) card_list_.settle(outcome.name);
    }
  }

  // Nothing goes on after its caller: who asked for the card may be gone, and may think that it was
  // refused. A look at all processes can take long where one of them is stuck.
  void may_go_on(std::chrono::steady_clock::time_point begin) const {
    if (const auto signal = SignalHold::pending()) {
      throw Error(Fault::refused, "stopped by " + std::string(*signal));
    }
    const auto gone = std::chrono::steady_clock::now() - begin;
    if (steps_.empty() && gone > call_.environment.act_deadline) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(gone).count();
      throw Error(Fault::refused, "it took " + std::to_string(seconds) +
                                      " s to look who uses it, which is too long ago; nothing was "
                                      "changed");
    }
  }

  // A libvirt that is stuck with another card would keep this one waiting for nothing.
  bool goes_by_sysfs() const { return what_.without_libvirt || wedged_.any() || vms_.silent(); }

  std::vector<CardOutcome> act_on(const Unit& unit, const std::vector<Card>& same_call,
                                  Tools& tools, const DeviceWorker& worker) {
    Unit going = unit;
    std::erase_if(going, [this](auto& card) { return wedged_.find(card.pci()).has_value(); });
    if (going.size() < unit.size()) return act_without_wedged(unit, going, tools, worker);
    const auto before = worker.stuck();
    auto outcomes = what_.unit(unit, same_call, tools);
    if (before.empty() && !worker.stuck().empty()) add_way_out(unit, worker, outcomes);
    return outcomes;
  }

  // Nothing can be done with a card that is wedged. Then the others of its unit cannot be taken
  // either, but they can be given back.
  std::vector<CardOutcome> act_without_wedged(const Unit& unit, const Unit& going, Tools& tools,
                                              const DeviceWorker& worker) {
    std::vector<CardOutcome> outcomes;
    for (const auto& card : unit) {
      const auto wedge = wedged_.find(card.pci());
      outcomes.push_back(untouched(card));
      auto& errors = outcomes.back().errors;
      if (wedge) {
        errors.push_back(reason(*wedge));
      } else if (what_.way_back) {
        outcomes.pop_back();
      } else {
        errors.push_back({.what = "a card that shares its IOMMU group is wedged",
                          .fix = std::string(kWedgedFix)});
      }
    }
    if (!what_.way_back || going.empty()) return outcomes;
    auto others = act_on(going, going, tools, worker);
    std::ranges::move(others, std::back_inserter(outcomes));
    return outcomes;
  }

  // A step did not end. The card is wedged when that step is at work on the card itself.
  void add_way_out(const Unit& unit, const DeviceWorker& worker,
                   std::vector<CardOutcome>& outcomes) {
    const auto is_its = [&](const Card& card) { return has(card, worker.last_pci()); };
    const auto at = std::ranges::find_if(unit, is_its) - unit.begin();
    const auto place = static_cast<std::size_t>(at) % unit.size();
    const auto& card = unit[place];
    auto& errors = outcomes[place].errors;
    if (!is_at_work(card, worker.last_pci())) {
      errors.push_back(
          {.what = "the card itself is not stuck, " + std::string(worker.through()) + " is"});
      return;
    }
    errors.push_back({.what = {}, .fix = std::string(kWedgedFix)});
    try {
      wedged_.mark(card.pci(), worker.stuck(), worker.through() == "sysfs" ? worker.child() : 0);
    } catch (const Error& error) {
      errors.push_back({.what = error.what()});
    }
  }

  // The kernel removes the link of the driver before it asks the driver to let go, and keeps the
  // device locked until that has ended (drivers/base/dd.c).
  bool is_at_work(const Card& card, const PciAddress& pci) const {
    const auto before = std::ranges::find(card.functions, pci, &PciFunction::pci);
    if (before == card.functions.end() || card_list_.sysfs().driver(pci) != before->driver)
      return true;
    return !timed_read(card_list_.sysfs().device_path(pci) / "driver_override", kLockPatience);
  }

  // Prints one card at a time. So the state that was read back is known even if the next card
  // hangs.
  void print(const CardOutcome& outcome) {
    if (!call_.options.json) call_.out << outcome_lines(outcome, mode_);
    call_.err << failure_line(what_.verb, outcome) << note_lines(outcome);
  }

  const Call& call_;
  const std::string& target_;
  const CardAction& what_;
  virt::Mode mode_;
  CardList card_list_;
  WedgedCards wedged_;
  RunningVms vms_;
  std::vector<std::string> steps_;
};

}  // namespace

int detach_attach(const Call& call, const std::string& target, const CardAction& what) {
  return DetachAttach(call, target, what).run();
}

int detach(const Call& call) {
  return detach_attach(call, call.options.argument(0), {.verb = "detach", .unit = detach_unit});
}

int attach(const Call& call) {
  return detach_attach(call, call.options.argument(0),
                       {.verb = "attach",
                        .unit = [](const Unit& unit, const std::vector<Card>&,
                                   Tools& tools) { return attach_unit(unit, tools); },
                        .way_back = true});
}

}  // namespace cluster::agent
