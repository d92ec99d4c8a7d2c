#include "core/error.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/actions/table.h"
#include "node-agent/actions/vgpu_actions.h"
#include "node-agent/json_line.h"
#include "node-agent/output/text_table.h"

namespace cluster::agent {
namespace {

using nlohmann::ordered_json;

std::string types_json(const std::vector<VgpuParent>& parents) {
  auto list = ordered_json::array();
  for (const auto& parent : parents) {
    for (const auto& type : vgpu_types(parent)) {
      list.push_back(
          {{"parent", parent.name},
           {"pci", parent.pci ? ordered_json(parent.pci->libvirt()) : ordered_json(nullptr)},
           {"interface", name(parent.interface)},
           {"type", type.id},
           {"name", or_null(type.name)},
           {"available", type.available},
           {"api", type.api}});
    }
  }
  return json_line({{"types", list}});
}

std::string types_table(const std::vector<VgpuParent>& parents) {
  std::vector<std::vector<std::string>> rows{{"PARENT", "TYPE", "AVAILABLE", "API", "NAME"}};
  for (const auto& parent : parents) {
    for (const auto& type : vgpu_types(parent)) {
      rows.push_back({parent.name, type.id, std::to_string(type.available), type.api, type.name});
    }
  }
  return text_table(rows);
}

}  // namespace

int types(const Call& call) {
  CardList card_list(call.environment, call.err);
  const auto target = call.options.argument(0);
  const auto all = vgpu_parents(card_list.cards(), card_list.sysfs());
  const auto parents = pick_parents(all, target.empty() ? "all" : target);
  if (parents.empty() && !target.empty() && target != "all") {
    call.err << "gpupci: " + no_parent(all, target) + "\n";
    return exit_status(Fault::not_found);
  }
  call.out << (call.options.json ? types_json(parents) : types_table(parents));
  return 0;
}

}  // namespace cluster::agent
