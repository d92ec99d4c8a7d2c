#include "node-agent/actions/detach_attach.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
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
        wedged_(call.environment.wedged, call.environment.boot_id()),
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
    auto cards = card_list_.pick(target_.empty() ? "all" : target_, lock);
    if (target_.empty()) add_slices(cards, card_list_.sysfs());
    if (cards.empty()) throw Error(Fault::not_found, target_ + " has just gone");
    return act_on(cards);
  }

 private:
  int act_on(const std::vector<Card>& cards) {
    SavedDrivers saved(call_.environment.saved_drivers);
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
                .stuck = stuck};

    std::vector<CardOutcome> reports;
    for (const auto& card : cards) {
      const SignalHold hold;
      auto report = act_on(card, cards, tools, worker);
      report.steps = std::exchange(steps_, {});
      print(report);
      reports.push_back(std::move(report));
    }
    if (call_.options.json) {
      call_.out << outcome_json(what_.verb, mode_, worker.through(), reports);
    }
    const bool all = std::ranges::all_of(reports, &CardOutcome::ok);
    return all ? 0 : exit_status(Fault::io);
  }

  // A libvirt that is stuck with another card would keep this one waiting for nothing.
  bool goes_by_sysfs() const { return what_.without_libvirt || wedged_.any() || vms_.silent(); }

  CardOutcome act_on(const Card& card, const std::vector<Card>& together, Tools& tools,
                     const DeviceWorker& worker) {
    if (const auto wedge = wedged_.find(card.pci())) {
      auto report = untouched(card);
      report.errors.push_back({.what = what(*wedge), .fix = std::string(kWedgedFix)});
      return report;
    }
    const auto before = worker.stuck();
    auto report = what_.card(card, together, tools);
    if (before.empty() && !worker.stuck().empty()) add_way_out(card, worker, report.errors);
    return report;
  }

  // A step did not end. The card is wedged when that step is at work on the card itself.
  void add_way_out(const Card& card, const DeviceWorker& worker, Reasons& errors) {
    if (!is_at_work(card, worker.last_pci())) {
      errors.push_back(
          {.what = "the card itself is not stuck, " + std::string(worker.through()) + " is"});
      return;
    }
    errors.push_back({.what = {}, .fix = std::string(kWedgedFix)});
    try {
      wedged_.mark(card.pci(), worker.stuck());
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
  void print(const CardOutcome& report) {
    if (!call_.options.json) call_.out << outcome_lines(report, mode_);
    call_.err << failure_line(what_.verb, report);
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
  return detach_attach(call, call.options.argument(0), {.verb = "detach", .card = detach_card});
}

int attach(const Call& call) {
  return detach_attach(
      call, call.options.argument(0),
      {.verb = "attach", .card = [](const Card& card, const std::vector<Card>&, Tools& tools) {
         return attach_card(card, tools);
       }});
}

}  // namespace cluster::agent
