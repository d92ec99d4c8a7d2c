#include "cmd/row_check.h"

#include <array>

#include "cmd/attr.h"
#include "cmd/new_names.h"
#include "core/error.h"
#include "core/ip_address.h"
#include "core/keys.h"
#include "core/mac_address.h"
#include "core/names.h"
#include "core/pci_address.h"
#include "core/subnet.h"
#include "core/text.h"

namespace cluster::cmd {
namespace {

using Check = void (*)(const std::string& value);

struct Rule {
  std::string_view table;
  std::string_view column;
  Check check;
};

void check_card(const std::string& value) {
  if (GpuName(value).number() > 0) return;
  throw Error(Fault::usage, "not a card name: " + quote(value) + " (want gpupci1, gpupci2, ...)");
}

// It is stored in one spelling, by which rows are compared.
void check_pci(const std::string& value) {
  if (const auto right = PciAddress::parse(value).libvirt(); right != value) {
    throw Error(Fault::usage, "not a PCI address: " + quote(value) + " (want " + right + ")");
  }
}

constexpr std::array kRules{
    Rule{"appliance", "name", [](const std::string& value) { HostName{value}; }},
    Rule{"attribute", "name", [](const std::string& value) { check_attribute_size(value, ""); }},
    Rule{"attribute", "value", [](const std::string& value) { check_attribute_size("", value); }},
    Rule{"gpu", "name", check_card},
    Rule{"gpu", "pci", check_pci},
    Rule{"gpu_function", "pci", check_pci},
    Rule{"gpu_slice", "pci", check_pci},
    Rule{"host", "address", [](const std::string& value) { parse_address(value); }},
    Rule{"host", "jump", [](const std::string& value) { parse_jump(value); }},
    Rule{"host", "mac", [](const std::string& value) { MacAddress::parse(value); }},
    Rule{"host", "maintenance", [](const std::string& value) { parse_reason(value); }},
    Rule{"host", "name", [](const std::string& value) { HostName{value}; }},
    Rule{"host", "user", [](const std::string& value) { parse_user(value); }},
    Rule{"interface", "address", [](const std::string& value) { parse_ip_addresses(value); }},
    Rule{"interface", "mac", [](const std::string& value) { MacAddress::parse(value); }},
    Rule{"network", "subnet", [](const std::string& value) { Subnet::parse(value); }},
    Rule{"vm_gpu", "name", [](const std::string& value) { GpuName{value}; }},
};

}  // namespace

void check_row(const std::vector<std::string>& appliances, const std::string& table,
               const InventoryRows::Values& values) {
  for (const auto& rule : kRules) {
    if (rule.table != table) continue;
    for (const auto& [column, value] : values) {
      if (column == rule.column) rule.check(std::string(value));
    }
  }
  if (table != "host") return;
  for (const auto& [column, value] : values) {
    if (column == "name") refuse_words(appliances, "host name", std::string(value));
  }
}

}  // namespace cluster::cmd
