#include <algorithm>
#include <array>

#include "cmd/commands.h"
#include "cmd/consent.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/text.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/hosts/maintenance.h"
#include "frontend/vms/card_readiness.h"
#include "frontend/vms/vm_batch.h"
#include "virt/running_domains.h"

namespace cluster::cmd {
namespace pause_host_vm {
namespace {

using frontend::VmTask;
using virt::DomainState;

struct Args {
  std::vector<std::string> vms;
  std::string timeout;
  Consent consent;
};

// Throws Error(refused) unless libvirt has the VM, in that state.
void want_state(const VmTask& task, DomainState state) {
  if (!task.domain) throw Error(Fault::refused, "libvirt does not have it: cluster start host vm");
  if (task.domain->state == state) return;
  throw Error(Fault::refused, "it is " + std::string(state_word(*task.domain)) + ", not " +
                                  std::string(name(state)));
}

void pause(virt::Domains& domains, VmTask& task) {
  want_state(task, DomainState::running);
  domains.pause(task.vm.uuid);
}

void resume(virt::Domains& domains, VmTask& task) {
  want_state(task, DomainState::paused);
  domains.resume(task.vm.uuid);
}

// What is in a card's memory and registers cannot be read out by VFIO, so QEMU refuses to save it;
// libvirt would say so after it has begun.
void save(virt::Domains& domains, VmTask& task) {
  want_state(task, DomainState::running);
  if (frontend::has_cards(task.vm) || !virt::host_devices(task.domain->xml).empty()) {
    throw Error(Fault::refused,
                "it has a card, whose state cannot be saved (and so it cannot be migrated while it "
                "runs): cluster stop host vm " +
                    task.vm.name.str() + " action=shutdown");
  }
  domains.save(task.vm.uuid);
}

void restore(virt::Domains& domains, VmTask& task) {
  want_state(task, DomainState::shut_off);
  if (!task.domain->saved) {
    throw Error(Fault::refused,
                "it has no saved memory: cluster start host vm " + task.vm.name.str());
  }
  domains.start(task.vm.uuid);
}

// What a command does to VMs, and how it is told.
struct Deed {
  void (*work)(virt::Domains& domains, VmTask& task);
  std::string_view name;  // of the command
  std::string_view done;  // "paused"
  bool asks;              // because guests do not run afterwards
  std::string_view timeout;
};

constexpr Deed kPause{pause, "pause host vm", "paused", true, "60"};
constexpr Deed kResume{resume, "resume host vm", "resumed", false, "60"};
constexpr Deed kSave{save, "save host vm", "saved", true, "300"};
constexpr Deed kRestore{restore, "restore host vm", "restored", false, "300"};

// Nobody begins to run on a host in maintenance.
void refuse_starts(frontend::VmBatch& all) {
  for (auto& there : all) {
    try {
      frontend::refuse_in_maintenance(there.host);
    } catch (const Error& error) {
      for (auto& task : there.tasks) {
        if (!task.failure) task.failure = error;
      }
    }
  }
}

std::size_t count_done(const frontend::VmBatch& all) {
  std::size_t count = 0;
  for (const auto& there : all) {
    if (there.failure) continue;
    count += static_cast<std::size_t>(
        std::ranges::count_if(there.tasks, [](const VmTask& task) { return !task.failure; }));
  }
  return count;
}

int run(Context& context, const Args& args, const Deed& deed) {
  const auto limits = frontend::limits_of(args.timeout);
  const auto vms = frontend::select_vms(context.inventory(), args.vms);
  if (vms.empty()) {
    throw Error(Fault::not_found, "no VMs there: " + quote(joined(args.vms, " ")));
  }
  if (deed.asks) {
    std::vector<std::string> names;
    for (const auto& vm : vms) names.push_back(vm.name.str());
    require_consent(context, args.consent, std::string(deed.name), {"VMs", args.vms, names});
  }
  auto all = frontend::look_at(context, vms, limits, frontend::Look::domains);
  if (deed.work == restore) refuse_starts(all);
  frontend::on_each_vm(context, all, deed.work);
  say_how_many(context, std::string(deed.done), count_done(all), "VMs");
  return report_failures(context.output, frontend::failures_of(all));
}

template <const Deed& deed>
Action declare(Options& options) {
  auto args = std::make_shared<Args>();
  args->timeout = deed.timeout;
  options.argument("VM", args->vms, "VMs, or containers whose VMs").required();
  options.key("timeout", args->timeout,
              "seconds that a container may take [" + std::string(deed.timeout) + "]");
  if (deed.asks) args->consent.declare(options);
  return [args](Context& context) { return run(context, *args, deed); };
}

constexpr std::array kCommands{
    Command{"pause host vm", "let running VMs stand still", kRunVms, declare<kPause>},
    Command{"restore host vm", "let VMs go on from their saved memory", kRunVms, declare<kRestore>},
    Command{"resume host vm", "let paused VMs go on", kRunVms, declare<kResume>},
    Command{"save host vm", "write the memory of running VMs to disk and end them", kRunVms,
            declare<kSave>},
};

}  // namespace
}  // namespace pause_host_vm

std::span<const Command> pause_host_vm_commands() { return pause_host_vm::kCommands; }

}  // namespace cluster::cmd
