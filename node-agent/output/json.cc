#include "node-agent/output/json.h"

#include "core/hex.h"
#include "node-agent/json_line.h"

namespace cluster::agent {
namespace {

using nlohmann::ordered_json;

ordered_json bars_json(const std::vector<Region>& bars) {
  auto list = ordered_json::array();
  for (const auto& bar : bars) {
    list.push_back({{"size", or_null(bar.size())},
                    {"64bit", bar.is_64bit()},
                    {"prefetchable", bar.prefetchable()},
                    {"placed", bar.placed()}});
  }
  return list;
}

ordered_json slices_json(const std::vector<Card>& slices) {
  auto list = ordered_json::array();
  for (const auto& slice : slices) {
    ordered_json one{{"name", slice.label()}};
    one.update(function_json(slice.functions.front()));
    list.push_back(std::move(one));
  }
  return list;
}

ordered_json left_out_json(const Card& card) {
  auto list = ordered_json::array();
  for (const auto& [function, why] : card.left_out) {
    auto one = function_json(function);
    one["why"] = why;
    list.push_back(std::move(one));
  }
  return list;
}

ordered_json card_json(const CardFacts& one) {
  auto functions = ordered_json::array();
  for (std::size_t i = 0; i < one.card.functions.size(); ++i) {
    const auto& identity = one.identity.functions[i];
    auto function = function_json(one.card.functions[i]);
    function["subsystem_vendor"] = or_null(identity.subsystem_vendor);
    function["subsystem_device"] = or_null(identity.subsystem_device);
    function["revision"] = or_null(identity.revision);
    function["bars"] = bars_json(identity.bars);
    function["reset_methods"] = identity.reset_methods;
    function["link"] = link_json(identity.link);
    functions.push_back(std::move(function));
  }
  return {
      {"name", one.card.label()},
      {"pci", one.card.pci().libvirt()},
      {"functions", functions},
      {"state", "present"},
      {"model", or_null(one.model)},
      {"numa_node", or_null(one.identity.numa_node)},
      {"slot", or_null(one.identity.slot)},
      {"serial", or_null(one.identity.serial.serial)},
      {"uuid", or_null(one.identity.serial.uuid)},
      {"wedged", one.wedge ? ordered_json{{"since", one.wedge->since}, {"step", one.wedge->step}}
                           : ordered_json(nullptr)},
      {"sriov", one.sriov ? ordered_json{{"vfs", one.sriov->vfs}, {"total", one.sriov->total}}
                          : ordered_json(nullptr)},
      {"slices", slices_json(one.slices)},
      {"left_out", left_out_json(one.card)}};
}

ordered_json missing_json(const GpuName& name, const KnownCard& card) {
  return {{"name", name.str()},
          {"pci", card.pci.libvirt()},
          {"functions", ordered_json::array()},
          {"state", "missing"},
          {"model", nullptr},
          {"numa_node", nullptr},
          {"slot", nullptr},
          {"serial", or_null(card.serial.serial)},
          {"uuid", or_null(card.serial.uuid)},
          {"wedged", nullptr},
          {"sriov", nullptr},
          {"slices", ordered_json::array()},
          {"left_out", ordered_json::array()}};
}

}  // namespace

ordered_json function_json(const PciFunction& function) {
  return {{"pci", function.pci.libvirt()},
          {"kind", kind(function)},
          {"class", hex4(function.device_class)},
          {"vendor", hex4(function.vendor)},
          {"device", hex4(function.device)},
          {"driver", or_null(function.driver)},
          {"iommu_group", or_null(function.iommu_group)}};
}

ordered_json link_json(const Link& link) {
  return {{"speed", or_null(link.speed)},
          {"width", or_null(link.width)},
          {"max_speed", or_null(link.max_speed)},
          {"max_width", or_null(link.max_width)}};
}

std::string cards_json(const std::vector<CardFacts>& cards,
                       const std::map<GpuName, KnownCard>& missing,
                       const std::optional<std::vector<ListedVgpu>>& vgpus,
                       const std::string& stub_driver) {
  std::map<GpuName, ordered_json> by_name;
  for (const auto& one : cards) by_name.emplace(one.card.name, card_json(one));
  for (const auto& [name, card] : missing) by_name.emplace(name, missing_json(name, card));
  auto list = ordered_json::array();
  for (auto& [name, card] : by_name) list.push_back(std::move(card));
  ordered_json document{{"cards", list}};
  if (vgpus) {
    document["vgpus"] = ordered_json::array();
    for (const auto& vgpu : *vgpus) document["vgpus"].push_back(vgpu_json(vgpu));
  }
  if (!stub_driver.empty()) document["stub_driver"] = stub_driver;
  return json_line(document);
}

ordered_json vgpu_json(const ListedVgpu& vgpu) {
  return {{"id", vgpu.id},
          {"parent", vgpu.leased.parent},
          {"interface", name(vgpu.leased.interface)},
          {"type", vgpu.leased.type},
          {"lease", or_null(vgpu.leased.lease)},
          {"since", or_null(vgpu.leased.since)},
          {"state", vgpu.state}};
}

std::string outcome_json(std::string_view action, virt::Mode mode, std::string_view through,
                         const std::vector<CardOutcome>& outcomes) {
  auto list = ordered_json::array();
  for (const auto& outcome : outcomes) {
    auto functions = ordered_json::array();
    for (const auto& one : outcome.functions) {
      auto function = function_json(one.function);
      function["outcome"] = word(one.outcome);
      functions.push_back(std::move(function));
    }
    list.push_back({{"name", outcome.name},
                    {"pci", outcome.functions.front().function.pci.libvirt()},
                    {"error", or_null(message(outcome))},
                    {"refused_by", ids(outcome.refused)},
                    {"notes", outcome.notes},
                    {"steps", outcome.steps},
                    {"functions", functions}});
  }
  return json_line({{"action", action},
                    {"dry_run", mode == virt::Mode::dry_run},
                    {"through", or_null(through)},
                    {"cards", list}});
}

}  // namespace cluster::agent
