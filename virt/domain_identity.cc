#include "virt/domain_identity.h"

#include <algorithm>
#include <map>
#include <set>

#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

using Name = std::pair<std::string_view, std::string_view>;  // of a parent and its child

// The attributes that tell children of one name apart; "<a>" is the text of a child.
const std::vector<const char*>* key_attributes(const Name& name) {
  static const std::map<Name, std::vector<const char*>> table{
      {{"baseBoard", "entry"}, {"name"}},
      {{"bios", "entry"}, {"name"}},
      {{"blkiotune", "device"}, {"<path>"}},
      {{"cachetune", "cache"}, {"id", "level", "type"}},
      {{"cachetune", "monitor"}, {"level", "vcpus"}},
      {{"capabilities", "add"}, {"capability"}},
      {{"capabilities", "del"}, {"capability"}},
      {{"chassis", "entry"}, {"name"}},
      {{"clock", "timer"}, {"name"}},
      {{"commandline", "env"}, {"name"}},
      {{"cpu", "cache"}, {"level"}},
      {{"cpu", "feature"}, {"name"}},
      {{"cputune", "cachetune"}, {"vcpus"}},
      {{"cputune", "iothreadpin"}, {"iothread"}},
      {{"cputune", "iothreadsched"}, {"iothreads"}},
      {{"cputune", "memorytune"}, {"vcpus"}},
      {{"cputune", "vcpupin"}, {"vcpu"}},
      {{"cputune", "vcpusched"}, {"vcpus"}},
      {{"distances", "sibling"}, {"id"}},
      {{"domain", "seclabel"}, {"model"}},
      {{"domain", "sysinfo"}, {"type"}},
      {{"filterref", "parameter"}, {"name"}},
      {{"firmware", "feature"}, {"name"}},
      {{"frontend", "property"}, {"name"}},
      {{"graphics", "channel"}, {"name"}},
      {{"graphics", "listen"}, {"type"}},
      {{"hugepages", "page"}, {"nodeset"}},
      {{"interface", "ip"}, {"address"}},
      {{"interface", "route"}, {"family", "address", "prefix"}},
      {{"iothreadids", "iothread"}, {"id"}},
      {{"iothreads", "iothread"}, {"id"}},
      {{"memorytune", "node"}, {"id"}},
      {{"numa", "cell"}, {"id"}},
      {{"numatune", "memnode"}, {"cellid"}},
      {{"os", "initenv"}, {"name"}},
      {{"override", "device"}, {"alias"}},
      {{"perf", "event"}, {"name"}},
      {{"sysinfo", "entry"}, {"name", "file"}},
      {{"system", "entry"}, {"name"}},
      {{"throttlegroups", "throttlegroup"}, {"<group_name>"}},
      {{"vcpus", "vcpu"}, {"id"}},
      {{"vlan", "tag"}, {"id"}},
  };
  const auto found = table.find(name);
  return found == table.end() ? nullptr : &found->second;
}

const std::map<Name, Listing>& listings() {
  static const std::map<Name, Listing> table{
      {{"commandline", "arg"}, Listing::arguments},
      {{"interconnects", "latency"}, Listing::whole},
      {{"oemStrings", "entry"}, Listing::whole},
      {{"os", "boot"}, Listing::whole},
      {{"os", "initarg"}, Listing::whole},
      {{"source", "host"}, Listing::whole},
      {{"statistics", "statistic"}, Listing::whole},
      {{"throttlefilters", "throttlefilter"}, Listing::whole},
  };
  return table;
}

std::optional<std::string> value(pugi::xml_node element, const char* name) {
  const auto there = element.attribute(name);
  if (there.empty()) return {};
  return there.value();
}

std::string word(pugi::xml_node element, const char* name) {
  return std::string(attribute(element, name));
}

// A bus number is nothing that a port keeps, so its alias comes first.
std::string controller_key(pugi::xml_node controller) {
  const auto type = word(controller, "type");
  const auto index = controller.attribute("index");
  const auto model = attribute(controller, "model");
  // The companions of an EHCI controller have its index.
  const bool companion = model.starts_with("ich9-uhci");
  if (type != "pci") {
    return type + " " + index.as_string("0") + (companion ? " " + std::string(model) : "");
  }
  if (model == "pcie-root" || model == "pci-root") return "pci root";
  if (model.find("expander") != std::string_view::npos) {
    return "pci " + std::string(model) + " " + word(controller.child("target"), "busNr");
  }
  const auto name = alias(controller);
  return "pci " + (name.empty() ? std::string(index.as_string("?")) : std::string(name));
}

std::string hostdev_key(pugi::xml_node hostdev) {
  const auto source = hostdev.child("source");
  auto out = word(hostdev, "type");
  if (out == "usb") {
    for (const char* name : {"vendor", "product", "address"}) {
      const auto said = attributes_of(source.child(name));
      if (!said.empty()) out += " " + said;
    }
    return out;
  }
  const auto address = attributes_of(source.child("address"));
  return out + " " + (address.empty() ? attributes_of(source) : address);
}

}  // namespace

bool is_device(pugi::xml_node element) {
  return std::string_view(element.parent().name()) == "devices";
}

std::string_view alias(pugi::xml_node device) {
  const auto name = attribute(device.child("alias"), "name");
  return name.starts_with("ua-") ? name : std::string_view();
}

std::optional<std::string> natural_key(pugi::xml_node device) {
  const std::string_view name = device.name();
  if (name == "disk") return value(device.child("target"), "dev");
  if (name == "interface") return value(device.child("mac"), "address");
  if (name == "controller") return controller_key(device);
  if (name == "hostdev") return hostdev_key(device);
  if (name == "channel") {
    const auto target = word(device.child("target"), "name");
    return target.empty() ? value(device, "type") : target;
  }
  if (name == "serial" || name == "parallel" || name == "console") {
    return std::string("port ") + device.child("target").attribute("port").as_string("0");
  }
  if (name == "graphics") return value(device, "type");
  if (name == "input") {
    const auto source = device.child("source");
    const auto of_host = word(source, "dev") + word(source, "evdev");
    return word(device, "type") + " " + word(device, "bus") + (of_host.empty() ? "" : " ") +
           of_host;
  }
  if (name == "filesystem") return value(device.child("target"), "dir");
  if (name == "shmem") return value(device, "name");
  if (name == "audio") return value(device, "id");
  if (name == "watchdog" || name == "panic") return value(device, "model");
  if (name == "iommu") {  // libvirt 12.8 takes more than one
    const auto bus = word(device.child("driver"), "pciBus");
    return word(device, "model") + (bus.empty() ? "" : " " + bus);
  }
  if (name == "lease") {
    return std::string(device.child_value("lockspace")) + " " + device.child_value("key");
  }
  static const std::set<std::string_view> once{"emulator", "memballoon", "nvram",
                                               "pstore",   "tpm",        "vsock"};
  if (once.contains(name)) return "";
  return {};
}

std::string looks(pugi::xml_node device) {
  if (!is_device(device) || natural_key(device)) return "";
  const auto backend = device.child("backend");
  return word(device, "model") + " " + word(device, "type") + " " +
         word(device.child("model"), "type") + " " + word(backend, "model") + " " +
         backend.child_value();
}

std::optional<std::string> key(pugi::xml_node element) {
  const auto parent = element.parent();
  if (is_device(element)) return natural_key(element);
  if (std::string_view(parent.name()) == "metadata") return std::string(namespace_of(element));
  const auto* names = key_attributes({local_name(parent), local_name(element)});
  if (names == nullptr) return "";
  std::string out;
  for (const std::string_view name : *names) {
    if (name != names->front()) out += " ";
    out += name.starts_with('<')
               ? element.child_value(std::string(name.substr(1, name.size() - 2)).c_str())
               : element.attribute(name.data()).value();
  }
  return out;
}

bool same_identity(pugi::xml_node left, pugi::xml_node right) {
  return std::string_view(left.name()) == right.name() && key(left) == key(right);
}

std::string label(pugi::xml_node element) {
  std::string out(local_name(element));
  if (is_device(element)) {
    auto name = std::string(alias(element));
    if (name.empty()) name = natural_key(element).value_or("");
    return name.empty() ? out : out + "[" + name + "]";
  }
  if (key_attributes({local_name(element.parent()), local_name(element)}) == nullptr) return out;
  return out + "[" + key(element).value_or("") + "]";
}

Listing listing(std::string_view parent, std::string_view name) {
  const auto found = listings().find({parent, name});
  return found == listings().end() ? Listing::none : found->second;
}

std::vector<std::string_view> listed(std::string_view parent) {
  std::vector<std::string_view> out;
  for (const auto& [name, how] : listings()) {
    if (name.first == parent) out.push_back(name.second);
  }
  return out;
}

bool is_atomic(std::string_view name) {
  static const std::set<std::string_view> names{"auth", "backingStore", "encryption", "idmap",
                                                "mirror"};
  return names.contains(name);
}

bool says_kind(pugi::xml_node element, std::string_view attribute) {
  static const std::set<Name> kinds{
      {"backend", "type"},     {"channel", "type"},     {"clock", "offset"},  {"console", "type"},
      {"controller", "model"}, {"cpu", "mode"},         {"disk", "device"},   {"disk", "type"},
      {"domain", "type"},      {"filesystem", "type"},  {"graphics", "type"}, {"hostdev", "type"},
      {"interface", "type"},   {"memballoon", "model"}, {"model", "type"},    {"os", "firmware"},
      {"rng", "model"},        {"serial", "type"},      {"sound", "model"},   {"target", "bus"},
      {"tpm", "model"},        {"watchdog", "model"},
  };
  return kinds.contains({local_name(element), attribute});
}

Chosen chosen_by_kind(pugi::xml_node element) {
  const std::string_view name = element.name();
  if (name == "cpu") return {{"match", "check", "migratable"}, {"model", "vendor"}};
  if (name == "controller") return {{}, {"model", "target", "address"}};
  if (name == "memballoon") {
    return {{"autodeflate", "freePageReporting"}, {"stats", "driver", "address"}};
  }
  if (name == "graphics") return {{"port", "autoport", "tlsPort"}, {}};
  if (name == "model" && std::string_view(element.parent().name()) == "video") {
    return {{"ram", "vram", "vram64", "vgamem", "heads"}, {}};
  }
  return {};
}

bool is_pci_controller(pugi::xml_node element) {
  const auto controller =
      std::string_view(element.name()) == "controller" ? element : element.parent();
  return std::string_view(controller.name()) == "controller" &&
         attribute(controller, "type") == "pci";
}

bool is_our_expander(pugi::xml_node element) { return alias(element).starts_with("ua-pxb"); }

}  // namespace cluster::virt
