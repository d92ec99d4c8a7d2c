#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/host_topology.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/fleet/vagrant.h"
#include "frontend/hosts/ask.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {
namespace report_host_gpu {
namespace {

struct Args {
  std::vector<std::string> hosts;
  std::string gpu;
  std::string format = "names";
  std::string json = "no";
  std::string timeout = "60";

  bool wants(const GpuName& name) const { return gpu.empty() || name.str() == gpu; }
};

std::vector<std::string> names_of(Context& context, const Args& args) {
  auto& inventory = context.inventory();
  const auto only = frontend::select_only(inventory, args.hosts);
  const bool of_one_host = only && only->size() == 1;
  const auto gpus = inventory.host_gpus(only);
  std::vector<std::string> lines;
  for (std::size_t row = 0; row < gpus.size(); ++row) {
    const std::string name(gpus.at(row, 1).text);
    const std::string shown(gpus.at(row, 2).text);
    if (!args.wants(GpuName(name))) continue;
    lines.push_back((of_one_host ? "" : std::string(gpus.at(row, 0).text) + ": ") +
                    (args.gpu.empty() ? name + ":" : "") + shown);
  }
  return lines;
}

void add_lines(std::vector<std::string>& lines, std::vector<std::string> more) {
  std::ranges::move(more, std::back_inserter(lines));
}

std::vector<std::string> vagrant_of(Context& context, const Args& args) {
  auto& inventory = context.inventory();
  std::map<HostName, Vm> vms;
  for (auto& vm : inventory.vms(frontend::select_only(inventory, args.hosts))) {
    const auto name = vm.name;
    vms.emplace(name, std::move(vm));
  }
  std::vector<std::string> lines;
  for (const auto& host : frontend::select_hosts(inventory, args.hosts)) {
    const auto vm = vms.find(host.name);
    const auto cards = inventory.gpu_cards(vm == vms.end() ? host.name : vm->second.container);
    if (vm == vms.end()) {
      for (const auto& card : cards) {
        if (args.wants(card.name))
          add_lines(lines,
                    frontend::vagrant_card(card.name.str() + " of " + host.name.str(), card));
      }
      continue;
    }
    const auto what = [&](const GpuName& name, const std::string& there) {
      return name.str() + " of " + host.name.str() + ": " + there + " of " +
             vm->second.container.str();
    };
    for (const auto& held : vm->second.gpus) {
      const auto card = std::ranges::find(cards, held.gpu, &GpuCard::name);
      if (!args.wants(held.name) || card == cards.end()) continue;
      add_lines(lines, frontend::vagrant_card(what(held.name, card->name.str()), *card));
    }
    for (const auto& slice : vm->second.slices) {
      if (!args.wants(slice.name)) continue;
      add_lines(lines, frontend::vagrant_slice(what(slice.name, slice.device), slice));
    }
  }
  return lines;
}

// Prints the lines, once all of them are known.
template <std::vector<std::string> (*lines_of)(Context&, const Args&)>
int print(Context& context, const Args& args) {
  const auto lines = lines_of(context, args);
  if (lines.empty() && !args.gpu.empty()) {
    throw Error(Fault::not_found, "no card " + args.gpu + " on " + joined(args.hosts, ", "));
  }
  for (const auto& line : lines) context.output.line(line);
  return 0;
}

int print_topology(Context& context, const Args& args) {
  if (!args.gpu.empty()) {
    throw Error(Fault::usage, "gpu=" + quote(args.gpu) + ": format=topology has all cards");
  }
  const bool json = parse_yes_no("json", args.json);
  return report_topology(context, args.hosts, json, frontend::limits_of(args.timeout));
}

// A format of the report. Another one is a function above, a row here, and a line of its page in
// cmd/help/.
struct Export {
  std::string_view name;
  int (*print)(Context& context, const Args& args);
  std::string_view why_hosts;  // why it wants hosts to be named; "": it does not
};

constexpr std::array kExports{
    Export{"names", print<names_of>, ""},
    Export{"topology", print_topology, "each is asked for its map"},
    Export{"vagrant", print<vagrant_of>, ""},
};

const Export& parse_export(const std::string& format) {
  const auto at = std::ranges::find(kExports, format, &Export::name);
  if (at != kExports.end()) return *at;
  std::vector<std::string> names;
  for (const auto& one : kExports) names.emplace_back(one.name);
  throw Error(Fault::usage, "format=" + quote(format) + ": want " + joined(names, " or "));
}

int run(Context& context, const Args& args) {
  if (!args.gpu.empty()) static_cast<void>(GpuName(args.gpu));
  const auto& wanted = parse_export(args.format);
  if (args.hosts.empty() && !wanted.why_hosts.empty()) {
    throw Error(Fault::usage, "report host gpu: want HOST (" + std::string(wanted.why_hosts) + ")");
  }
  return wanted.print(context, args);
}

Action declare_report(Options& options) {
  auto args = std::make_shared<Args>();
  options.argument("HOST", args->hosts, "hosts and VMs to report; not with format=topology [all]");
  options.key("gpu", args->gpu, "only this card; of names, only its address");
  options.key("format", args->format, "names, topology or vagrant [names]");
  options.key("json", args->json, "yes: a topology as JSON, a line for each host [no]");
  options.key("timeout", args->timeout, "seconds to wait for the topology of a host [60]");
  return [args](Context& context) { return run(context, *args); };
}

constexpr std::array kCommands{
    Command{"report host gpu", "print names and addresses of cards for scripts", kSeeCards,
            declare_report},
};

}  // namespace
}  // namespace report_host_gpu

std::span<const Command> report_host_gpu_commands() { return report_host_gpu::kCommands; }

}  // namespace cluster::cmd
