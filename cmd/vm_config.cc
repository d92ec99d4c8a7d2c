#include <algorithm>
#include <array>
#include <filesystem>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "core/file.h"
#include "core/keys.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/vms/vm_batch.h"
#include "frontend/vms/vm_definition.h"
#include "virt/domain_diff.h"
#include "virt/domain_xml.h"

namespace cluster::cmd {
namespace {

struct Args {
  std::vector<std::string> vms;
  std::string output_dir;
  std::string diff = "no";
  std::string dryrun = "no";
  std::string timeout = "60";
};

// The difference that a define would make to libvirt's document; "" when there would be none.
// libvirt may spell the operator's own XML in its own way. When the document has such XML, the
// fingerprint of the last define decides.
std::string diff_of(const frontend::VmDefinitions::Document& document,
                    const frontend::VmTask& task) {
  if (!task.domain) return virt::domain_diff(document.xml, "<domain/>");
  auto diff = virt::domain_diff(document.xml, task.domain->xml);
  if (document.has_fragments &&
      virt::fingerprint_in(task.domain->xml) == virt::fingerprint(document.xml)) {
    diff.clear();
  }
  return diff;
}

// The change that one VM needs.
struct Change {
  std::string word;     // "new", "changed", "autostart"; "" = none
  std::string details;  // "at its next start"
  std::string diff;
};

Change change_of(const frontend::VmDefinitions::Document& document, const frontend::VmTask& task) {
  Change change;
  change.diff = diff_of(document, task);
  const bool has_autostart = task.domain && task.domain->autostart;
  if (!task.domain) {
    change.word = "new";
  } else if (!change.diff.empty()) {
    change.word = "changed";
    if (task.domain->active) change.details = "at its next start";
  } else if (task.autostart != has_autostart) {
    change.word = "autostart";
  }
  if (task.autostart != has_autostart) {
    change.details += change.details.empty() ? "" : ", ";
    change.details += task.autostart ? "autostart on" : "autostart off";
  }
  return change;
}

// Looks up what libvirt has, and calls `take` for each VM that is to change. VmTask::xml stays
// empty when nothing changes, and when the VM cannot be rendered.
void compare(Context& context, frontend::VmBatch& all,
             const std::function<void(const frontend::VmTask& task, const Change& change)>& take) {
  const frontend::VmDefinitions definitions(context.inventory(), vms_of(all));
  // What is said of UEFI depends on the age of libvirt.
  frontend::on_each(all,
                    [](frontend::VmHost& there) { there.version = there.domains->version(); });
  for (auto& there : all) {
    for (auto& task : there.tasks) {
      if (there.failure || task.failure) continue;
      try {
        const auto document = definitions.document(task.vm, static_cast<int>(there.version));
        task.autostart = definitions.autostart(task.vm);
        const auto change = change_of(document, task);
        if (change.word.empty()) continue;
        task.xml = document.definition;
        task.check = document.check;
        for (const auto& warning : document.warnings) context.output.note(warning);
        take(task, change);
      } catch (const Error& error) {
        task.failure = error;
      }
    }
  }
}

int run_diff(Context& context, const Args& args) {
  auto all = frontend::look_at(context, frontend::select_vms(context.inventory(), args.vms),
                               frontend::limits_of(args.timeout), frontend::Look::domains);
  compare(context, all,
          [&](const frontend::VmTask&, const Change& change) { context.output.text(change.diff); });
  return report_failures(context.output, frontend::failures_of(all));
}

int run_report(Context& context, const Args& args) {
  if (parse_yes_no("diff", args.diff)) return run_diff(context, args);
  auto& inventory = context.inventory();
  const auto vms = frontend::select_vms(inventory, args.vms);
  const frontend::VmDefinitions definitions(inventory, vms);
  std::vector<std::pair<std::string, frontend::VmDefinitions::Document>> documents;
  for (const auto& vm : vms) {
    documents.emplace_back(vm.name.str(), definitions.document(vm));
  }
  for (const auto& [name, document] : documents) {
    for (const auto& warning : document.warnings) context.output.note(warning);
    if (args.output_dir.empty()) {
      context.output.text(document.xml);
    } else {
      replace_file(std::filesystem::path(args.output_dir) / (name + ".xml"), document.xml);
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

int run_sync(Context& context, const Args& args) {
  const bool dry_run = parse_yes_no("dryrun", args.dryrun);
  const bool with_diff = parse_yes_no("diff", args.diff);
  auto all = frontend::look_at(context, frontend::select_vms(context.inventory(), args.vms),
                               frontend::limits_of(args.timeout), frontend::Look::domains);
  Table table{{"vm", "host", "change", "details"}, {}};
  std::string diffs;
  compare(context, all, [&](const frontend::VmTask& task, const Change& change) {
    table.rows.push_back(
        {task.vm.name.str(), task.vm.container.str(), change.word, change.details});
    if (with_diff) diffs += change.diff;
  });
  context.output.table_unless_empty(table);
  context.output.text(diffs);
  context.output.out().flush();  // before anything changes, into a log as well
  if (!dry_run) {
    frontend::on_each_vm(all, [](virt::Domains& domains, const frontend::VmTask& task) {
      if (!task.xml.empty()) frontend::define(domains, task);
    });
  }
  const int status = report_failures(context.output, frontend::failures_of(all));
  if (status == 0 && table.rows.empty()) context.output.note("nothing to do");
  return status;
}

Action declare_sync(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("VM", args->vms, "VMs, or containers whose VMs [all]");
  options.key("dryrun", args->dryrun, "yes: tell what would change and do nothing [no]");
  options.key("diff", args->diff, "yes: show each change as a unified diff as well [no]");
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

std::span<const Command> vm_config_commands() { return kCommands; }

}  // namespace cluster::cmd
