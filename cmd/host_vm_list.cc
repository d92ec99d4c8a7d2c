#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/host_arguments.h"
#include "cmd/line/command.h"
#include "core/keys.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "db/synced.h"
#include "frontend/cards/card_truth.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"
#include "frontend/vms/vm_addresses.h"
#include "frontend/vms/vm_disk.h"
#include "frontend/vms/vm_status.h"

namespace cluster::cmd {
namespace host_vm_list {
namespace {

struct VmsArgs {
  std::vector<std::string> vms;
};

struct ListArgs {
  std::vector<std::string> vms;
  std::string detail = "no";
  std::string status = "no";
  std::string address = "no";
  std::string timeout = "30";
};

// The addresses of a VM and who told them. A VM that does not run has none.
std::vector<Cell> address_cells(Format format,
                                const std::map<HostName, frontend::KnownAddresses>& addresses,
                                const std::map<HostName, std::string>& status, const Vm& vm) {
  const auto state = status.find(vm.name);
  if (state != status.end() && state->second != "active") return {List{}, state->second};
  const auto known = addresses.find(vm.name);
  if (known == addresses.end() || known->second.addresses.empty()) {
    return {format == Format::json ? Cell() : Cell("unknown"), Cell()};
  }
  return {cell(known->second.addresses), known->second.source};
}

int run_list(Context& context, const ListArgs& args) {
  const bool with_detail = parse_yes_no("detail", args.detail);
  const bool with_status = parse_yes_no("status", args.status);
  const bool with_address = parse_yes_no("address", args.address);
  const auto limits = frontend::limits_of(args.timeout);
  Table table{{"vm", "host", "mem", "cpus", "gpu", "disk", "disksize"}, {}};
  const auto vms = frontend::select_vms(context.inventory(), args.vms);
  const auto now = utc_now();
  std::map<HostName, std::string> synced;
  if (with_detail) {
    table.columns.emplace_back("synced");
    synced = synced_vms(context.inventory(), args.vms.empty() ? std::nullopt : vm_names(vms));
  }
  frontend::VmBatch all;
  if (with_status || with_address) all = frontend::look_at(context, vms, limits);
  const auto status = frontend::status_of(all);
  std::map<HostName, frontend::KnownAddresses> addresses;
  if (with_address) addresses = frontend::addresses_of(context, all);
  if (with_status) table.columns.emplace_back("status");
  if (with_address) table.columns.insert(table.columns.end(), {"address", "told_by"});
  for (const auto& vm : vms) {
    std::vector<std::string> cards;
    for (const auto& card : vm.gpus) cards.push_back(card.name.str() + "=" + card.gpu.str());
    for (const auto& slice : vm.slices) cards.push_back(slice.name.str() + "=" + slice.device);
    std::vector<std::string> disks;
    List sizes;  // in GiB
    for (const auto& disk : vm.disks) {
      disks.push_back(frontend::disk_text(disk));
      sizes.items.push_back(disk.size_gib ? Item(*disk.size_gib) : Item());
    }
    table.rows.push_back({vm.name.str(), vm.container.str(), vm.memory_mib, vm.cpus, cell(cards),
                          cell(disks), std::move(sizes)});
    auto& row = table.rows.back();
    if (with_detail) {
      const auto since = synced.find(vm.name);
      row.push_back(known(since == synced.end() ? "" : frontend::age(since->second, now)));
    }
    const auto known = status.find(vm.name);
    if (with_status) row.emplace_back(known == status.end() ? "unknown" : known->second);
    if (!with_address) continue;
    auto cells = address_cells(context.output.format(), addresses, status, vm);
    std::ranges::move(cells, std::back_inserter(row));
  }
  context.output.table(table);
  return report_failures(context.output, frontend::failures_of(all));
}

Action declare_list(Options& options) {
  auto args = std::make_shared<ListArgs>();
  options.argument("VM", args->vms, "VMs to show, or containers whose VMs to show [all]");
  options.key("detail", args->detail, "yes: also when `sync vm config` last defined them [no]");
  options.key("status", args->status, "yes: ask libvirt on the containers what they do [no]");
  options.key("address", args->address, "yes: ask libvirt on the containers where they are [no]");
  options.key("timeout", args->timeout, "seconds that a container may take [30]");
  return [args](Context& context) { return run_list(context, *args); };
}

int run_dump(Context& context, const VmsArgs& args) {
  const auto vms = frontend::select_vms(context.inventory(), args.vms);
  std::map<HostName, std::string> words;
  for (const auto& host : context.inventory().hosts(vm_names(vms))) {
    words[host.name] = host_arguments(host);
  }
  for (const auto& vm : vms) {
    std::string line = "cluster add host vm " + vm.name.str() + " " + vm.container.str() +
                       " uuid=" + vm.uuid + " mem=" + std::to_string(vm.memory_mib) +
                       " cpus=" + std::to_string(vm.cpus);
    if (!vm.libvirt_name.empty()) line += " " + shell_word("libvirt_name=" + vm.libvirt_name);
    if (vm.fabric) line += " fabric=" + std::to_string(*vm.fabric);
    for (const auto& disk : vm.disks) {
      line += " " + shell_word("disk=" + frontend::disk_text(disk, true));
      line += " disksize=" + (disk.size_gib ? std::to_string(*disk.size_gib) : "");
    }
    context.output.line(line);
    const auto& of_host = words[vm.name];
    if (!of_host.empty()) context.output.line("cluster set host " + vm.name.str() + of_host);
  }
  return 0;
}

Action declare_dump(Options& options) {
  auto args = std::make_shared<VmsArgs>();
  options.argument("VM", args->vms, "VMs to write down, or containers whose VMs [all]");
  return [args](Context& context) { return run_dump(context, *args); };
}

constexpr std::array kCommands{
    Command{"dump host vm", "print the commands that add the VMs again", kKeepInventory,
            declare_dump},
    Command{"list host vm", "show the VMs, where they run and their cards", kRunVms, declare_list,
            Answer::table},
};

}  // namespace
}  // namespace host_vm_list

std::span<const Command> host_vm_list_commands() { return host_vm_list::kCommands; }

}  // namespace cluster::cmd
