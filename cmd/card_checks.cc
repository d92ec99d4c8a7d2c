#include "cmd/card_checks.h"

#include <algorithm>

#include "cmd/agents.h"
#include "cmd/reconcile.h"
#include "core/error.h"
#include "core/text.h"

namespace cluster::cmd {
namespace {

// As gpupci has it: vfio-pci, its variants, and pci-stub.
bool is_stub(const std::string& driver) {
  return driver == "vfio-pci" || driver == "pci-stub" || driver.ends_with("-vfio-pci") ||
         driver.ends_with("_vfio_pci");
}

Error refused(const std::string& why) { return {Fault::refused, why}; }

void check_card(const Vm& vm, const GpuName& name, const SeenCards& seen,
                const std::vector<virt::VmDevice>& in_use) {
  const auto place = quote(vm.container.str() + " " + name.str());
  const auto at = std::ranges::find(seen.cards, name, &GpuCard::name);
  if (at == seen.cards.end() || at->missing) throw refused("the card " + place + " is not there");
  for (const auto& function : at->functions) {
    const auto driver = seen.drivers.at(function.pci);
    if (!is_stub(driver)) {
      throw refused("the card " + place + " is attached to its host: " + function.pci.libvirt() +
                    " has " + (driver.empty() ? "no driver" : "the driver " + quote(driver)) +
                    " (want vfio-pci: `cluster detach host gpu " + vm.container.str() + " " +
                    name.str() + "`)");
    }
    for (const auto& used : in_use) {
      if (used.device == function.pci.sysfs() && used.vm != vm.name.str()) {
        throw refused("the card " + place + " is in the running VM " + quote(used.vm));
      }
    }
  }
}

// Holds what the agent sees against the inventory; throws Error(refused) with what is different.
void check_identity(const Vm& vm, const std::vector<GpuCard>& have, const SeenCards& seen) {
  std::vector<GpuName> held;
  for (const auto& gpu : vm.gpus) held.push_back(gpu.gpu);
  for (const auto& change : reconcile(have, seen.cards, held).changes) {
    if (std::ranges::find(held, change.name) == held.end() || change.change == "back") continue;
    const auto before = std::ranges::find(have, change.name, &GpuCard::name);
    const bool was_only_typed = before != have.end() && before->functions.empty();
    if (was_only_typed && change.change == "changed") continue;
    throw refused("the card " + quote(vm.container.str() + " " + change.name.str()) +
                  " is not as the inventory knows it: " + change.change +
                  (change.details.empty() ? "" : ", " + change.details) +
                  " (look at it with `cluster discover host gpu " + vm.container.str() +
                  " dryrun=yes`)");
  }
}

}  // namespace

void check_cards(const Vm& vm, const std::vector<GpuCard>& have, const SeenCards& seen,
                 const std::vector<virt::VmDevice>& in_use) {
  check_identity(vm, have, seen);
  for (const auto& held : vm.gpus) check_card(vm, held.gpu, seen, in_use);
}

std::map<HostName, SeenCards> see_cards(Context& context, VmContainers& all,
                                        const ssh::Limits& limits) {
  std::vector<Host> hosts;
  for (std::size_t i = 0; i < all.vms.size(); ++i) {
    const bool has_cards = std::ranges::any_of(
        all.vms[i].tasks, [](const VmTask& task) { return !task.vm.gpus.empty(); });
    if (has_cards && !all.containers[i].failure) hosts.push_back(all.containers[i].host);
  }
  std::map<HostName, SeenCards> seen;
  for (const auto& answer : ask_agents(context, hosts, "gpupci -l --json", limits)) {
    const auto at = std::ranges::find(all.containers, answer.host.name,
                                      [](const Container& one) { return one.host.name; });
    const auto why = no_answer(answer);
    if (!why.empty()) {
      at->failure = Error(ssh::reached(answer.reply.end) ? Fault::io : Fault::unreachable, why);
      continue;
    }
    try {
      seen.emplace(answer.host.name, SeenCards{cards_of(answer), drivers_of(answer)});
    } catch (const Error& error) {
      at->failure = error;
    }
  }
  return seen;
}

}  // namespace cluster::cmd
