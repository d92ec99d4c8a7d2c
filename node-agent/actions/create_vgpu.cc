#include <algorithm>
#include <optional>

#include "core/error.h"
#include "core/random.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/actions/table.h"
#include "node-agent/actions/vgpu_actions.h"
#include "node-agent/binding/signal_hold.h"
#include "node-agent/cards/mig.h"
#include "node-agent/state/lock.h"
#include "node-agent/transaction/mig_steps.h"
#include "node-agent/transaction/vgpu_lease.h"

namespace cluster::agent {
namespace {

// The record is stored before the vGPU is made. So --restore finishes what a kill cut short.
void make(const Vgpu& vgpu, const LeasedVgpu& leased, const Sysfs& sysfs, SliceRecord& record,
          SliceSteps& steps) {
  steps.note("# save that lease " + leased.lease + " has vGPU " + vgpu.id);
  if (steps.acts()) record.set_vgpu(vgpu.id, leased);
  try {
    make_vgpu(vgpu, sysfs, steps);
  } catch (const Error&) {
    if (steps.acts()) record.forget_vgpu(vgpu.id);
    throw;
  }
}

}  // namespace

int create_vgpu(const Call& call) {
  const auto target = call.options.argument(0);
  const auto type = call.options.argument(1);
  const bool dry_run = call.options.dry_run;
  std::optional<Lock> lock;
  if (!dry_run) lock.emplace(call.environment.lock, call.environment.lock_patience);
  CardList card_list(call.environment, call.err, true);
  const auto all = vgpu_parents(card_list.cards(), card_list.sysfs());
  const auto parents = pick_parents(all, target);
  const SignalHold hold;
  SliceSteps steps(call.environment, dry_run ? virt::Mode::dry_run : virt::Mode::act);
  try {
    const auto cards = named(card_list.cards(), target);
    if (!cards.empty() && is_mig_profile(type)) {
      const auto made = make_mig(cards.front(), type, call.environment, steps);
      const auto sentence =
          made ? "Created MIG instance " + made->name() + " of profile " + type : "";
      print_mig(call, {.action = "create-mig", .steps = steps, .sentence = sentence}, made);
      return 0;
    }
    if (parents.empty() || target == "all") {
      throw Error(Fault::not_found,
                  no_parent(all, target, cards, card_list.sysfs(), card_list.settings()));
    }
    SliceRecord record(call.environment.slices, call.environment.machine());
    const auto& parent = choose_parent(parents, type, record);
    const Vgpu vgpu{parent.interface == VgpuInterface::mdev ? random_uuid() : parent.name, parent,
                    type};
    const LeasedVgpu leased{.parent = parent.name,
                            .interface = parent.interface,
                            .type = type,
                            .lease = new_lease(),
                            .since = utc_now()};
    make(vgpu, leased, card_list.sysfs(), record, steps);
    print_vgpu(call,
               {.action = "create-vgpu",
                .steps = steps,
                .sentence = "Created vGPU " + vgpu.id + " of type " + type + " on " + parent.name +
                            ", lease " + leased.lease},
               {vgpu.id, leased, "present"});
    return 0;
  } catch (const Error& error) {
    const std::string what = is_mig_profile(type) ? "a MIG instance" : "a vGPU";
    call.err << "gpupci: cannot create " + what + " on " + target + ": " + error.what() + "\n";
    return exit_status(error.fault());
  }
}

}  // namespace cluster::agent
