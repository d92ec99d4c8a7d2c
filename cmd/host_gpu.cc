#include <algorithm>
#include <array>
#include <set>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/cards/card_matching.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {
namespace {

constexpr const char* kCardText =
    "On a physical host NAME is gpupci1, gpupci2, ... and CARD its PCI address: pci_0000_02_00_0,\n"
    "0000:02:00.0 or 02:00.0. On a VM NAME is gpupci (or gpupci1, ...) and CARD a card of its "
    "container:\n"
    "the address, or the container's name for it (gpupci1). A VM may have a slice in place of a "
    "card: "
    "gpupci1.0\n"
    "for virtual function 0 of gpupci1, which need not be there yet, or the UUID of a mediated "
    "device.";

// The words of `add` and `set`: HOST NAME CARD, or HOST gpu=NAME value=CARD.
struct CardArgs {
  std::string host;
  std::string gpu;
  std::string value;

  void declare(CLI::App& app) {
    app.add_option("HOST", host, "physical host or VM")->required();
    app.add_option("NAME,--gpu", gpu, "name of the card there")->required();
    app.add_option("CARD,--value", value,
                   "address of the card, or the container's name for it or a slice")
        ->required();
    app.footer(kCardText);
  }
};

CardRef parse_card(const std::string& text) {
  if (text.starts_with("gpu")) return SliceName::parse(text);
  if (is_uuid(text)) return MdevRef{text};
  return PciAddress::parse(text);
}

using OnHost = void (Inventory::*)(const Gpu&);
using OnVm = void (Inventory::*)(const HostName&, const GpuName&, const CardRef&);

// `add` and `set` differ in what they call; a VM's host row decides which of the two is meant.
int run_put(Context& context, const CardArgs& args, OnHost on_host, OnVm on_vm) {
  const GpuName gpu(args.gpu);
  const CardRef card = parse_card(args.value);
  auto& inventory = context.inventory();
  const auto host = frontend::find_host(inventory, args.host);
  if (inventory.is_vm(host.name)) {
    (inventory.*on_vm)(host.name, gpu, card);
  } else {
    // A physical host's card is an address; its name cannot stand for one.
    (inventory.*on_host)({host.name, gpu, PciAddress::parse(args.value)});
  }
  return 0;
}

Action declare_add(CLI::App& app) {
  auto args = std::make_shared<CardArgs>();
  args->declare(app);
  return [args](Context& context) {
    return run_put(context, *args, &Inventory::add_gpu, &Inventory::assign_gpu);
  };
}

Action declare_set(CLI::App& app) {
  auto args = std::make_shared<CardArgs>();
  args->declare(app);
  return [args](Context& context) {
    return run_put(context, *args, &Inventory::set_gpu, &Inventory::reassign_gpu);
  };
}

struct RemoveArgs {
  std::string host;
  std::string gpu;
};

int run_remove(Context& context, const RemoveArgs& args) {
  const GpuName gpu(args.gpu);
  auto& inventory = context.inventory();
  const auto host = frontend::find_host(inventory, args.host);
  if (inventory.is_vm(host.name)) {
    inventory.unassign_gpu(host.name, gpu);
  } else {
    inventory.remove_gpu(host.name, gpu);
  }
  return 0;
}

Action declare_remove(CLI::App& app) {
  auto args = std::make_shared<RemoveArgs>();
  app.add_option("HOST", args->host, "physical host or VM")->required();
  app.add_option("NAME,--gpu", args->gpu, "name of the card there")->required();
  app.footer(
      "From a physical host: forgets the card, refused while a VM holds it. From a VM: the card is "
      "free.");
  return [args](Context& context) { return run_remove(context, *args); };
}

struct HostArgs {
  std::vector<std::string> hosts;
  std::string gpu;
};

// The cards of the hosts that were named, and of those only the one called `gpu` when that is
// given.
std::vector<HostGpu> selected(Inventory& inventory, const HostArgs& args) {
  std::set<HostName> wanted;
  for (const auto& host : frontend::select_hosts(inventory.hosts(), args.hosts))
    wanted.insert(host.name);
  auto gpus = inventory.host_gpus();
  std::erase_if(gpus, [&](const HostGpu& gpu) {
    return !wanted.contains(gpu.host) || (!args.gpu.empty() && gpu.name.str() != args.gpu);
  });
  return gpus;
}

struct ListArgs {
  HostArgs which;
  std::string detail = "no";
};

// All that is known of the cards of physical hosts, one row a card or slice.
class Details {
 public:
  explicit Details(Inventory& inventory) : inventory_(inventory), vms_(inventory.vms()) {}

  void add(const Host& host) {
    bool asked = false;
    const auto held = frontend::held_of(vms_, host.name).slices;
    for (const auto& card : inventory_.gpu_cards(host.name)) {
      add_card(host, card);
      asked = asked || !card.functions.empty();
      for (const auto& slice : card.slices) add_slice(host, card.name, slice);
      for (const auto& slice : held) {
        if (slice.present || !slice.number || slice.gpu != card.name) continue;
        add_row(host, slice.device, "", not_there(asked), slice.device, "");
      }
    }
    for (const auto& mdev : inventory_.mdevs(host.name)) {
      add_row(host, mdev.parent, mdev.uuid, "present", mdev.uuid, mdev.type);
    }
    for (const auto& mdev : held) {
      if (mdev.present || mdev.number) continue;
      add_row(host, "", mdev.device, not_there(asked), mdev.device, "");
    }
  }

  Table table{{"host", "gpu", "pci_bus", "state", "vm", "id", "functions", "iommu_group",
               "numa_node", "slot", "serial", "uuid", "model", "failing"},
              {}};

 private:
  static const char* not_there(bool asked) { return asked ? "missing" : "unknown"; }

  void add_card(const Host& host, const GpuCard& card) {
    const bool known = !card.functions.empty();
    const auto* first = known ? &card.functions.front() : nullptr;
    table.rows.push_back({host.name.str(), card.name.str(), card.pci.libvirt(),
                          card.missing ? "missing" : (known ? "present" : "unknown"),
                          holder(host, card.name.str()),
                          known ? first->vendor + ":" + first->device : "",
                          known ? Cell(static_cast<std::int64_t>(card.functions.size())) : Cell(),
                          known ? cell(first->iommu_group) : Cell(), cell(card.numa_node),
                          cell(card.physical_slot), cell(card.serial), cell(card.uuid),
                          cell(card.model), cell(card.failing ? card.failing : host.failing)});
  }

  void add_slice(const Host& host, const GpuName& card, const GpuSlice& slice) {
    const auto name = SliceName{card, slice.number}.str();
    add_row(host, name, slice.pci.libvirt(), "present", name, slice.type.value_or(""));
  }

  void add_row(const Host& host, const std::string& gpu, const std::string& address,
               const std::string& state, const std::string& device, const std::string& type) {
    table.rows.push_back({host.name.str(), gpu, address, state, holder(host, device), "", Cell(),
                          Cell(), Cell(), Cell(), Cell(), Cell(),
                          type.empty() ? Cell() : Cell("vGPU " + type), Cell()});
  }

  // The VM that holds it, "rocks-33"; "" of what is free.
  std::string holder(const Host& host, const std::string& device) const {
    for (const auto& vm : vms_) {
      if (vm.container != host.name) continue;
      for (const auto& held : vm.gpus) {
        if (held.gpu.str() == device) return vm.name.str();
      }
      if (std::ranges::find(vm.slices, device, &VmSlice::device) != vm.slices.end()) {
        return vm.name.str();
      }
    }
    return "";
  }

  Inventory& inventory_;
  std::vector<Vm> vms_;
};

int run_list(Context& context, const ListArgs& args) {
  auto& inventory = context.inventory();
  if (parse_yes_no("detail", args.detail)) {
    Details details(inventory);
    for (const auto& host : frontend::select_hosts(inventory.hosts(), args.which.hosts))
      details.add(host);
    context.output.table(details.table);
    return 0;
  }
  Table table{{"host", "gpu", "pci_bus"}, {}};
  for (const auto& gpu : selected(inventory, args.which)) {
    table.rows.push_back({gpu.host.str(), gpu.name.str(), gpu.shown});
  }
  context.output.table(table);
  return 0;
}

Action declare_list(CLI::App& app) {
  auto args = std::make_shared<ListArgs>();
  app.add_option("HOST", args->which.hosts, "hosts and VMs to show [all]");
  app.add_option("--detail", args->detail,
                 "yes: the cards of physical hosts, with all that is known [no]");
  app.footer(
      "STATE is what the host said when it was asked last (`discover host gpu`): present or "
      "missing;\n"
      "unknown when it was never asked. FAILING: why `check host gpu` would not use the card. "
      "detail=yes has a\n"
      "row for each slice too. A VM's slice is shown by its address, a mediated device by its "
      "UUID, "
      "a slice that\n"
      "was not there by its name.");
  return [args](Context& context) { return run_list(context, *args); };
}

int run_dump(Context& context, const HostArgs& args) {
  // Hosts before VMs: a VM can only be given a card that is there.
  auto gpus = selected(context.inventory(), args);
  std::set<HostName> vms;
  for (const auto& vm : context.inventory().vms()) vms.insert(vm.name);
  std::stable_partition(gpus.begin(), gpus.end(),
                        [&](const HostGpu& gpu) { return !vms.contains(gpu.host); });
  for (const auto& gpu : gpus) {
    context.output.line("cluster add host gpu " + gpu.host.str() + " " + gpu.name.str() + " " +
                        gpu.given);
  }
  return 0;
}

Action declare_dump(CLI::App& app) {
  auto args = std::make_shared<HostArgs>();
  app.add_option("HOST", args->hosts, "hosts and VMs to write down [all]");
  return [args](Context& context) { return run_dump(context, *args); };
}

constexpr std::array kCommands{
    Command{"add host gpu", "record a card of a host, or give one to a VM", declare_add},
    Command{"dump host gpu", "print the commands that add the cards again", declare_dump},
    Command{"list host gpu", "show which host and which VM has which card", declare_list},
    Command{"remove host gpu", "forget a card of a host, or take one from a VM", declare_remove},
    Command{"set host gpu", "change the address of a card, or a VM's card", declare_set},
};

}  // namespace

std::span<const Command> host_gpu_commands() { return kCommands; }

}  // namespace cluster::cmd
