#include <algorithm>
#include <set>
#include <string_view>

#include "core/text.h"
#include "virt/domain_identity.h"
#include "virt/domain_parts.h"
#include "virt/domain_places.h"
#include "virt/domain_spelling.h"
#include "virt/domain_tree.h"
#include "virt/drive_place.h"

namespace cluster::virt {
namespace {

bool is(pugi::xml_node element, const char* name, std::string_view value) {
  return attribute(element, name) == value;
}

WantedSlot slot_of_controller(pugi::xml_node controller, std::string_view model) {
  const auto type = attribute(controller, "type");
  if (type == "scsi") return model == "virtio-scsi" ? WantedSlot::port : WantedSlot::conventional;
  if (type == "virtio-serial" || type == "nvme") return WantedSlot::port;
  if (type == "sata") return WantedSlot::conventional;
  if (type != "usb" || model == "none") return WantedSlot::none;
  return model == "qemu-xhci" || model == "nec-xhci" ? WantedSlot::port : WantedSlot::conventional;
}

WantedSlot slot_of_interface(pugi::xml_node interface, std::string_view model) {
  // A name that libvirt does not know gets a port.
  static const std::set<std::string> conventional{"", "e1000", "netfront", "rtl8139", "vmxnet3"};
  const auto type = attribute(interface, "type");
  if (model.empty() && (type == "hostdev" || type == "vdpa")) return WantedSlot::port;
  if (model == "usb-net") return WantedSlot::none;
  return conventional.contains(lower(model)) ? WantedSlot::conventional : WantedSlot::port;
}

WantedSlot slot_of_video(std::string_view model) {
  if (model == "virtio" || model == "bochs") return WantedSlot::port;
  return model == "none" || model == "ramfb" ? WantedSlot::none : WantedSlot::conventional;
}

WantedSlot slot_of_sound(std::string_view model) {
  if (model == "virtio") return WantedSlot::port;
  return model == "es1370" || model == "ac97" || model == "ich6" ? WantedSlot::conventional
                                                                 : WantedSlot::none;
}

bool has_target(pugi::xml_node devices, const char* name, std::string_view type) {
  return std::ranges::any_of(devices.children(name),
                             [&](auto device) { return is(device.child("target"), "type", type); });
}

bool has(pugi::xml_node devices, const char* name, const char* with, std::string_view value) {
  return !devices.find_child_by_attribute(name, with, std::string(value).c_str()).empty();
}

struct Needs {
  int ports = 0;
  int conventional = 0;
  pugi::xml_node last;
};

Needs needs_of_new(pugi::xml_node devices) {
  Needs out;
  for (const auto device : elements(devices)) {
    if (!device.child("address").empty()) continue;
    const auto slot = wanted_slot(device);
    if (slot == WantedSlot::none) continue;
    out.last = device;
    (slot == WantedSlot::port ? out.ports : out.conventional) += 1;
  }
  return out;
}

// Controllers that go without saying. The seventh sata disk wants another AHCI, and every seven
// scsi disks an lsilogic, beside virtio-scsi too; a channel wants virtio-serial.
void add_implied_controllers(pugi::xml_node devices, Needs& needs) {
  std::set<std::pair<std::string, int>> wanted;
  for (const auto disk : devices.children("disk")) {
    const auto target = disk.child("target");
    const auto bus = std::string(attribute(target, "bus"));
    if (!disk.child("address").empty() || (bus != "sata" && bus != "scsi")) continue;
    const auto place = drive_place(bus, attribute(target, "dev"));
    wanted.emplace(bus, place ? place->controller : 0);
  }
  for (const auto& [bus, index] : wanted) {
    if (bus == "sata" && index == 0) continue;
    bool there = false;
    for (const auto controller : devices.children("controller")) {
      there =
          there || (is(controller, "type", bus) && number(attribute(controller, "index")) == index);
    }
    if (!there) ++needs.conventional;
  }
  const bool serial =
      has_target(devices, "channel", "virtio") || has_target(devices, "console", "virtio");
  if (serial && !has(devices, "controller", "type", "virtio-serial")) ++needs.ports;
  if (has(devices, "hostdev", "type", "scsi") && !has(devices, "controller", "type", "scsi")) {
    ++needs.conventional;
  }
}

// libvirt looks at devices in this order, and gives each a port. The first conventional one makes
// it add a port and a bridge then.
int ports_before_conventional(pugi::xml_node devices, int implied) {
  int ports = 0;
  for (const char* tag : {"filesystem", "interface", "sound", "controller", "disk", "rng"}) {
    for (const auto device : devices.children(tag)) {
      if (!device.child("address").empty()) continue;
      const auto slot = wanted_slot(device);
      if (slot == WantedSlot::conventional) return ports;
      if (slot == WantedSlot::port) ++ports;
    }
    if (std::string_view(tag) == "controller") ports += implied;
  }
  return ports + 1;  // the balloon
}

int highest_index(pugi::xml_node devices) {
  int out = 0;
  for (const auto controller : devices.children("controller")) {
    if (is(controller, "type", "pci")) {
      out = std::max(out, number(attribute(controller, "index")));
    }
  }
  return out;
}

pugi::xml_node append_controller(Merging& merging, int index, const char* model, int bus,
                                 int slot) {
  auto controller = merging.devices().append_child("controller");
  controller.append_attribute("type") = "pci";
  controller.append_attribute("index") = index;
  controller.append_attribute("model") = model;
  auto address = controller.append_child("address");
  address.append_attribute("type") = "pci";
  address.append_attribute("domain") = "0x0000";
  address.append_attribute("bus") = hexadecimal(bus, 2).c_str();
  address.append_attribute("slot") = hexadecimal(slot, 2).c_str();
  address.append_attribute("function") = "0x0";
  merging.follows(device_path(controller), std::nullopt, tag_of(controller));
  return controller;
}

// Returns its index; nothing when no slot is left, and then libvirt finds one or says so.
std::optional<int> append_port(Merging& merging) {
  constexpr int kEnd = 0x1b;  // q35 has devices of its own from there on
  std::set<int> taken;
  int slot = 1;
  for (const auto device : elements(merging.devices())) {
    const auto address = device.child("address");
    if (!is(address, "type", "pci") || number(attribute(address, "bus")) != 0) continue;
    const int at = number(attribute(address, "slot"));
    taken.insert(at);
    const bool bridge = is_pci_controller(device) &&
                        attribute(device, "model").find("expander") == std::string_view::npos;
    if (bridge) slot = std::max(slot, at + 1);
  }
  while (taken.contains(slot)) ++slot;
  if (slot >= kEnd) return {};
  const int index = highest_index(merging.devices()) + 1;
  append_controller(merging, index, "pcie-root-port", 0, slot);
  return index;
}

std::set<int> used_buses(pugi::xml_node devices) {
  std::set<int> out;
  for (const auto device : elements(devices)) {
    const auto address = device.child("address");
    if (is(address, "type", "pci")) out.insert(number(attribute(address, "bus")));
  }
  return out;
}

bool has_root(pugi::xml_node root, std::string_view model) {
  return is(pci_controller(root, 0), "model", model);
}

}  // namespace

WantedSlot wanted_slot(pugi::xml_node device) {
  const std::string_view name = device.name();
  const auto inner = device.child("model");
  const auto model =
      inner.empty() || name == "controller" ? attribute(device, "model") : attribute(inner, "type");
  if (model.ends_with("-non-transitional")) return WantedSlot::port;  // of any virtio device
  if (model.ends_with("-transitional")) return WantedSlot::conventional;
  if (name == "interface") return slot_of_interface(device, model);
  if (name == "controller") return slot_of_controller(device, model);
  if (name == "video") return slot_of_video(model);
  if (name == "sound") return slot_of_sound(model);
  const auto port_if = [](bool condition) {
    return condition ? WantedSlot::port : WantedSlot::none;
  };
  if (name == "disk") return port_if(is(device.child("target"), "bus", "virtio"));
  if (name == "hostdev") {
    return port_if(is(device, "type", "pci") || is(device, "type", "mdev") ||
                   is(device, "type", "scsi_host"));
  }
  if (name == "memballoon") return port_if(model != "none");
  if (name == "input") return port_if(is(device, "bus", "virtio"));
  if (name == "memory") return port_if(model == "virtio-mem" || model == "virtio-pmem");
  if (name == "watchdog") return model == "i6300esb" ? WantedSlot::conventional : WantedSlot::none;
  if (name == "shmem" || name == "crypto" || name == "pstore") return WantedSlot::conventional;
  return port_if(name == "rng" || name == "vsock" || name == "filesystem");
}

OwnPorts own_ports(pugi::xml_node devices) {
  auto needs = needs_of_new(devices);
  const int said = needs.ports;
  add_implied_controllers(devices, needs);
  // libvirt adds a USB controller and a balloon unless one is said. The balloon is taken out when a
  // card comes.
  if (!has(devices, "controller", "type", "usb")) ++needs.ports;
  const int implied = needs.ports - said;
  const auto balloon = devices.child("memballoon");
  if (balloon.empty() || is(balloon, "model", "none")) ++needs.ports;
  const int slots = needs.ports + needs.conventional;
  // The first screen is in slot 1 of the root bus, whatever it is.
  const auto screen = devices.child("video");
  auto of_screen = WantedSlot::none;
  if (screen.child("address").empty()) of_screen = wanted_slot(screen);
  if (of_screen == WantedSlot::port) --needs.ports;
  constexpr int kSpare = 1;  // libvirt leaves it at a first define
  OwnPorts out{needs.ports + kSpare, slots, {}, of_screen != WantedSlot::none};
  if (needs.conventional > (of_screen == WantedSlot::conventional ? 1 : 0) &&
      !has(devices, "controller", "model", "pcie-to-pci-bridge")) {
    out.bridge = ports_before_conventional(devices, implied) + 2;
    out.count += 2;
  }
  return out;
}

void slots_for_new(Merging& merging) {
  const auto devices = merging.devices();
  if (!has_root(merging.roots.theirs, "pci-root")) return;
  const auto needs = needs_of_new(devices);
  const int wanted = needs.ports + needs.conventional;
  std::set<std::pair<int, int>> taken;
  for (const auto device : elements(devices)) {
    const auto address = device.child("address");
    if (!is(address, "type", "pci")) continue;
    taken.emplace(number(attribute(address, "bus")), number(attribute(address, "slot")));
  }
  int free = 0;
  int free_of_root = 0;
  for (const auto controller : devices.children("controller")) {
    const auto model = attribute(controller, "model");
    if (!is(controller, "type", "pci")) continue;
    if (model != "pci-root" && model != "pci-bridge" && model != "pci-expander-bus") continue;
    const int first = model == "pci-expander-bus" ? 0 : 1;
    const int bus = number(attribute(controller, "index"));
    const auto used = std::ranges::count_if(
        taken, [&](const auto& at) { return at.first == bus && at.second >= first; });
    const int left = 32 - first - static_cast<int>(used);
    free += left;
    if (bus == 0) free_of_root = left;
  }
  // libvirt wants a bridge then, has no slot for it, puts it behind itself, and refuses with words
  // that nobody understands.
  if (wanted == 0 || free_of_root > 0 || wanted <= free) return;
  merging.result.refusals.push_back("no slot is left on bus 0 of the guest for " +
                                    label(needs.last));
}

void ports_for_new(Merging& merging) {
  const auto devices = merging.devices();
  if (!has_root(merging.roots.theirs, "pcie-root")) return;
  auto needs = needs_of_new(devices);
  add_implied_controllers(devices, needs);
  const auto used = used_buses(devices);
  const bool bridge = has(devices, "controller", "model", "pcie-to-pci-bridge");
  int empty = 0;
  for (const auto controller : devices.children("controller")) {
    if (is(controller, "model", "pcie-root-port") && alias(controller).empty() &&
        !used.contains(number(attribute(controller, "index")))) {
      ++empty;
    }
  }
  for (int i = empty; i < needs.ports; ++i) append_port(merging);
  if (needs.conventional == 0 || bridge) return;
  if (const auto port = append_port(merging)) {
    append_controller(merging, *port + 1, "pcie-to-pci-bridge", *port, 0);
  }
}

}  // namespace cluster::virt
