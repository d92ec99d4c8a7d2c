#include <array>

#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/host_selection.h"
#include "virt/domain_xml.h"

namespace cluster::cmd {
namespace {

virt::DomainSpec domain_of(const Vm& vm) {
  virt::DomainSpec domain;
  domain.name = vm.name.str();
  domain.uuid = vm.uuid;
  domain.memory_mib = vm.memory_mib;
  domain.cpus = vm.cpus;
  for (const auto& disk : vm.disks) {
    const auto source = disk.source == "phy" ? virt::DiskSource::block : virt::DiskSource::file;
    domain.disks.push_back({source, disk.path, disk.format, disk.target, disk.bus, {}});
  }
  for (const auto& gpu : vm.gpus) {
    virt::CardSpec card;
    card.name = gpu.name.str();
    card.functions = {gpu.pci};
    card.known = false;
    domain.cards.push_back(card);
  }
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
