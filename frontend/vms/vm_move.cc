#include "frontend/vms/vm_move.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "frontend/hosts/maintenance.h"
#include "frontend/vms/vm_attributes.h"
#include "frontend/vms/vm_batch.h"
#include "virt/domain_merge.h"

namespace cluster::frontend {
namespace {

// Returns "gpupci" for a VM's only card, else gpupci1, gpupci2, ...
GpuName name_in_vm(std::size_t number, std::size_t of) {
  return GpuName(of == 1 ? "gpupci" : "gpupci" + std::to_string(number + 1));
}

// The ids of each card of the VM, "10de:1eb8", or "" when they are not known.
std::vector<std::string> models_of(Inventory& inventory, const Vm& vm) {
  const auto cards = inventory.gpu_cards(vm.container);
  std::vector<std::string> models;
  for (const auto& held : vm.gpus) {
    const auto card = std::ranges::find(cards, held.gpu, &GpuCard::name);
    const bool known = card != cards.end() && !card->functions.empty();
    models.push_back(known ? card->functions.front().vendor + ":" + card->functions.front().device
                           : "");
  }
  return models;
}

// Chooses a card of `container` for each card of the VM: of the same model, or any GPU in place of
// a card that was only typed. Known models come first, as nothing else will do for them.
std::vector<GpuName> choose_alike(Inventory& inventory, const Vm& vm, const HostName& container) {
  const auto models = models_of(inventory, vm);
  auto hosts = card_hosts(inventory, container.str());
  std::vector<std::optional<GpuName>> chosen(models.size());
  const std::set<std::string, std::greater<>> distinct(models.begin(), models.end());
  for (const auto& model : distinct) {
    const CardWish wish{static_cast<int>(std::ranges::count(models, model)), model, !model.empty()};
    auto next = allocate(hosts, wish, Policy::pack).cards;
    std::erase_if(hosts.at(0).free, [&](const FreeCard& card) {
      return std::ranges::find(next, card.name) != next.end();
    });
    for (std::size_t i = models.size(); i-- > 0;) {
      if (models[i] != model) continue;
      chosen[i] = next.back();
      next.pop_back();
    }
  }
  std::vector<GpuName> cards;
  for (const auto& card : chosen) cards.push_back(*card);
  return cards;
}

// What to do with the state that is beside the disk of a VM, before the VM moves to `container`.
std::string copy_first(const Vm& vm, const HostName& container,
                       const std::vector<std::pair<std::string, std::string>>& beside) {
  std::string words;
  for (const auto& [what, path] : beside) {
    words += (words.empty() ? "" : ", ") + what + " stay on " + vm.container.str() + ": copy " +
             path + " to " + container.str();
  }
  return words;
}

// Makes libvirt on the old container forget the VM. The VM must not run there: if it were defined
// on two hosts, it could be started on both. Returns the reasons if it could not; nothing when the
// VM is gone.
Moved forget_there(Context& context, const Vm& vm, const HostName& container, const Move& how) {
  Moved moved;
  auto all = look_for(context, vm, how.limits, Look::domains);
  on_each_vm(context, all, [&](virt::Domains& domains, VmTask& task) {
    if (!task.domain) return;
    if (task.domain->active) {
      throw Error(Fault::refused, "it runs on " + task.vm.container.str() +
                                      ": first `cluster stop host vm " + task.vm.name.str() + "`");
    }
    const auto beside = virt::state_beside(task.domain->xml);
    if (!beside.empty()) {
      const auto words = copy_first(vm, container, beside);
      if (!how.force) throw Error(Fault::refused, words + ", then say it again with force=yes");
      moved.left_behind = "VM " + quote(vm.name.str()) + ": " + words + " before it starts there";
    }
    domains.undefine(task.vm.uuid);
  });
  moved.failures = failures_of(all);
  return moved;
}

}  // namespace

Allocation choose_cards(Inventory& inventory, const std::string& container, const CardWish& wish) {
  const auto stored = inventory.attributes(OnlyHosts{std::in_place});
  const auto global = AttributeResolver(stored).resolve({"vm", {}, {}});
  const auto policy = parse_policy(attribute_value(global, "vm_placement"));
  const auto chosen = container.empty() ? find_container(inventory, wish, policy)
                                        : std::optional(HostName(container));
  if (chosen) {
    if (auto found = find_allocation({free_host(inventory, *chosen)}, wish, policy)) {
      return *std::move(found);
    }
  }
  return allocate(card_hosts(inventory, container), wish, policy);  // says what each host has
}

void give_cards(Inventory& inventory, const HostName& vm, const std::vector<GpuName>& cards) {
  for (std::size_t i = 0; i < cards.size(); ++i) {
    inventory.assign_gpu(vm, name_in_vm(i, cards.size()), SliceName{cards[i]});
  }
}

Moved move_vm(Context& context, const Vm& vm, const HostName& container, const Move& how) {
  if (!vm.slices.empty()) {
    throw Error(Fault::refused, "VM " + quote(vm.name.str()) + " holds " + vm.slices[0].device +
                                    " of host " + quote(vm.container.str()) +
                                    ", and a slice is not chosen elsewhere: first `cluster remove "
                                    "host gpu " +
                                    vm.name.str() + " " + vm.slices[0].name.str() + "`");
  }
  auto& inventory = context.inventory();
  if (const auto host = inventory.find_host(container)) refuse_in_maintenance(*host);
  // Cards that cannot be had are found out before libvirt forgets the VM.
  choose_alike(inventory, vm, container);
  auto moved = forget_there(context, vm, container, how);
  if (!moved.failures.empty()) return moved;
  try {
    inventory.together("set host vm", [&] {
      const auto cards = choose_alike(inventory, vm, container);
      for (const auto& held : vm.gpus) inventory.unassign_gpu(vm.name, held.name);
      inventory.move_vm(vm.name, container);
      for (std::size_t i = 0; i < cards.size(); ++i) {
        inventory.assign_gpu(vm.name, vm.gpus[i].name, SliceName{cards[i]});
      }
    });
  } catch (const Error& error) {
    throw Error(error.fault(), std::string(error.what()) + " (it stays on " + vm.container.str() +
                                   ", whose libvirt has forgotten it: `cluster sync vm config " +
                                   vm.name.str() + "`)");
  }
  return moved;
}

}  // namespace cluster::frontend
