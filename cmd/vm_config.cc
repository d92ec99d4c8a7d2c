#include <array>

#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/host_selection.h"
#include "virt/domain_xml.h"

namespace cluster::cmd {
namespace {

virt::DomainSpec domain_of(const Vm& vm) {
  virt::DomainSpec domain{vm.name.str(), vm.uuid, vm.memory_mib, vm.cpus, {}, {}};
  for (const auto& disk : vm.disks) {
    const auto source = disk.source == "phy" ? virt::DiskSource::block : virt::DiskSource::file;
    domain.disks.push_back({source, disk.path, disk.format, disk.target, disk.bus});
  }
  for (const auto& card : vm.gpus) domain.cards.push_back(card.pci);
  return domain;
}

struct ReportArgs {
  std::vector<std::string> vms;
};

int run_report(Context& context, const ReportArgs& args) {
  for (const auto& vm : select_vms(context.inventory(), args.vms)) {
    context.output.text(virt::domain_xml(domain_of(vm)));
  }
  return 0;
}

Action declare_report(CLI::App& app) {
  auto args = std::make_shared<ReportArgs>();
  app.add_option("VM", args->vms, "VMs, or containers whose VMs [all]");
  app.footer("One libvirt document after another, each as `virsh define` takes it.");
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
