#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/host_gpu_detail.h"
#include "cmd/host_gpu_status.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/hosts/meant_cards.h"
#include "frontend/vms/vm_removal.h"

namespace cluster::cmd {
namespace host_gpu {
namespace {

// The words of `add` and `set`: HOST NAME CARD, or HOST gpu=NAME value=CARD.
struct CardArgs {
  std::string host;
  std::string gpu;
  std::string value;
  std::optional<std::string> wish;

  // `set` needs no CARD where it has a wish.
  void declare(Options& options, bool needs_card) {
    options.argument("HOST", host, "physical host or VM").required();
    options.argument("NAME", gpu, "name of the card there").or_key("gpu").required();
    auto& card = options.argument("CARD", value,
                                  "address of the card, or the container's name for it or a slice");
    card.or_key("value");
    if (needs_card) card.required();
    options.key("wish", wish, "of a physical host's card: host or detached; empty: let go of it");
  }
};

CardRef parse_card(const std::string& text) {
  if (text.starts_with("gpu")) return SliceName::parse(text);
  if (is_uuid(text)) return MdevRef{text};
  return PciAddress::parse(text);
}

std::optional<GpuWish> wish_in(const CardArgs& args) {
  if (!args.wish || args.wish->empty()) return std::nullopt;
  return parse_gpu_wish(*args.wish);
}

using OnHost = void (Inventory::*)(const Gpu&);
using OnVm = void (Inventory::*)(const HostName&, const GpuName&, const CardRef&);

// The inventory is the wish, so a card that was seen missing or failing is given all the same.
void tell_of_trouble(Context& context, const Vm& vm, const GpuName& device) {
  const auto held = std::ranges::find(vm.gpus, device, &VmGpu::name);
  if (held == vm.gpus.end()) return;
  for (const auto& card : context.inventory().gpu_cards(vm.container)) {
    if (card.name != held->gpu || (!card.missing && !card.failing)) continue;
    context.output.note(
        "card " + card.name.str() + " of host " + quote(vm.container.str()) +
        (card.missing ? " was not there when its host was asked last (`cluster discover host gpu "
                      : " failed its last check, " + *card.failing + " (`cluster check host gpu ") +
        vm.container.str() + "` looks again)");
  }
}

// `add` and `set` pass different functions. A VM's host row decides which of the two is called.
int run_put(Context& context, const CardArgs& args, OnHost on_host, OnVm on_vm) {
  if (args.value.empty()) throw Error(Fault::usage, "set host gpu: want a CARD, or wish=");
  const GpuName gpu(args.gpu);
  const CardRef card = parse_card(args.value);
  auto& inventory = context.inventory();
  const auto host = frontend::find_host(inventory, args.host);
  const auto wish = wish_in(args);
  if (inventory.is_vm(host.name)) {
    if (args.wish) throw Error(Fault::usage, "wish= is for the cards of physical hosts");
    (inventory.*on_vm)(host.name, gpu, card);
    tell_of_trouble(context, inventory.require_vm(host.name), gpu);
  } else {
    // The card of a physical host is given by its address; the name of a card cannot stand for it.
    const Gpu here{host.name, gpu, PciAddress::parse(args.value)};
    inventory.together("host gpu", [&] {
      (inventory.*on_host)(here);
      if (args.wish) inventory.set_gpu_wish(host.name, {gpu}, wish);
    });
  }
  return 0;
}

// Says what cards are to be: one card, or all, of one host or of many.
int run_wish(Context& context, const CardArgs& args) {
  const auto wish = wish_in(args);
  const auto card = args.gpu == "all" ? std::nullopt : std::optional(GpuName(args.gpu));
  auto& inventory = context.inventory();
  inventory.together("set host gpu", [&] {
    for (const auto& host : frontend::select_hosts(inventory, {args.host})) {
      if (host.appliance == "vm") {
        throw Error(Fault::usage, "host " + quote(host.name.str()) +
                                      " is a VM: wish= is for the cards of physical hosts");
      }
      std::vector<GpuName> cards;
      if (card) cards.push_back(*card);
      if (!card) {
        for (const auto& one : inventory.gpu_cards(host.name)) cards.push_back(one.name);
      }
      inventory.set_gpu_wish(host.name, cards, wish);
    }
  });
  return 0;
}

Action declare_add(Options& options) {
  auto args = std::make_shared<CardArgs>();
  args->declare(options, true);
  return [args](Context& context) {
    return run_put(context, *args, &Inventory::add_gpu, &Inventory::assign_gpu);
  };
}

Action declare_set(Options& options) {
  auto args = std::make_shared<CardArgs>();
  args->declare(options, false);
  return [args](Context& context) {
    if (args->wish && args->value.empty()) return run_wish(context, *args);
    return run_put(context, *args, &Inventory::set_gpu, &Inventory::reassign_gpu);
  };
}

struct RemoveArgs {
  std::string host;
  std::string gpu;
  std::string force = "no";
  std::string timeout = "30";
};

int run_remove(Context& context, const RemoveArgs& args) {
  const GpuName gpu(args.gpu);
  const frontend::Removal how{parse_yes_no("force", args.force), false};
  const auto limits = frontend::limits_of(args.timeout);
  auto& inventory = context.inventory();
  const auto host = frontend::find_host(inventory, args.host);
  if (inventory.is_vm(host.name)) {
    const auto vm = inventory.require_vm(host.name);
    const auto removed = frontend::let_go_of_card(context, vm, gpu, how, limits);
    for (const auto& note : removed.notes) context.output.note(note);
    if (!removed.failures.empty()) return report_failures(context.output, removed.failures);
    inventory.unassign_gpu(host.name, gpu);
  } else {
    inventory.remove_gpu(host.name, gpu);
  }
  return 0;
}

Action declare_remove(Options& options) {
  auto args = std::make_shared<RemoveArgs>();
  options.argument("HOST", args->host, "physical host or VM").required();
  options.argument("NAME", args->gpu, "name of the card there").or_key("gpu").required();
  options.key("force", args->force,
              "yes: also from a VM that runs with it, or that nobody could ask [no]");
  options.key("timeout", args->timeout, "of a VM, seconds that the container may take [30]");
  return [args](Context& context) { return run_remove(context, *args); };
}

struct HostArgs {
  std::vector<std::string> hosts;
};

struct ListArgs {
  HostArgs which;
  std::string detail = "no";
  std::string status = "no";
  std::string timeout = "30";
};

// Of the rows that list host gpu prints, those of cards that are not meant go.
void leave_out_others(const frontend::MeantCards& meant, TextRows& rows) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t row = 0; row < rows.size(); ++row) {
    const HostName host(std::string(rows.at(row, 0).text));
    if (meant.has(host, GpuName(std::string(rows.at(row, 1).text)))) order.push_back(row);
  }
  rows.reorder(order);
}

int run_list(Context& context, const ListArgs& args) {
  auto& inventory = context.inventory();
  const auto& words = args.which.hosts;
  if (parse_yes_no("status", args.status)) {
    return show_status(context, words, frontend::limits_of(args.timeout));
  }
  if (parse_yes_no("detail", args.detail)) return show_details(context, words);
  std::optional<TextRows> rows;
  inventory.look_together("list host gpu", [&] {
    const frontend::MeantCards meant(inventory, words);
    rows = inventory.host_gpus(meant.hosts());
    if (!meant.has_all()) leave_out_others(meant, *rows);
  });
  context.output.table({"host", "gpu", "pci_bus"}, *rows);
  return 0;
}

Action declare_list(Options& options) {
  auto args = std::make_shared<ListArgs>();
  options.argument("HOST", args->which.hosts, "hosts and VMs to show [all]");
  options.key("detail", args->detail,
              "yes: the cards of physical hosts, with all that is known [no]");
  options.key("status", args->status,
              "yes: ask the hosts who drives their cards, and show what differs [no]");
  options.key("timeout", args->timeout, "with status=yes, seconds that a host may take [30]");
  return [args](Context& context) { return run_list(context, *args); };
}

int run_dump(Context& context, const HostArgs& args) {
  auto& inventory = context.inventory();
  const auto only = frontend::select_only(inventory, args.hosts);
  const auto gpus = inventory.host_gpus(only);
  const auto vms = inventory.containers(only);
  std::string owner;  // the rows of one host come together
  std::vector<GpuCard> cards;
  // Hosts come before VMs: a VM can only be given a card that is there.
  for (const bool of_vms : {false, true}) {
    for (std::size_t row = 0; row < gpus.size(); ++row) {
      const auto cell = [&](std::size_t column) { return std::string(gpus.at(row, column).text); };
      if (vms.contains(HostName(cell(0))) != of_vms) continue;
      auto line = "cluster add host gpu " + cell(0) + " " + cell(1) + " " + cell(3);
      if (!of_vms) {
        if (owner != cell(0)) {
          owner = cell(0);
          cards = inventory.gpu_cards(HostName(owner));
        }
        const auto card = std::ranges::find(cards, GpuName(cell(1)), &GpuCard::name);
        if (card != cards.end() && card->wish) line += " wish=" + std::string(name(*card->wish));
      }
      context.output.line(line);
    }
  }
  return 0;
}

Action declare_dump(Options& options) {
  auto args = std::make_shared<HostArgs>();
  options.argument("HOST", args->hosts, "hosts and VMs to write down [all]");
  return [args](Context& context) { return run_dump(context, *args); };
}

constexpr std::array kCommands{
    Command{"add host gpu", "record a card of a host, or give one to a VM", kGiveCards,
            declare_add},
    Command{"dump host gpu", "print the commands that add the cards again", kKeepInventory,
            declare_dump},
    Command{"list host gpu", "show which host and which VM has which card", kSeeCards, declare_list,
            Answer::table},
    Command{"remove host gpu", "forget a card of a host, or take one from a VM", kGiveCards,
            declare_remove},
    Command{"set host gpu", "change the address of a card, or a VM's card", kGiveCards,
            declare_set},
};

}  // namespace
}  // namespace host_gpu

std::span<const Command> host_gpu_commands() { return host_gpu::kCommands; }

}  // namespace cluster::cmd
