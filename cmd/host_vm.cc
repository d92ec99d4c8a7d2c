#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "cmd/new_names.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/random.h"
#include "core/text.h"
#include "frontend/hosts/aside.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/vms/vm_adoption.h"
#include "frontend/vms/vm_batch.h"
#include "frontend/vms/vm_devices.h"
#include "frontend/vms/vm_disk.h"
#include "frontend/vms/vm_move.h"
#include "frontend/vms/vm_plan.h"
#include "frontend/vms/vm_removal.h"

namespace cluster::cmd {
namespace host_vm {
namespace {

constexpr int kMaxMemoryMib = std::numeric_limits<int>::max();
constexpr int kMaxCpus = 4096;
constexpr int kMaxPartition = 255;

std::string parse_uuid(const std::string& text) {
  if (!is_uuid(text)) {
    throw Error(Fault::usage, "uuid=" + quote(text) +
                                  ": want xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx in lower case hex "
                                  "digits");
  }
  return text;
}

// The keys of a VM that `add` and `set` share.
struct VmKeys {
  std::optional<std::string> mem, cpus, fabric, image, how;
  std::vector<std::string> disks, sizes;

  void declare(Options& options) {
    options.key("mem", mem, "memory in MiB, or with its unit: 4G [1024]");
    options.key("cpus", cpus, "virtual CPUs [1]");
    options.key("disk", disks,
                "SOURCE:PATH,DEVICE,BUS[,FORMAT][,KEY=VALUE...] "
                "[file:/var/lib/libvirt/images/VM.vda,vda,virtio]");
    options.key("disksize", sizes, "size of the disk in GiB, or 40G, 1T [36 for the default disk]");
    options.key("image", image,
                "file of the container that its first disk is made of at the first start [empty]");
    options.key("how", how, "with image=: copy, or backing, a disk of what differs [copy]");
    options.key("fabric", fabric, "partition of NVIDIA's fabric manager that its GPUs are [none]");
  }

  void apply(Vm& vm) const {
    if (mem) vm.memory_mib = parse_size("mem", *mem, 'M', 1, kMaxMemoryMib);
    if (cpus) vm.cpus = parse_int("cpus", *cpus, 1, kMaxCpus);
    if (!disks.empty()) vm.disks = frontend::parse_disks(disks);
    if (fabric) vm.fabric = parse_optional_int("fabric", *fabric, 0, kMaxPartition);
    frontend::set_sizes(vm.disks, sizes);
    if (image || how) frontend::set_image(vm.disks, image, how);
  }

  bool empty() const {
    return !mem && !cpus && !fabric && !image && !how && disks.empty() && sizes.empty();
  }
};

constexpr int kMaxCards = 64;  // more than any host has

struct AddArgs {
  std::string vm;
  std::string container;
  std::string uuid;
  std::string gpus = "0";
  std::string gpu_model;
  std::string from;
  std::string libvirt_name;
  std::string timeout = "30";
  VmKeys keys;
};

// A name that libvirt takes, https://libvirt.org/formatdomain.html#general-metadata.
std::string parse_libvirt_name(const std::string& text) {
  constexpr std::size_t kMax = 255;
  const bool blank = trim(text).empty() && !text.empty();
  if (text.size() > kMax || blank || !is_utf8_text(text) || text.find('/') != std::string::npos ||
      std::ranges::any_of(text, is_control)) {
    throw Error(Fault::usage, "libvirt_name=" + quote(text) +
                                  ": want up to 255 bytes of UTF-8 without '/' and control "
                                  "characters");
  }
  return text;
}

// The domain that is meant, among those of its container: by UUID, else by name.
const virt::Domain& find_domain(const frontend::VmHost& there, const AddArgs& args) {
  const auto& name = args.libvirt_name.empty() ? args.vm : args.libvirt_name;
  std::vector<std::string> names;
  for (const auto& domain : there.found) {
    const bool by_uuid = args.uuid.empty() || domain.uuid == args.uuid;
    const bool by_name = (args.libvirt_name.empty() && !args.uuid.empty()) || domain.name == name;
    if (by_uuid && by_name) return domain;
    names.push_back(domain.name);
  }
  throw Error(Fault::not_found,
              "libvirt on " + there.host.name.str() + " has no VM " +
                  (args.uuid.empty() || !args.libvirt_name.empty() ? quote(name)
                                                                   : "with uuid " + args.uuid) +
                  did_you_mean(name, names) + " (`cluster discover host vm " +
                  there.host.name.str() + "` lists them)");
}

// Takes in the VM that libvirt on the container has.
int run_adopt(Context& context, const AddArgs& args) {
  if (args.from != "libvirt") {
    throw Error(Fault::usage, "from=" + quote(args.from) + ": want libvirt");
  }
  const HostName name(args.vm);
  if (args.container.empty()) {
    throw Error(Fault::usage, "from=libvirt: want the CONTAINER that has VM " + quote(args.vm));
  }
  if (!args.keys.empty() || args.gpus != "0" || !args.gpu_model.empty()) {
    throw Error(
        Fault::usage,
        "from=libvirt takes memory, CPUs, disks and cards as libvirt has them: `cluster set "
        "host vm` and `cluster add host gpu` change them afterwards");
  }
  if (!args.uuid.empty()) static_cast<void>(parse_uuid(args.uuid));
  static_cast<void>(parse_libvirt_name(args.libvirt_name));
  const auto limits = frontend::limits_of(args.timeout);
  auto& inventory = context.inventory();
  frontend::require_writable(inventory);
  refuse_words(inventory, "VM name", args.vm);
  const auto host = frontend::find_host(inventory, args.container);
  if (inventory.is_vm(host.name)) {
    throw Error(Fault::usage, "host " + quote(args.container) + " is a VM: want a physical host");
  }
  auto all = frontend::look_at_hosts(context, {host}, limits);
  frontend::look_at_running(context, all);
  if (all[0].failure) return report_failures(context.output, frontend::failures_of(all));
  frontend::remember_devices(context, all);
  auto macs = frontend::mac_owners(inventory.vms());
  for (const auto& note :
       frontend::adopt(inventory, name, all[0], find_domain(all[0], args), macs)) {
    context.output.note(name.str() + ": " + note);
  }
  frontend::remember_devices(context, all);
  return 0;
}

int run_add(Context& context, const AddArgs& args) {
  if (!args.from.empty()) return run_adopt(context, args);
  const HostName name(args.vm);
  const frontend::CardWish wish{parse_int("gpus", args.gpus, 0, kMaxCards), args.gpu_model};
  if (args.container.empty() && wish.cards == 0) {
    throw Error(Fault::usage,
                "want the CONTAINER that runs VM " + quote(args.vm) + ", or gpus=N to choose one");
  }
  if (!args.gpu_model.empty() && wish.cards == 0) {
    throw Error(Fault::usage, "gpu_model= goes with gpus= only");
  }
  Vm vm{name,
        HostName(args.container.empty() ? args.vm : args.container),
        args.uuid.empty() ? random_uuid() : parse_uuid(args.uuid),
        1024,
        1,
        {frontend::default_disk(name)},
        {}};
  if (args.keys.how == "backing") vm.disks.front().format = "qcow2";  // a disk= replaces it
  args.keys.apply(vm);
  if (args.libvirt_name != args.vm) vm.libvirt_name = parse_libvirt_name(args.libvirt_name);
  auto& inventory = context.inventory();
  if (!args.container.empty()) static_cast<void>(frontend::find_host(inventory, args.container));
  refuse_words(inventory, "VM name", args.vm);
  std::vector<GpuName> cards;
  inventory.together("add host vm", [&] {
    if (wish.cards > 0) {
      auto placed = frontend::choose_cards(inventory, args.container, wish);
      vm.container = placed.container;
      cards = std::move(placed.cards);
    }
    inventory.add_vm(vm);
    frontend::give_cards(inventory, name, cards);
  });
  if (cards.empty()) return 0;
  std::vector<std::string> names;
  for (const auto& card : cards) names.push_back(card.str());
  context.output.line(vm.container.str() + ": " + joined(names, " "));
  return 0;
}

Action declare_add(Options& options) {
  auto args = std::make_shared<AddArgs>();
  options.argument("VM", args->vm, "name of the new VM").required();
  options.argument("CONTAINER", args->container, "physical host that runs it [chosen, with gpus=]");
  args->keys.declare(options);
  options.key("gpus", args->gpus, "cards to choose for it [0]");
  options.key("gpu_model", args->gpu_model,
              "with gpus=, a part of the model's name, or its ids: 'Tesla T4', 10de:1eb8 [any]");
  options.key("uuid", args->uuid, "its UUID in libvirt [a new one]");
  options.key("libvirt_name", args->libvirt_name, "its name in libvirt [VM]");
  options.key("from", args->from, "libvirt: take in the VM that CONTAINER has, as it is");
  options.key("timeout", args->timeout, "with from=, seconds that the container may take [30]");
  return [args](Context& context) { return run_add(context, *args); };
}

struct SetArgs {
  std::string vm;
  std::optional<std::string> container;
  std::optional<std::string> cdrom;
  std::string force = "no";
  std::string timeout = "60";
  VmKeys keys;
};

Vm find_vm(Inventory& inventory, const std::string& name) {
  const auto host = frontend::find_host(inventory, name);
  if (!inventory.is_vm(host.name)) {
    throw Error(Fault::not_found, "host " + quote(name) + " is no VM");
  }
  return inventory.require_vm(host.name);
}

// The drives that libvirt had after the last define.
std::vector<virt::Drive> drives_there(Inventory& inventory, const Vm& vm) {
  const auto agreements = inventory.vm_agreements(OnlyHosts{{vm.name}});
  const auto* agreed = frontend::agreement_of(agreements, vm);
  if (agreed == nullptr) return {};
  return virt::drives(agreed->defined);
}

Vm changed(Inventory& inventory, Vm vm, const SetArgs& args) {
  args.keys.apply(vm);
  if (args.cdrom) frontend::set_cdrom(vm.disks, *args.cdrom, drives_there(inventory, vm));
  return vm;
}

int run_set(Context& context, const SetArgs& args) {
  const bool has_keys = !args.keys.empty() || args.cdrom;
  if (!has_keys && !args.container) {
    throw Error(Fault::usage, "set host vm: nothing to set (want key=value)");
  }
  auto& inventory = context.inventory();
  const auto vm = find_vm(inventory, args.vm);
  static_cast<void>(changed(inventory, vm, args));  // what is wrong moves no VM
  if (args.container) {
    const auto host = frontend::find_host(inventory, *args.container);
    if (inventory.is_vm(host.name)) {
      throw Error(Fault::usage,
                  "host " + quote(*args.container) + " is a VM: want a physical host");
    }
    if (host.name != vm.container) {
      frontend::require_writable(inventory);
      const auto moved =
          frontend::move_vm(context, vm, host.name,
                            {frontend::limits_of(args.timeout), parse_yes_no("force", args.force)});
      if (!moved.failures.empty()) return report_failures(context.output, moved.failures);
      if (!moved.left_behind.empty()) context.output.note(moved.left_behind);
    }
  }
  if (!has_keys) return 0;
  inventory.together("set host vm", [&] {
    inventory.set_vm(changed(inventory, inventory.require_vm(vm.name), args));
  });
  return 0;
}

Action declare_set(Options& options) {
  auto args = std::make_shared<SetArgs>();
  options.argument("VM", args->vm, "VM to change").required();
  args->keys.declare(options);
  options.key("cdrom", args->cdrom, "image of its CD-ROM; none: it has no CD-ROM [as it is]");
  options.key("container", args->container,
              "move the VM, which must be off, to this host, with as many cards of it");
  options.key("force", args->force,
              "with container=, yes: although its UEFI variables or TPM stay behind [no]");
  options.key("timeout", args->timeout, "with container=, seconds for the old one [60]");
  return [args](Context& context) { return run_set(context, *args); };
}

struct RemoveArgs {
  std::string vm;
  std::string force = "no";
  std::string undefine = "no";
  std::string timeout = "30";
};

int run_remove(Context& context, const RemoveArgs& args) {
  const frontend::Removal how{parse_yes_no("force", args.force),
                              parse_yes_no("undefine", args.undefine)};
  const auto limits = frontend::limits_of(args.timeout);
  auto& inventory = context.inventory();
  frontend::require_writable(inventory);
  const auto vm = find_vm(inventory, args.vm);
  frontend::Removed removed;
  // The inventory refuses it while it holds cards, so its container is not asked.
  if (vm.gpus.empty() && vm.slices.empty()) {
    removed = frontend::let_go(context, vm, how, limits);
    for (const auto& note : removed.notes) context.output.note(note);
    if (!removed.failures.empty()) return report_failures(context.output, removed.failures);
  }
  frontend::forget(inventory, vm, removed);
  return 0;
}

Action declare_remove(Options& options) {
  auto args = std::make_shared<RemoveArgs>();
  options.argument("VM", args->vm, "VM to take out of the inventory").required();
  options.key("undefine", args->undefine, "yes: libvirt on its container forgets it as well [no]");
  options.key("force", args->force,
              "yes: also while it runs, or nobody knows whether it does [no]");
  options.key("timeout", args->timeout, "seconds that the container may take [30]");
  return [args](Context& context) { return run_remove(context, *args); };
}

constexpr std::array kCommands{
    Command{"add host vm", "record a VM on a container", kRunVms, declare_add},
    Command{"remove host vm", "take a VM out of the inventory", kRunVms, declare_remove},
    Command{"set host vm", "change memory, CPUs, disks or the container of a VM", kRunVms,
            declare_set},
};

}  // namespace
}  // namespace host_vm

std::span<const Command> host_vm_commands() { return host_vm::kCommands; }

}  // namespace cluster::cmd
