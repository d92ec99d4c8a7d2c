#include "virt/domain_guest.h"

#include <map>

#include "core/hex.h"
#include "core/pci_address.h"
#include "core/text.h"
#include "virt/domain_places.h"
#include "virt/domain_spelling.h"
#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

int field(pugi::xml_node address, const char* name) { return number(attribute(address, name), 0); }

std::string hex2(int value) { return to_hex(static_cast<std::uint64_t>(value), 2); }

// The PCI controllers of a domain by their numbers. A document may have thousands, and devices.
using Controllers = std::map<int, pugi::xml_node>;

Controllers controllers_of(pugi::xml_node root) {
  Controllers found;
  for (const auto one : root.child("devices").children("controller")) {
    if (attribute(one, "type") == "pci") found.emplace(number(attribute(one, "index")), one);
  }
  return found;
}

// A controller may be behind another one, which a wrong document could say in a circle.
std::string path_of(const Controllers& controllers, pugi::xml_node address) {
  constexpr int kDeepest = 32;
  std::string path;
  for (int depth = 0; depth < kDeepest; ++depth) {
    if (attribute(address, "type") != "pci") return "";
    path = "/" + hex2(field(address, "slot")) + "." + std::to_string(field(address, "function")) +
           path;
    const int bus = field(address, "bus");
    if (bus == 0) return "00" + path;
    const auto found = controllers.find(bus);
    if (found == controllers.end()) return "";
    const auto controller = found->second;
    if (const auto number_of_bus = controller.child("target").attribute("busNr")) {
      return hex2(number(number_of_bus.value(), 0)) + path;
    }
    address = controller.child("address");
  }
  return "";
}

}  // namespace

std::vector<PlacedDevice> placed_devices(const std::string& xml) {
  pugi::xml_document document;
  read_domain(document, xml);
  const auto root = document.child("domain");
  const auto controllers = controllers_of(root);
  std::vector<PlacedDevice> placed;
  for (const auto device : root.child("devices").children()) {
    const std::string_view tag = device.name();
    const auto source = device.child("source").child("address");
    auto type = attribute(device, "type");
    // A network card, or a function of one, which gets its MAC address from libvirt.
    if (tag == "interface" && type == "hostdev") {
      type = "pci";
    } else if (tag != "hostdev") {
      continue;
    }
    std::string name(attribute(source, "uuid"));
    if (type == "pci") {
      name = PciAddress{static_cast<std::uint32_t>(field(source, "domain")),
                        static_cast<std::uint8_t>(field(source, "bus")),
                        static_cast<std::uint8_t>(field(source, "slot")),
                        static_cast<std::uint8_t>(field(source, "function"))}
                 .sysfs();
    }
    if (name.empty() || (type != "pci" && type != "mdev")) continue;
    placed.push_back({name, path_of(controllers, device.child("address"))});
  }
  return placed;
}

std::string path_in_sysfs(const std::string& device) {
  std::string path;
  for (const auto part : split(device, '/')) {
    constexpr std::string_view kRoot = "pci";
    const auto colon = part.rfind(':');
    if (colon == std::string_view::npos) continue;
    if (part.starts_with(kRoot)) {
      path = part.substr(colon + 1);
    } else if (!path.empty()) {
      path.append("/").append(part.substr(colon + 1));
    }
  }
  return path.find('/') == std::string::npos ? "" : path;
}

std::string console_of(const std::string& xml) {
  pugi::xml_document document;
  read_domain(document, xml);
  const auto devices = document.child("domain").child("devices");
  for (const char* name : {"console", "serial"}) {
    if (const auto node = devices.child(name)) return std::string(attribute(node, "type"));
  }
  return "";
}

}  // namespace cluster::virt
