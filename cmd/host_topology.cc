#include "cmd/host_topology.h"

#include <map>
#include <set>

#include "cmd/failures.h"
#include "core/error.h"
#include "core/text.h"
#include "frontend/hosts/host_map.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {

int report_topology(Context& context, const std::vector<std::string>& words, bool json,
                    const ssh::Limits& limits) {
  auto& inventory = context.inventory();
  const auto hosts = frontend::select_hosts(inventory, words);
  OnlyHosts names{std::in_place};
  for (const auto& host : hosts) names->push_back(host.name);
  const std::set<HostName> meant(names->begin(), names->end());
  std::map<HostName, frontend::CardHolders> holders;
  for (const auto& vm : inventory.vms(names)) {
    if (meant.contains(vm.name)) {
      throw Error(Fault::usage, quote(vm.name.str()) + " is a VM: the topology is of its host " +
                                    quote(vm.container.str()));
    }
    for (const auto& held : vm.gpus) holders[vm.container].emplace(held.gpu, vm.name);
  }
  const auto answers = frontend::ask_agents(context, hosts, "--tree --json", limits);
  bool is_first = true;
  return for_each_answer(context, answers, [&](const frontend::AgentAnswer& answer) {
    const auto& name = answer.host.name;
    if (json) return context.output.line(map_json(answer, holders[name]));
    const auto map = frontend::host_map_of(answer);
    if (!is_first) context.output.line("");
    is_first = false;
    for (const auto& line : map_lines(name, map, holders[name])) context.output.line(line);
  });
}

}  // namespace cluster::cmd
