#include <array>
#include <filesystem>

#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/host_selection.h"
#include "cmd/values.h"
#include "cmd/vm_rendering.h"
#include "core/file.h"

namespace cluster::cmd {
namespace {

constexpr const char* kText =
    "One libvirt document after another, each as `virsh define` takes it; with output-dir= each in "
    "a file VM.xml.\n"
    "`cluster help attr` lists what can be set different, for all VMs, those of a container, or "
    "one. Every\n"
    "document is held against libvirt's schema and against what is known of the cards; when one "
    "does not pass,\n"
    "nothing is written.";

struct ReportArgs {
  std::vector<std::string> vms;
  std::string output_dir;
};

int run_report(Context& context, const ReportArgs& args) {
  auto& inventory = context.inventory();
  const VmRendering rendering(inventory);
  std::vector<std::pair<std::string, VmRendering::Document>> documents;
  for (const auto& vm : select_vms(inventory, args.vms)) {
    documents.emplace_back(vm.name.str(), rendering.document(vm));
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

Action declare_report(CLI::App& app) {
  auto args = std::make_shared<ReportArgs>();
  app.add_option("VM", args->vms, "VMs, or containers whose VMs [all]");
  app.add_option("--output-dir", args->output_dir, "folder for a file VM.xml each [print them]");
  app.footer(kText);
  return [args](Context& context) { return run_report(context, *args); };
}

constexpr std::array kCommands{
    Command{"report host vm config", "the same as `report vm config`, as Rocks spells it",
            declare_report},
    Command{"report vm config", "print the libvirt configuration of VMs, cards included",
            declare_report},
};

}  // namespace

std::span<const Command> vm_config_commands() { return kCommands; }

}  // namespace cluster::cmd
