#include "node-agent/act.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "node-agent/json.h"
#include "node-agent/lock.h"
#include "node-agent/node.h"
#include "node-agent/sentences.h"
#include "node-agent/signal_hold.h"
#include "node-agent/slices.h"
#include "node-agent/wedged.h"
#include "node-agent/worker.h"

namespace cluster::agent {
namespace {

// One call: the cards that were asked for, one after the other.
class Acting {
 public:
  Acting(const Call& call, const std::string& target, const Act& what)
      : call_(call),
        target_(target),
        what_(what),
        mode_(call.options.dry_run ? virt::Mode::rehearse : virt::Mode::act),
        node_(call.host, call.options.dry_run),
        wedged_(call.host.wedged, call.host.boot_id()) {}

  int run() {
    auto seen = target_.empty() ? node_.cards() : node_.pick(target_);
    if (seen.empty()) return target_.empty() ? 0 : not_found(call_, node_, target_);
    if (target_.empty()) add_slices(seen, node_.sysfs());
    if (mode_ == virt::Mode::rehearse) return act_on(seen);
    // A task that is stuck in the kernel holds the lock for ever.
    if (std::ranges::all_of(seen,
                            [this](auto& card) { return wedged_.find(card.pci()).has_value(); })) {
      return act_on(seen);
    }
    const Lock lock(call_.host.lock, call_.host.lock_patience);
    // As they are now that nobody else changes them.
    auto cards = node_.pick(target_.empty() ? "all" : target_, lock);
    if (target_.empty()) add_slices(cards, node_.sysfs());
    if (cards.empty()) throw Error(Fault::not_found, target_ + " has just gone");
    return act_on(cards);
  }

 private:
  int act_on(const std::vector<Card>& cards) {
    SavedDrivers saved(call_.host.saved_drivers);
    const auto& open =
        what_.without_libvirt ? call_.host.open_sysfs_devices : call_.host.open_devices;
    Worker worker(
        [this, &open](virt::StepListener listener) {
          return open(node_.sysfs(), node_.settings(), mode_, std::move(listener));
        },
        call_.host.act_deadline, [this](const std::string& step) { steps_.push_back(step); });
    Tools tools{node_.sysfs(),
                node_.settings(),
                saved,
                worker,
                [this](const std::string& step) { steps_.push_back(step); },
                mode_};
    tools.proc = call_.host.proc;
    tools.forced = call_.options.forced;
    if (!what_.without_libvirt) tools.vm_devices = [&] { return vm_devices(worker); };

    std::vector<CardReport> reports;
    for (const auto& card : cards) {
      const SignalHold hold;
      auto report = act_on(card, cards, tools, worker);
      report.steps = std::exchange(steps_, {});
      tell(report);
      reports.push_back(std::move(report));
    }
    if (call_.options.json) {
      call_.out << outcome_json(what_.verb, mode_, worker.through(), reports);
    }
    const bool all = std::ranges::all_of(reports, &std::string::empty, &CardReport::error);
    return all ? 0 : exit_status(Fault::io);
  }

  // Who cannot be asked is told of, once, and no reason to refuse: a VM that runs has its handle of
  // vfio open, which the guard sees in any case.
  std::vector<virt::VmDevice> vm_devices(Worker& worker) {
    if (!vms_can_be_asked_ || !worker.stuck().empty()) return {};
    try {
      return worker.vm_devices();
    } catch (const Error& error) {
      vms_can_be_asked_ = false;
      call_.err << "gpupci: warning: the running VMs are not known: " << error.what()
                << "; only open handles of vfio are looked at\n";
      return {};
    }
  }

  CardReport act_on(const Card& card, const std::vector<Card>& together, Tools& tools,
                    const Worker& worker) {
    if (const auto wedge = wedged_.find(card.pci())) {
      auto report = untouched(card);
      report.error = sentence(*wedge);
      return report;
    }
    const auto before = worker.stuck();
    auto report = what_.card(card, together, tools);
    if (before.empty() && !worker.stuck().empty()) {
      try {
        wedged_.mark(card.pci(), worker.stuck());
      } catch (const Error& error) {
        report.error += std::string("; ") + error.what();
      }
    }
    return report;
  }

  // One card at a time, so that what was read back is known even if the next card hangs.
  void tell(const CardReport& report) {
    if (!call_.options.json) call_.out << outcome_lines(report, mode_);
    if (!report.error.empty()) {
      call_.err << "gpupci: cannot " << what_.verb << " " << report.name << ": " << report.error
                << "\n";
    }
  }

  const Call& call_;
  const std::string& target_;
  const Act& what_;
  virt::Mode mode_;
  Node node_;
  WedgedCards wedged_;
  std::vector<std::string> steps_;
  bool vms_can_be_asked_ = true;
};

}  // namespace

int act(const Call& call, const std::string& target, const Act& what) {
  return Acting(call, target, what).run();
}

int detach(const Call& call) {
  return act(call, call.options.argument(0), {.verb = "detach", .card = detach_card});
}

int attach(const Call& call) {
  return act(
      call, call.options.argument(0),
      {.verb = "attach", .card = [](const Card& card, const std::vector<Card>&, Tools& tools) {
         return attach_card(card, tools);
       }});
}

}  // namespace cluster::agent
