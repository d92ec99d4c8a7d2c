#include "node-agent/json.h"

#include <nlohmann/json.hpp>

namespace cluster::agent {
namespace {

using nlohmann::ordered_json;

template <typename Value>
ordered_json or_null(const std::optional<Value>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json or_null(std::string_view text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

ordered_json function_json(const PciFunction& function) {
  return {{"pci", function.pci.libvirt()},
          {"kind", kind(function)},
          {"class", hex4(function.device_class)},
          {"vendor", hex4(function.vendor)},
          {"device", hex4(function.device)},
          {"driver", or_null(function.driver)},
          {"iommu_group", or_null(function.iommu_group)}};
}

// A message of the kernel or of libvirt may hold any bytes; JSON holds UTF-8.
std::string line(const ordered_json& document) {
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string cards_json(const std::vector<Card>& cards) {
  auto list = ordered_json::array();
  for (const auto& card : cards) {
    auto functions = ordered_json::array();
    for (const auto& function : card.functions) functions.push_back(function_json(function));
    list.push_back(
        {{"name", card.name.str()}, {"pci", card.pci().libvirt()}, {"functions", functions}});
  }
  return line({{"cards", list}});
}

std::string outcome_json(std::string_view action, virt::Mode mode, std::string_view through,
                         const std::vector<CardReport>& reports) {
  auto list = ordered_json::array();
  for (const auto& report : reports) {
    auto functions = ordered_json::array();
    for (const auto& one : report.functions) {
      auto function = function_json(one.function);
      function["outcome"] = word(one.outcome);
      functions.push_back(std::move(function));
    }
    list.push_back({{"name", report.name.str()},
                    {"pci", report.functions.front().function.pci.libvirt()},
                    {"error", or_null(report.error)},
                    {"steps", report.steps},
                    {"functions", functions}});
  }
  return line({{"action", action},
               {"dry_run", mode == virt::Mode::rehearse},
               {"through", or_null(through)},
               {"cards", list}});
}

}  // namespace cluster::agent
