#include <algorithm>

#include "core/text.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/actions/vgpu_actions.h"
#include "node-agent/cards/mig.h"
#include "node-agent/cards/vgpu_hints.h"
#include "node-agent/json_line.h"
#include "node-agent/output/json.h"
#include "node-agent/output/text_table.h"

namespace cluster::agent {

namespace {

using nlohmann::ordered_json;

ordered_json mig_json(const MigInstance& one) {
  return {{"id", one.name()},
          {"card", one.card},
          {"pci", one.pci.libvirt()},
          {"gpu_instance", one.number},
          {"compute_instances", one.compute_instances}};
}

void print(const Call& call, const SliceResult& result, const char* kind,
           const ordered_json& thing) {
  const auto& steps = result.steps;
  if (call.options.json) {
    call.out << json_line({{"action", result.action},
                           {"dry_run", !steps.acts()},
                           {kind, thing},
                           {"steps", steps.all()}});
  } else if (steps.acts()) {
    call.out << result.sentence + "\n";
  } else {
    for (const auto& step : steps.all()) call.out << step + "\n";
  }
}

}  // namespace

std::vector<Card> named(const std::vector<Card>& cards, const std::string& name) {
  const auto found = std::ranges::find(cards, name, &Card::label);
  return found == cards.end() ? std::vector<Card>() : std::vector{*found};
}

std::string no_parent(const std::vector<VgpuParent>& parents, const std::string& target,
                      const std::vector<Card>& cards, const Sysfs& sysfs,
                      const Settings& settings) {
  if (!cards.empty() && !cards.front().slice) {
    return "no vGPUs can be made from " + quote(target) + ": " +
           message(why_no_vgpus(cards.front(), sysfs, settings));
  }
  std::vector<std::string> names;
  for (const auto& parent : parents) names.push_back(parent.name);
  return "no vGPUs can be made from " + quote(target) + did_you_mean(target, names) +
         "; gpupci --types lists what can be made";
}

void print_vgpu(const Call& call, const SliceResult& result, const ListedVgpu& vgpu) {
  print(call, result, "vgpu", vgpu_json(vgpu));
}

void print_mig(const Call& call, const SliceResult& result,
               const std::optional<MigInstance>& instance) {
  print(call, result, "mig", instance ? mig_json(*instance) : ordered_json(nullptr));
}

int vgpus(const Call& call) {
  CardList card_list(call.environment, call.err);
  const auto mig = mig_instances(card_list.cards(), call.environment.proc);
  const auto listed = all_vgpus(call.environment.slices, card_list.sysfs(), card_list.cards());
  if (call.options.json) {
    auto list = ordered_json::array();
    for (const auto& vgpu : listed) list.push_back(vgpu_json(vgpu));
    auto instances = ordered_json::array();
    for (const auto& one : mig) instances.push_back(mig_json(one));
    call.out << json_line({{"vgpus", list}, {"mig", instances}});
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"VGPU", "PARENT", "TYPE", "STATE", "LEASE", "SINCE"}};
  for (const auto& [id, leased, state] : listed) {
    const auto or_dash = [](const std::string& text) { return text.empty() ? "-" : text; };
    rows.push_back({id, leased.parent, leased.type, std::string(state), or_dash(leased.lease),
                    or_dash(leased.since)});
  }
  for (const auto& one : mig) rows.push_back({one.name(), one.card, "-", "MIG", "-", "-"});
  call.out << text_table(rows);
  return 0;
}

}  // namespace cluster::agent
