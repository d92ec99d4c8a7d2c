#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <optional>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/file.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/hosts/aside.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/vms/difference_words.h"
#include "frontend/vms/vm_batch.h"
#include "frontend/vms/vm_capabilities.h"
#include "frontend/vms/vm_definition.h"
#include "frontend/vms/vm_devices.h"
#include "frontend/vms/vm_plan.h"
#include "virt/domain_merge.h"

namespace cluster::cmd {
namespace vm_config {
namespace {

struct Args {
  std::vector<std::string> vms;
  std::string output_dir;
  std::string diff = "no";
  std::string dryrun = "no";
  std::string keep;
  std::string timeout = "60";
};

// What one VM needs, in the words of the table.
struct Change {
  std::string word;     // "new", "changed", "autostart"; "" = none
  std::string details;  // "at its next start"
  std::string lines;    // every difference, a line each
};

// What would be defined, each line with a plus.
std::string added(const std::string& xml) {
  std::string out;
  for (const auto line : split(trim(xml), '\n')) out.append("+").append(line).append("\n");
  return out;
}

Change change_of(const frontend::VmPlan& plan, const frontend::VmTask& task) {
  Change change;
  std::vector<std::string> details;
  const bool has_autostart = task.domain && task.domain->autostart;
  if (plan.is_new) {
    change.word = "new";
    change.lines = added(virt::without_fingerprint(plan.xml));
  } else if (!plan.xml.empty()) {
    change.word = "changed";
    if (task.domain->active) details.emplace_back("at its next start");
    if (!task.domain->persistent) details.emplace_back("it becomes persistent");
  } else if (task.autostart != has_autostart) {
    change.word = "autostart";
  }
  for (const auto& line : plan.lines) change.lines += line + "\n";
  if (task.autostart != has_autostart) {
    details.emplace_back(task.autostart ? "autostart on" : "autostart off");
  }
  change.details = joined(details, ", ");
  return change;
}

// Looks up what libvirt has, and calls `take` for each VM with what it needs, which may be nothing.
// VmTask::xml stays empty when nothing is to be defined, and when the VM cannot be rendered.
void compare(Context& context, frontend::VmBatch& all, virt::Keep keep,
             const std::function<void(const frontend::VmTask& task, const frontend::VmPlan& plan,
                                      const Change& change)>& take) {
  const auto vms = vms_of(all);
  const frontend::VmDefinitions definitions(context.inventory(), vms);
  const auto agreements = context.inventory().vm_agreements(vm_names(vms));
  // What is said of UEFI depends on the age of libvirt.
  frontend::on_each(context, all,
                    [](frontend::VmHost& there) { there.version = there.domains->version(); });
  frontend::look_at_running(context, all);
  for (auto& there : all) {
    for (auto& task : there.tasks) {
      if (there.failure || task.failure) continue;
      try {
        const auto version = static_cast<int>(there.version);
        const auto ours = definitions.rendering(task.vm, version);
        task.autostart_said = definitions.autostart(task.vm);
        const auto* agreed = frontend::agreement_of(agreements, task.vm);
        if (agreed != nullptr) task.autostart_agreed = agreed->autostart;
        const auto plan = frontend::plan(task, ours.xml, agreed, there.version, keep);
        task.autostart = plan.autostart;
        std::vector<std::string> lines;
        if (!plan.refusal) lines = frontend::take_plan(definitions, task, ours, plan, version);
        take(task, plan, change_of(plan, task));
        if (plan.refusal) throw Error(*plan.refusal);
        for (const auto& line : lines) context.output.note(line);
        if (!task.domain) continue;
        if (const auto words = frontend::plugged_in(there, *task.domain)) {
          context.output.note("VM " + quote(task.vm.name.str()) + " " + *words);
        }
      } catch (const Error& error) {
        task.failure = error;
      }
    }
  }
  frontend::check_capabilities(context, all);
}

virt::Keep parse_keep(const std::string& text) {
  if (text.empty()) return virt::Keep::ask;
  if (text == "theirs") return virt::Keep::theirs;
  if (text == "ours") return virt::Keep::ours;
  throw Error(Fault::usage, "keep=" + quote(text) + ": want theirs or ours");
}

int run_diff(Context& context, const Args& args) {
  auto all = frontend::look_at(context, frontend::select_vms(context.inventory(), args.vms),
                               frontend::limits_of(args.timeout), frontend::Look::domains);
  compare(context, all, virt::Keep::ask,
          [&](const frontend::VmTask&, const frontend::VmPlan&, const Change& change) {
            context.output.text(change.lines);
          });
  return report_failures(context.output, frontend::failures_of(all));
}

int run_report(Context& context, const Args& args) {
  if (parse_yes_no("diff", args.diff)) return run_diff(context, args);
  auto& inventory = context.inventory();
  const auto vms = frontend::select_vms(inventory, args.vms);
  const frontend::VmDefinitions definitions(inventory, vms);
  const auto agreements = inventory.vm_agreements(vm_names(vms));
  const frontend::KnownCapabilities capabilities(inventory, vms);
  std::vector<std::pair<std::string, std::string>> documents;
  std::vector<std::string> lines;
  for (const auto& vm : vms) {
    const auto* agreed = frontend::agreement_of(agreements, vm);
    const auto version =
        agreed == nullptr ? std::nullopt : std::optional(static_cast<int>(agreed->libvirt));
    const auto there = agreed == nullptr ? std::string() : agreed->defined;
    const auto ours = definitions.rendering(vm, version);
    auto document = frontend::agreed_document(vm, ours.xml, agreed);
    std::ranges::move(definitions.judge(vm, ours, document, there, version),
                      std::back_inserter(lines));
    if (agreed == nullptr || agreed->rendered != ours.xml) {
      if (auto note = definitions.check(vm, ours, document, there).note) lines.push_back(*note);
    }
    capabilities.check(vm, document, there);
    documents.emplace_back(vm.name.str(), std::move(document));
  }
  for (const auto& line : lines) context.output.note(line);
  for (const auto& [name, document] : documents) {
    if (args.output_dir.empty()) {
      context.output.text(document);
    } else {
      replace_file(std::filesystem::path(args.output_dir) / (name + ".xml"), document);
    }
  }
  return 0;
}

Action declare_report(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("VM", args->vms, "VMs, or containers whose VMs [all]");
  options.key("output-dir", args->output_dir, "folder for a file VM.xml each [print them]");
  options.key("diff", args->diff, "yes: only what differs from what libvirt has [no]");
  options.key("timeout", args->timeout, "with diff=yes, seconds for a container [60]");
  return [args](Context& context) { return run_report(context, *args); };
}

// Says what an older libvirt left out of what was asked for, unless that was agreed `before`.
void tell_unheard(Context& context, const frontend::VmBatch& all,
                  const std::map<HostName, VmAgreement>& before) {
  for (const auto& there : all) {
    for (const auto& task : there.tasks) {
      if (!task.defined) continue;
      auto told = virt::unheard(task.rendered, task.xml);  // as the host has it otherwise
      if (const auto* agreed = frontend::agreement_of(before, task.vm)) {
        std::ranges::move(virt::unheard(agreed->rendered, agreed->defined),
                          std::back_inserter(told));
      }
      for (const auto& path : virt::unheard(task.rendered, *task.defined)) {
        if (std::ranges::find(told, path) != told.end()) continue;
        context.output.note("VM " + quote(task.vm.name.str()) + ": libvirt on " +
                            there.host.name.str() + " did not keep: " + frontend::path_words(path));
      }
    }
  }
}

int run_sync(Context& context, const Args& args) {
  const bool dry_run = parse_yes_no("dryrun", args.dryrun);
  const bool with_diff = parse_yes_no("diff", args.diff);
  const auto keep = parse_keep(args.keep);
  if (!dry_run) frontend::require_writable(context.inventory());
  context.output.set_only_answers(true);
  auto all = frontend::look_at(context, frontend::select_vms(context.inventory(), args.vms),
                               frontend::limits_of(args.timeout), frontend::Look::domains);
  Table table{{"vm", "host", "change", "details"}, {}};
  std::string diffs;
  compare(context, all, keep,
          [&](const frontend::VmTask& task, const frontend::VmPlan& plan, const Change& change) {
            if (!change.word.empty() && !plan.refusal) {
              table.rows.push_back({task.vm.name.str(), task.vm.container.str(), change.word,
                                    known(change.details)});
            }
            if (with_diff || plan.drifted) diffs += change.lines;
          });
  print_folded(context.output, table);
  context.output.text(diffs);
  context.output.out().flush();  // before anything changes, into a log as well
  context.output.set_only_answers(dry_run);
  if (!dry_run) {
    frontend::on_each_vm(context, all, [](virt::Domains& domains, frontend::VmTask& task) {
      frontend::define(domains, task);
    });
    const auto before = context.inventory().vm_agreements(vm_names(vms_of(all)));
    frontend::store_agreements(context, all);
    tell_unheard(context, all, before);
  }
  const int status = report_failures(context.output, frontend::failures_of(all));
  if (status == 0 && table.rows.empty()) context.output.note("nothing to do");
  return status;
}

Action declare_sync(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("VM", args->vms, "VMs, or containers whose VMs [all]");
  options.key("dryrun", args->dryrun, "yes: tell what would change and do nothing [no]");
  options.key("diff", args->diff, "yes: show every difference and who made it as well [no]");
  options.key("keep", args->keep,
              "what the host changed: theirs accepts it, ours sets it back [refused]");
  options.key("timeout", args->timeout, "seconds that a container may take [60]");
  return [args](Context& context) { return run_sync(context, *args); };
}

constexpr std::array kCommands{
    Command{"report host vm config", "the same as `report vm config`, as Rocks spells it", kRunVms,
            declare_report},
    Command{"report vm config", "print the libvirt configuration of VMs, cards included", kRunVms,
            declare_report},
    Command{"sync host vm config", "the same as `sync vm config`, as Rocks spells it", kRunVms,
            declare_sync, Answer::table},
    Command{"sync vm config", "define VMs on containers as the inventory has them", kRunVms,
            declare_sync, Answer::table},
};

}  // namespace
}  // namespace vm_config

std::span<const Command> vm_config_commands() { return vm_config::kCommands; }

}  // namespace cluster::cmd
