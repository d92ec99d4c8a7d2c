#include <algorithm>
#include <ostream>
#include <utility>

#include "core/error.h"
#include "node-agent/actions.h"
#include "node-agent/json.h"
#include "node-agent/lock.h"
#include "node-agent/node.h"
#include "node-agent/sentences.h"
#include "node-agent/signal_hold.h"
#include "node-agent/transaction.h"
#include "node-agent/worker.h"

namespace cluster::agent {
namespace {

// Detaches or attaches the cards that were asked for, one after the other.
class Act {
 public:
  using Do = CardReport (*)(const Card& card, const std::vector<Card>& together, Tools& tools);

  Act(const Call& call, std::string verb, Do act)
      : call_(call),
        verb_(std::move(verb)),
        act_(act),
        mode_(call.options.dry_run ? virt::Mode::rehearse : virt::Mode::act),
        node_(call.host, call.options.dry_run) {}

  int run() {
    const auto target = call_.options.argument(0);
    if (node_.pick(target).empty()) return not_found(call_, node_, target);
    if (mode_ == virt::Mode::rehearse) return act_on(node_.pick(target));
    const Lock lock(call_.host.lock, call_.host.lock_patience);
    const auto cards = node_.pick(target, lock);  // as they are now that nobody else changes them
    if (cards.empty()) throw Error(Fault::not_found, target + " has just gone");
    return act_on(cards);
  }

 private:
  int act_on(const std::vector<Card>& cards) {
    SavedDrivers saved(call_.host.saved_drivers);
    std::vector<std::string> steps;
    const auto on_step = [&steps](const std::string& step) { steps.push_back(step); };
    Worker worker(
        [this](virt::StepListener listener) {
          return call_.host.open_devices(node_.sysfs(), node_.settings(), mode_,
                                         std::move(listener));
        },
        call_.host.act_deadline, on_step);
    Tools tools{node_.sysfs(), node_.settings(), saved, worker, on_step, mode_};
    tools.proc = call_.host.proc;
    tools.forced = call_.options.forced;

    std::vector<CardReport> reports;
    for (const auto& card : cards) {
      const SignalHold hold;
      auto report = act_(card, cards, tools);
      report.steps = std::exchange(steps, {});
      tell(report);
      reports.push_back(std::move(report));
    }
    if (call_.options.json) {
      call_.out << outcome_json(verb_, mode_, worker.through(), reports);
    }
    const bool all = std::ranges::all_of(reports, &std::string::empty, &CardReport::error);
    return all ? 0 : exit_status(Fault::io);
  }

  // One card at a time, so that what was read back is known even if the next card hangs.
  void tell(const CardReport& report) {
    if (!call_.options.json) call_.out << outcome_lines(report, mode_) << std::flush;
    if (!report.error.empty()) {
      call_.err << "gpupci: cannot " << verb_ << " " << report.name.str() << ": " << report.error
                << "\n";
    }
  }

  const Call& call_;
  std::string verb_;
  Do act_;
  virt::Mode mode_;
  Node node_;
};

}  // namespace

int detach(const Call& call) { return Act(call, "detach", detach_card).run(); }

int attach(const Call& call) {
  return Act(call, "attach",
             [](const Card& card, const std::vector<Card>&, Tools& tools) {
               return attach_card(card, tools);
             })
      .run();
}

}  // namespace cluster::agent
