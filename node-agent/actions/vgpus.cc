#include <algorithm>

#include "core/text.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/actions/vgpu_actions.h"
#include "node-agent/json_line.h"
#include "node-agent/output/json.h"
#include "node-agent/output/text_table.h"

namespace cluster::agent {

using nlohmann::ordered_json;

std::string no_parent(const std::vector<VgpuParent>& parents, const std::string& target) {
  std::vector<std::string> names;
  for (const auto& parent : parents) names.push_back(parent.name);
  return "no vGPUs can be made from " + quote(target) + did_you_mean(target, names) +
         "; gpupci --types lists what can be made";
}

void print_vgpu(const Call& call, std::string_view action, const std::string& id,
                const LeasedVgpu& leased, std::string_view state, const SliceSteps& steps,
                const std::string& sentence) {
  if (call.options.json) {
    call.out << json_line({{"action", action},
                           {"dry_run", !steps.acts()},
                           {"vgpu", vgpu_json({id, leased, state})},
                           {"steps", steps.all()}});
  } else if (steps.acts()) {
    call.out << sentence + "\n";
  } else {
    for (const auto& step : steps.all()) call.out << step + "\n";
  }
}

int vgpus(const Call& call) {
  CardList card_list(call.environment, call.err);
  const auto listed = all_vgpus(call.environment.slices, card_list.sysfs(), card_list.cards());
  if (call.options.json) {
    auto list = ordered_json::array();
    for (const auto& vgpu : listed) list.push_back(vgpu_json(vgpu));
    call.out << json_line({{"vgpus", list}});
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"VGPU", "PARENT", "TYPE", "STATE", "LEASE", "SINCE"}};
  for (const auto& [id, leased, state] : listed) {
    const auto or_dash = [](const std::string& text) { return text.empty() ? "-" : text; };
    rows.push_back({id, leased.parent, leased.type, std::string(state), or_dash(leased.lease),
                    or_dash(leased.since)});
  }
  call.out << text_table(rows);
  return 0;
}

}  // namespace cluster::agent
