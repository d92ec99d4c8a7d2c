#include <algorithm>
#include <optional>

#include "core/error.h"
#include "core/text.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/actions/vgpu_actions.h"
#include "node-agent/binding/running_vms.h"
#include "node-agent/binding/signal_hold.h"
#include "node-agent/cards/mig.h"
#include "node-agent/state/lock.h"
#include "node-agent/transaction/mig_steps.h"
#include "node-agent/transaction/vgpu_lease.h"

namespace cluster::agent {
namespace {

// Finds a vGPU by its UUID, or by its parent when the parent has only one.
std::string find_id(const SliceRecord& record, const std::string& name) {
  if (record.find(name)) return name;
  std::vector<std::string> found;
  for (const auto& [id, leased] : record.vgpus()) {
    if (leased.parent == name) found.push_back(id);
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    throw Error(Fault::not_found, "gpupci has not made it, or not any more; nothing was removed");
  }
  throw Error(Fault::usage, "there are several on it: " + joined(found, ", "));
}

// Finds where the vGPU is now. Returns nothing when it has gone by itself.
std::optional<Vgpu> find_vgpu(const std::vector<VgpuParent>& parents, const std::string& id) {
  for (const auto& parent : parents) {
    for (const auto& vgpu : vgpus_of(parent)) {
      if (vgpu.id == id) return vgpu;
    }
  }
  return std::nullopt;
}

void remove(const Vgpu& vgpu, LeasedVgpu leased, const GuardInput& input, SliceRecord& record,
            SliceSteps& steps) {
  // After a kill between the two steps, the removal has to be finished; the vGPU is not made again.
  leased.removing = true;
  const bool was = record.find(vgpu.id)->removing;
  if (steps.acts()) record.set_vgpu(vgpu.id, leased);
  try {
    remove_vgpu(vgpu, input, steps);
  } catch (const Error&) {
    leased.removing = was;
    if (steps.acts()) record.set_vgpu(vgpu.id, leased);
    throw;
  }
}

void remove_instance(const Call& call, const std::string& name, CardList& card_list,
                     SliceSteps& steps) {
  for (const auto& card : card_list.cards()) {
    for (const auto& one : mig_instances({card}, call.environment.proc)) {
      if (one.name() != name) continue;
      const auto input = guard_input(call.environment, card_list.sysfs(), card_list.settings());
      remove_mig(one, card, input, call.environment, steps);
      print_mig(
          call,
          {.action = "remove-mig", .steps = steps, .sentence = "Removed MIG instance " + name},
          one);
      return;
    }
  }
  throw Error(Fault::not_found, "there is none; gpupci --vgpus lists them");
}

}  // namespace

int remove_vgpu(const Call& call) {
  const auto name = call.options.argument(0);
  const bool dry_run = call.options.dry_run;
  std::optional<Lock> lock;
  if (!dry_run) lock.emplace(call.environment.lock, call.environment.lock_patience);
  const SignalHold hold;
  SliceSteps steps(call.environment, dry_run ? virt::Mode::dry_run : virt::Mode::act);
  try {
    CardList card_list(call.environment, call.err, true);
    if (is_mig_instance(name)) {
      remove_instance(call, name, card_list, steps);
      return 0;
    }
    SliceRecord record(call.environment.slices, call.environment.machine());
    const auto id = find_id(record, name);
    const auto leased = *record.find(id);
    if (leased.lease != call.options.lease) {
      throw Error(Fault::refused, "lease " + leased.lease + " has it since " + leased.since +
                                      ", not " + quote(call.options.lease) +
                                      "; nothing was removed");
    }
    const auto vgpu = find_vgpu(vgpu_parents(card_list.cards(), card_list.sysfs()), id);
    // A vGPU of another type belongs to somebody else, who has made it since.
    const bool ours = vgpu && vgpu->type == leased.type;
    RunningVms vms(call.environment, card_list.sysfs(), card_list.settings(), call.err);
    const auto input = guard_input(call.environment, card_list.sysfs(), card_list.settings(),
                                   [&] { return vms.devices_or_warning(); });
    if (ours) remove(*vgpu, leased, input, record, steps);
    steps.note("# forget lease " + leased.lease);
    if (!dry_run) record.forget_vgpu(id);
    print_vgpu(call,
               {.action = "remove-vgpu",
                .steps = steps,
                .sentence = "Removed vGPU " + id + (ours ? "" : ", which had gone already")},
               {id, leased, dry_run ? "present" : "removed"});
    return 0;
  } catch (const Error& error) {
    const std::string kind = is_mig_instance(name) ? "MIG instance " : "vGPU ";
    call.err << "gpupci: cannot remove " + kind + name + ": " + error.what() + "\n";
    return exit_status(error.fault());
  }
}

}  // namespace cluster::agent
