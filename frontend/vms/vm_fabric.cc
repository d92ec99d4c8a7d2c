#include "frontend/vms/vm_fabric.h"

#include <algorithm>
#include <functional>

#include "core/error.h"
#include "core/text.h"
#include "frontend/hosts/fabric.h"
#include "frontend/hosts/sudo.h"

namespace cluster::frontend {
namespace {

using Wants = std::function<bool(const VmTask&)>;

bool has_one(const VmHost& there, const Wants& wants) {
  return !there.failure && std::ranges::any_of(there.tasks, [&](const VmTask& task) {
    return !task.failure && task.vm.fabric && wants(task);
  });
}

std::string name_of(const Vm& vm) {
  return "partition " + std::to_string(*vm.fabric) + " of the fabric manager on " +
         vm.container.str();
}

// Throws Error(refused) when the VM's cards are not its partition, as far as that is told.
const FabricPartition& partition_of(const Vm& vm, const std::vector<FabricPartition>& all) {
  const auto at = std::ranges::find(all, *vm.fabric, &FabricPartition::id);
  if (at == all.end()) {
    throw Error(Fault::refused, "F3: there is no " + name_of(vm) + " (`fmpm -l` there)");
  }
  const auto held = static_cast<int>(vm.gpus.size());
  if (at->gpus != held) {
    throw Error(Fault::refused, "F3: " + name_of(vm) + " has " + std::to_string(at->gpus) +
                                    " GPUs, and the VM " + std::to_string(held));
  }
  for (const auto& card : at->cards) {
    if (std::ranges::find(vm.gpus, card, &VmGpu::pci) == vm.gpus.end()) {
      throw Error(Fault::refused,
                  "F3: " + name_of(vm) + " has " + card.sysfs() + ", and the VM does not");
    }
  }
  return *at;
}

// Asks the containers of such VMs for their partitions; calls `work` for each of these VMs.
void each_partition(
    Context& context, VmBatch& all, const Wants& wants, const ssh::Limits& limits,
    const std::function<void(VmHost&, VmTask&, const std::vector<FabricPartition>&)>& work) {
  std::vector<VmHost*> asked;
  std::vector<Host> hosts;
  std::vector<std::string> commands;
  for (auto& there : all) {
    if (!has_one(there, wants)) continue;
    asked.push_back(&there);
    hosts.push_back(there.host);
    commands.push_back(as_root(there.host, "fmpm -l"));
  }
  if (hosts.empty()) return;
  const auto answers = ask_hosts(context, hosts, commands, limits);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    std::vector<FabricPartition> partitions;
    auto failure = unfinished(answers[i]);
    try {
      if (!failure) partitions = partitions_of(answers[i]);
    } catch (const Error& error) {
      failure = error;
    }
    for (auto& task : asked[i]->tasks) {
      if (task.failure || !task.vm.fabric || !wants(task)) continue;
      task.failure = failure;
      if (failure) continue;
      try {
        work(*asked[i], task, partitions);
      } catch (const Error& error) {
        task.failure = error;
      }
    }
  }
}

// Throws Error(io) when `fmpm` does not do it; `letter` is a for activate, d for deactivate.
void tell_fabric(Context& context, const VmHost& there, const Vm& vm, const char* letter,
                 const ssh::Limits& limits) {
  const auto command = "fmpm -" + std::string(letter) + " " + std::to_string(*vm.fabric);
  const auto answers = ask_hosts(context, {there.host}, {as_root(there.host, command)}, limits);
  const auto& answer = answers.front();
  if (const auto error = unfinished(answer)) throw Error(*error);
  if (answer.reply.status == 0) return;
  const auto said = std::string(trim(answer.out + answer.err));
  throw Error(Fault::io, "F4: `" + command + "` on " + there.host.name.str() + ": " +
                             (said.empty() ? "exit status " + std::to_string(answer.reply.status)
                                           : quote(said)));
}

}  // namespace

void activate_partitions(Context& context, VmBatch& all, const ssh::Limits& limits) {
  each_partition(context, all, is_to_start, limits,
                 [&](VmHost& there, VmTask& task, const auto& partitions) {
                   if (partition_of(task.vm, partitions).active) return;
                   tell_fabric(context, there, task.vm, "a", limits);
                 });
}

void release_partitions(Context& context, VmBatch& all, const ssh::Limits& limits) {
  const auto stopped = [](const VmTask& task) { return task.domain && task.domain->active; };
  each_partition(
      context, all, stopped, limits, [&](VmHost& there, VmTask& task, const auto& partitions) {
        const auto at = std::ranges::find(partitions, *task.vm.fabric, &FabricPartition::id);
        if (at == partitions.end() || !at->active) return;
        tell_fabric(context, there, task.vm, "d", limits);
      });
}

}  // namespace cluster::frontend
