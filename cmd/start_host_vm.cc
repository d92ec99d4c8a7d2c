#include <algorithm>
#include <array>
#include <iterator>

#include "cmd/commands.h"
#include "cmd/consent.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/folded_names.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/hosts/aside.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/hosts/maintenance.h"
#include "frontend/vms/card_readiness.h"
#include "frontend/vms/vm_capabilities.h"
#include "frontend/vms/vm_definition.h"
#include "frontend/vms/vm_devices.h"
#include "frontend/vms/vm_disk_images.h"
#include "frontend/vms/vm_fabric.h"
#include "frontend/vms/vm_plan.h"
#include "frontend/vms/vm_seed.h"

namespace cluster::cmd {
namespace start_host_vm {
namespace {

struct Args {
  std::vector<std::string> vms;
  std::string timeout;
};

struct StopArgs : Args {
  std::optional<std::string> action;
  Consent consent;
};

std::vector<Vm> wanted_vms(Inventory& inventory, const Args& args) {
  auto vms = frontend::select_vms(inventory, args.vms);
  if (vms.empty()) throw Error(Fault::not_found, "no VMs there: " + quote(joined(args.vms, " ")));
  return vms;
}

// A guest whose CPUs stand still hears nothing.
bool stands_still(const frontend::VmTask& task) {
  const auto state = task.domain->state;
  return state == virt::DomainState::paused || state == virt::DomainState::crashed;
}

std::string way_on(const frontend::VmTask& task) {
  const auto& vm = task.vm.name.str();
  return (task.domain->state == virt::DomainState::paused
              ? "`cluster resume host vm " + vm + "` lets it go on, "
              : "") +
         "`cluster stop host vm " + vm + " action=poweroff` pulls the plug";
}

std::string neither_running_nor_off(const frontend::VmTask& task) {
  return "it is " + std::string(name(task.domain->state)) +
         ", neither running nor off: " + way_on(task);
}

// Decides what each VM is to become, or why it cannot start.
void prepare(Context& context, frontend::VmBatch& all, const ssh::Limits& limits) {
  auto& inventory = context.inventory();
  const auto vms = vms_of(all);
  const auto agreements = inventory.vm_agreements(vm_names(vms));
  const auto seen = frontend::see_cards(context, all, limits);
  for (const auto& line : frontend::learn_cards(inventory, all, seen)) {
    context.output.note(line);
  }
  const frontend::VmDefinitions definitions(inventory, vms);
  for (auto& there : all) {
    if (there.failure) continue;
    const auto have = inventory.gpu_cards(there.host.name);
    for (auto& task : there.tasks) {
      if (frontend::is_running(task)) continue;
      try {
        frontend::refuse_in_maintenance(there.host);
        if (task.domain && task.domain->active) {
          throw Error(Fault::refused, neither_running_nor_off(task));
        }
        if (frontend::has_cards(task.vm)) {
          frontend::check_cards(task, have, seen.at(task.vm.container), there.in_use);
        }
        const auto version = static_cast<int>(there.version);
        const auto ours = definitions.rendering(task.vm, version);
        const auto* agreed = frontend::agreement_of(agreements, task.vm);
        const auto plan = frontend::plan(task, ours.xml, agreed, there.version, virt::Keep::ask);
        if (plan.refusal) {
          for (const auto& line : plan.lines) context.output.note(line);
        }
        auto lines = frontend::take_plan(definitions, task, ours, plan, version);
        if (plan.xml.empty()) {  // it starts as it is there
          const auto& as_it_is = task.domain->xml;
          std::ranges::move(definitions.judge(task.vm, ours, as_it_is, as_it_is, version),
                            std::back_inserter(lines));
        }
        for (const auto& line : lines) context.output.note(line);
        task.autostart_said = definitions.autostart(task.vm);
        const auto autostart = frontend::plan_autostart(task, agreed, virt::Keep::ask);
        task.autostart = autostart.yes;
        if (autostart.drift) task.autostart_said.reset();  // `sync vm config` asks about it
        if (agreed != nullptr) task.autostart_agreed = agreed->autostart;
        task.seed = definitions.seed(task.vm);
      } catch (const Error& error) {
        task.failure = error;
      }
    }
  }
  frontend::check_capabilities(context, all);
}

// The number of VMs that did not run, and do now.
std::size_t count_started(const frontend::VmBatch& all) {
  std::size_t count = 0;
  for (const auto& there : all) {
    if (there.failure) continue;
    count += static_cast<std::size_t>(
        std::count_if(there.tasks.begin(), there.tasks.end(), frontend::is_to_start));
  }
  return count;
}

int run_start(Context& context, const Args& args) {
  const auto limits = frontend::limits_of(args.timeout);
  frontend::require_writable(context.inventory());
  auto all = frontend::look_at(context, wanted_vms(context.inventory(), args), limits);
  frontend::remember_devices(context, all);
  for (const auto& line : frontend::shared_cards(context.inventory(), all)) {
    context.output.note(line);
  }
  prepare(context, all, limits);
  frontend::make_disk_images(context, all, limits);
  frontend::make_seeds(context, all, limits);
  frontend::activate_partitions(context, all, limits);
  frontend::on_each_vm(context, all, [](virt::Domains& domains, frontend::VmTask& task) {
    if (frontend::is_running(task)) return;
    frontend::define(domains, task);
    domains.start(task.vm.uuid);
  });
  frontend::store_agreements(context, all);
  say_how_many(context, "started", count_started(all), "VMs");
  return report_failures(context.output, frontend::failures_of(all));
}

Action declare_start(Options& options) {
  auto args = std::make_shared<Args>();
  args->timeout = "300";
  options.argument("VM", args->vms, "VMs, or containers whose VMs").required();
  options.key("timeout", args->timeout, "seconds that a container may take [300]");
  return [args](Context& context) { return run_start(context, *args); };
}

virt::Stop parse_action(const std::string& text) {
  if (text == "poweroff") return virt::Stop::poweroff;
  if (text == "shutdown") return virt::Stop::shutdown;
  if (text == "reset") return virt::Stop::reset;
  if (text == "reboot") return virt::Stop::reboot;
  throw Error(Fault::usage, "action=" + quote(text) + ": want shutdown, poweroff, reset or reboot");
}

// Says what became of VMs that ran. What is asked of a guest may take long, or never happen.
void say_what_was_asked(Context& context, const frontend::VmBatch& all, virt::Stop how,
                        bool by_default) {
  std::vector<std::string> names;
  for (const auto& there : all) {
    if (there.failure) continue;
    for (const auto& task : there.tasks) {
      if (!task.failure && task.domain && task.domain->active) names.push_back(task.vm.name.str());
    }
  }
  if (names.empty()) return;
  if (how == virt::Stop::shutdown && by_default) {
    context.output.note("asked " + counted_names(names) +
                        " to shut down (action=poweroff pulls the plug)");
    return;
  }
  say_how_many(context,
               how == virt::Stop::poweroff   ? "powered off"
               : how == virt::Stop::reset    ? "reset"
               : how == virt::Stop::shutdown ? "asked to shut down:"
                                             : "asked to reboot:",
               names.size(), "VMs");
}

int run_stop(Context& context, const StopArgs& args) {
  const auto limits = frontend::limits_of(args.timeout);
  const auto how = parse_action(args.action.value_or("shutdown"));
  const bool is_off_after = how == virt::Stop::poweroff || how == virt::Stop::shutdown;
  const auto vms = wanted_vms(context.inventory(), args);
  std::vector<std::string> names;
  for (const auto& vm : vms) names.push_back(vm.name.str());
  require_consent(context, args.consent, "stop host vm", {"VMs", args.vms, names});
  auto all = frontend::look_at(context, vms, limits);
  frontend::on_each_vm(context, all, [&](virt::Domains& domains, frontend::VmTask& task) {
    if (task.domain && task.domain->active) {
      const bool asks_guest = how == virt::Stop::shutdown || how == virt::Stop::reboot;
      if (asks_guest && stands_still(task)) {
        throw Error(Fault::refused, "it is " + std::string(name(task.domain->state)) +
                                        " and hears nothing: " + way_on(task));
      }
      return domains.stop(task.vm.uuid, how);
    }
    if (!is_off_after) throw Error(Fault::refused, "it does not run");
  });
  say_what_was_asked(context, all, how, !args.action);
  // A guest that shuts itself down may take long. Its partition stays active, and the next start
  // takes it as it is.
  if (how == virt::Stop::poweroff) frontend::release_partitions(context, all, limits);
  return report_failures(context.output, frontend::failures_of(all));
}

Action declare_stop(Options& options) {
  auto args = std::make_shared<StopArgs>();
  args->timeout = "60";
  options.argument("VM", args->vms, "VMs, or containers whose VMs").required();
  options.key("action", args->action, "shutdown, poweroff, reset or reboot [shutdown]");
  options.key("timeout", args->timeout, "seconds that a container may take [60]");
  args->consent.declare(options);
  return [args](Context& context) { return run_stop(context, *args); };
}

constexpr std::array kCommands{
    Command{"start host vm", "define VMs on their containers and start them", kRunVms,
            declare_start},
    Command{"stop host vm", "shut VMs down, or power off, reset or reboot them", kRunVms,
            declare_stop},
};

}  // namespace
}  // namespace start_host_vm

std::span<const Command> start_host_vm_commands() { return start_host_vm::kCommands; }

}  // namespace cluster::cmd
