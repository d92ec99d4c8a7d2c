#include "frontend/vms/card_readiness.h"

#include <algorithm>
#include <iterator>

#include "core/error.h"
#include "core/stub_driver.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "frontend/cards/card_matching.h"
#include "frontend/hosts/agent_json.h"
#include "frontend/hosts/ask.h"

namespace cluster::frontend {
namespace {

Error refused(const std::string& why) { return {Fault::refused, why}; }

// `in_use` leaves out what the VM itself has.
void check_free(const std::string& what, const std::string& device,
                const std::vector<virt::VmDevice>& in_use) {
  for (const auto& used : in_use) {
    if (used.device == device) throw refused(what + " is in the running VM " + quote(used.vm));
  }
}

std::string wanted_driver(const SeenCards& seen) {
  return seen.stub_driver.empty() ? "vfio-pci" : seen.stub_driver;
}

void check_card(const Vm& vm, const GpuName& name, const SeenCards& seen,
                const std::vector<virt::VmDevice>& in_use) {
  const auto place = quote(vm.container.str() + " " + name.str());
  const auto at = std::ranges::find(seen.cards, name, &GpuCard::name);
  if (at == seen.cards.end() || at->missing) throw refused("the card " + place + " is not there");
  for (const auto& function : at->functions) {
    const auto driver = seen.drivers.at(function.pci);
    if (!is_stub_driver(driver, seen.stub_driver)) {
      throw refused("the card " + place + " is attached to its host: " + function.pci.libvirt() +
                    " has " + (driver.empty() ? "no driver" : "the driver " + quote(driver)) +
                    " (want " + wanted_driver(seen) + ": `cluster detach host gpu " +
                    vm.container.str() + " " + name.str() + "`)");
    }
    check_free("the card " + place, function.pci.sysfs(), in_use);
  }
}

void check_type(const Vm& vm, const std::string& what, const std::optional<std::string>& was,
                const std::optional<std::string>& now) {
  if (!was || was == now) return;
  throw refused(what + " is not as the inventory knows it: vGPU of type " + now.value_or("none") +
                ", was " + *was + " (`cluster discover host gpu " + vm.container.str() + "`)");
}

void check_mdev(const Vm& vm, const VmSlice& held, const SeenCards& seen,
                const std::vector<virt::VmDevice>& in_use) {
  const auto what = "the vGPU " + quote(vm.container.str() + " " + held.device);
  const auto mdev = std::ranges::find(seen.mdevs, held.device, &Mdev::uuid);
  if (mdev == seen.mdevs.end()) throw refused(what + " is not there");
  check_type(vm, what, held.type, mdev->type);
  check_free(what, held.device, in_use);
}

void check_slice(const Vm& vm, const VmSlice& held, const SeenCards& seen,
                 const std::vector<virt::VmDevice>& in_use) {
  const auto& container = vm.container.str();
  const auto what = "the slice " + quote(container + " " + held.device);
  const auto card = std::ranges::find(seen.cards, *held.gpu, &GpuCard::name);
  if (card == seen.cards.end()) throw refused(what + " is not there");
  const auto slice = std::ranges::find(card->slices, *held.number, &GpuSlice::number);
  if (slice == card->slices.end()) throw refused(what + " is not there");
  if (held.pci && slice->pci != *held.pci) {
    throw refused(what + " is not as the inventory knows it: at " + slice->pci.libvirt() +
                  ", was at " + held.pci->libvirt() + " (`cluster discover host gpu " + container +
                  "`)");
  }
  check_type(vm, what, held.type, slice->type);
  // A slice with a type is run by the driver that it has.
  const auto driver = seen.drivers.at(slice->pci);
  if (!slice->type && !is_stub_driver(driver, seen.stub_driver)) {
    throw refused(what + " is attached to its host: " + slice->pci.libvirt() + " has " +
                  (driver.empty() ? "no driver" : "the driver " + quote(driver)) + " (want " +
                  wanted_driver(seen) + ": `cluster detach host gpu " + container + " " +
                  held.device + "`, or the type of a vGPU: gpupci --create-vgpu)");
  }
  check_free(what, slice->pci.sysfs(), in_use);
}

// Compares what the agent sees with the inventory. Throws Error(refused) that names the difference.
void check_identity(const Vm& vm, const std::vector<GpuCard>& have, const SeenCards& seen) {
  const auto held = held_of({vm}, vm.container);
  for (const auto& change : match_cards(have, seen.cards, held).changes) {
    if (std::ranges::find(held.cards, change.name) == held.cards.end()) continue;
    if (change.change == Difference::back) continue;
    const auto before = std::ranges::find(have, change.name, &GpuCard::name);
    const bool was_only_typed = before != have.end() && before->functions.empty();
    // When a card is in slices, each slice that the VM has is checked by itself.
    const bool in_slices = std::ranges::find(vm.gpus, change.name, &VmGpu::gpu) == vm.gpus.end();
    if ((was_only_typed || in_slices) && change.change == Difference::changed) continue;
    if (change.change == Difference::slice_gone) continue;
    throw refused("the card " + quote(vm.container.str() + " " + change.name.str()) +
                  " is not as the inventory knows it: " + std::string(name(change.change)) +
                  (change.details.empty() ? "" : ", " + change.details) +
                  " (look at it with `cluster discover host gpu " + vm.container.str() +
                  " dryrun=yes`)");
  }
}

// Gives the cards of the VMs of which `have` has only the address, or earlier facts, those that the
// agent has told. Returns a line for each.
std::vector<std::string> learn(const VmHost& there, const SeenCards& seen, const std::string& now,
                               std::vector<GpuCard>& have) {
  std::vector<std::string> lines;
  for (auto& card : have) {
    const auto told = std::ranges::find(seen.cards, card.name, &GpuCard::name);
    const bool is_held = std::ranges::any_of(there.tasks, [&](const VmTask& task) {
      return std::ranges::find(task.vm.gpus, card.name, &VmGpu::gpu) != task.vm.gpus.end();
    });
    if (!is_held || told == seen.cards.end() || told->functions.empty() ||
        !told->pci.same_slot(card.pci)) {
      continue;
    }
    auto learnt = with_what_is_kept(*told, card);
    const auto changed = changed_facts(card, learnt);
    if (!card.functions.empty() && changed.empty()) continue;
    learnt.pci = card.pci;
    learnt.told.seen = now;
    if (told->told.driver) learnt.told.driver_seen = now;
    lines.push_back(there.host.name.str() + ": learnt " +
                    (card.functions.empty()
                         ? "that " + card.name.str() + " has " +
                               std::to_string(learnt.functions.size()) +
                               (learnt.functions.size() == 1 ? " function" : " functions")
                         : "of " + card.name.str() + ": " + changed));
    card = std::move(learnt);
  }
  return lines;
}

}  // namespace

void check_cards(const VmTask& task, const std::vector<GpuCard>& have, const SeenCards& seen,
                 std::vector<virt::VmDevice> in_use) {
  const auto& vm = task.vm;
  const auto& own = domain_name(task);
  std::erase_if(in_use, [&](const virt::VmDevice& used) { return used.vm == own; });
  check_identity(vm, have, seen);
  for (const auto& held : vm.gpus) check_card(vm, held.gpu, seen, in_use);
  for (const auto& held : vm.slices) {
    held.number ? check_slice(vm, held, seen, in_use) : check_mdev(vm, held, seen, in_use);
  }
}

std::vector<std::string> learn_cards(Inventory& inventory, const VmBatch& all,
                                     const std::map<HostName, SeenCards>& seen) {
  const auto now = utc_now();
  std::vector<std::string> lines;
  for (const auto& there : all) {
    const auto facts = seen.find(there.host.name);
    if (facts == seen.end()) continue;
    auto have = inventory.gpu_cards(there.host.name);
    if (learn(there, facts->second, now, have).empty()) continue;
    // Read once more, as somebody may have added a card since.
    std::vector<std::string> learnt;
    inventory.together("start host vm", [&] {
      have = inventory.gpu_cards(there.host.name);
      learnt = learn(there, facts->second, now, have);
      inventory.store_gpu_cards(there.host.name, {have, {}});
    });
    std::ranges::move(learnt, std::back_inserter(lines));
  }
  return lines;
}

std::map<HostName, SeenCards> see_cards(Context& context, VmBatch& all, const ssh::Limits& limits) {
  std::vector<Host> hosts;
  for (const auto& there : all) {
    const bool asks =
        std::ranges::any_of(there.tasks, [](const VmTask& task) { return has_cards(task.vm); });
    if (asks && !there.failure) hosts.push_back(there.host);
  }
  std::map<HostName, SeenCards> seen;
  for (const auto& answer : ask_agents(context, hosts, "-l --json", limits)) {
    const auto at =
        std::ranges::find(all, answer.host.name, [](const VmHost& one) { return one.host.name; });
    at->failure = take_answer(answer, [&](const AgentAnswer& one) {
      seen.emplace(one.host.name,
                   SeenCards{cards_of(one), drivers_of(one),
                             mdevs_of(one).value_or(std::vector<Mdev>()), stub_driver_of(one)});
    });
  }
  return seen;
}

}  // namespace cluster::frontend
