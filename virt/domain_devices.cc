#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

#include "core/mac_address.h"
#include "core/text.h"
#include "virt/domain_parts.h"
#include "virt/drive_place.h"

namespace cluster::virt {
namespace {

constexpr const char* kOwnPort = "own-port";

}  // namespace

std::string alias_text(const std::string& name) {
  auto alias = "ua-" + name;
  std::ranges::replace_if(
      alias, [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '_'; }, '-');
  return alias;
}

void add_alias(pugi::xml_node device, const std::string& name) {
  child(device, "alias", {{"name", alias_text(name)}});
}

namespace {

void add_boot_order(pugi::xml_node device, const std::optional<int>& order) {
  if (order) child(device, "boot", {{"order", std::to_string(*order)}});
}

void add_disk(pugi::xml_node devices, const DiskSpec& disk) {
  const bool block = disk.source == DiskSource::block;
  const bool cdrom = disk.source == DiskSource::cdrom;
  auto node = child(devices, "disk",
                    {{"type", block ? "block" : "file"}, {"device", cdrom ? "cdrom" : "disk"}});
  auto driver = child(node, "driver", {{"name", "qemu"}, {"type", disk.format}});
  for (const auto& [name, value] : {std::pair("cache", &disk.cache), std::pair("io", &disk.io),
                                    std::pair("discard", &disk.discard)}) {
    if (!value->empty()) driver.append_attribute(name) = value->c_str();
  }
  if (disk.iothread) driver.append_attribute("iothread") = *disk.iothread;
  auto source = child(node, "source", {{block ? "dev" : "file", disk.path}});
  if (disk.optional) source.append_attribute("startupPolicy") = "optional";
  child(node, "target", {{"dev", disk.target}, {"bus", disk.bus}});
  if (cdrom) child(node, "readonly");
  if (!disk.serial.empty()) text_child(node, "serial", disk.serial);
  add_boot_order(node, disk.boot_order);
  add_alias(node, disk.target);
}

void add_interface(pugi::xml_node devices, const InterfaceSpec& interface) {
  auto node = child(devices, "interface");
  auto type = node.append_attribute("type");
  child(node, "mac", {{"address", interface.mac}});
  switch (interface.kind) {
    case InterfaceKind::bridge:
    case InterfaceKind::ovs:
      type = "bridge";
      child(node, "source", {{"bridge", interface.source}});
      break;
    case InterfaceKind::direct:
      type = "direct";
      child(node, "source", {{"dev", interface.source}, {"mode", "bridge"}});
      break;
    case InterfaceKind::network:
      type = "network";
      child(node, "source", {{"network", interface.source}});
      break;
  }
  if (interface.vlan) {
    child(child(node, "vlan"), "tag", {{"id", std::to_string(*interface.vlan)}});
  }
  if (interface.kind == InterfaceKind::ovs) child(node, "virtualport", {{"type", "openvswitch"}});
  child(node, "model", {{"type", interface.model}});
  if (interface.mtu) child(node, "mtu", {{"size", std::to_string(*interface.mtu)}});
  add_boot_order(node, interface.boot_order);
  if (!interface.name.empty()) add_alias(node, interface.name);
}

void add_serial(pugi::xml_node devices, const DomainSpec& domain) {
  const bool pty = domain.serial_file.empty();
  for (const bool console : {false, true}) {
    auto node = child(devices, console ? "console" : "serial", {{"type", pty ? "pty" : "file"}});
    if (!pty) child(node, "source", {{"path", domain.serial_file}});
    auto target = child(node, "target");
    if (console) target.append_attribute("type") = "serial";
    target.append_attribute("port") = "0";
    add_alias(node, "serial0");  // both are the same device
  }
}

// https://libvirt.org/formatdomain.html#channel; libvirt chooses the socket.
void add_agent(pugi::xml_node devices) {
  auto channel = child(devices, "channel", {{"type", "unix"}});
  child(channel, "target", {{"type", "virtio"}, {"name", "org.qemu.guest_agent.0"}});
  add_alias(channel, "agent");
}

}  // namespace

void add_disks(pugi::xml_node devices, const DomainSpec& domain) {
  for (const auto& disk : domain.disks) add_disk(devices, disk);
}

void add_interfaces(pugi::xml_node devices, const DomainSpec& domain) {
  for (const auto& interface : domain.interfaces) add_interface(devices, interface);
}

void add_consoles(pugi::xml_node devices, const DomainSpec& domain) {
  add_serial(devices, domain);
  if (domain.guest_agent) add_agent(devices);
  if (domain.graphics == Graphics::none) return;
  auto graphics =
      child(devices, "graphics",
            {{"type", domain.graphics == Graphics::vnc ? "vnc" : "spice"}, {"autoport", "yes"}});
  child(graphics, "listen", {{"type", "address"}, {"address", domain.listen}});
  // Every guest can draw on this model before it has a driver.
  auto video = child(devices, "video");
  child(video, "model", {{"type", "vga"}});
  add_alias(video, "video0");
}

// Guests of today have no driver for libvirt's own choice.
constexpr const char* kScsiModel = "virtio-scsi";

void add_scsi_controllers(pugi::xml_node devices) {
  std::set<int> wanted;
  for (const auto disk : devices.children("disk")) {
    const auto target = disk.child("target");
    const std::string_view bus = target.attribute("bus").value();
    const auto place = drive_place(bus, target.attribute("dev").value());
    if (bus != "scsi" || !place) continue;
    const auto address = disk.child("address").attribute("controller");
    wanted.insert(address.empty() ? place->controller : address.as_int());
  }
  for (const auto hostdev : devices.children("hostdev")) {
    if (std::string_view(hostdev.attribute("type").value()) != "scsi") continue;
    wanted.insert(hostdev.child("address").attribute("controller").as_int(0));
  }
  // libvirt fills the numbers before the highest one, and those without model, with lsilogic.
  constexpr int kMostControllers = 100;
  const int last_wanted = wanted.empty() ? 0 : *wanted.rbegin();
  for (int index = 0; index < std::min(last_wanted, kMostControllers); ++index) {
    wanted.insert(index);
  }
  for (auto controller : devices.children("controller")) {
    if (std::string_view(controller.attribute("type").value()) != "scsi") continue;
    const int index = controller.attribute("index").as_int();
    wanted.erase(index);
    if (!controller.attribute("model").empty()) continue;
    controller.append_attribute("model") = kScsiModel;
    if (controller.child("alias").empty()) add_alias(controller, "scsi" + std::to_string(index));
  }
  auto last = devices.last_child();
  for (const char* name : {"disk", "controller"}) {
    for (const auto one : devices.children(name)) last = one;
  }
  for (const int index : wanted) {
    last = devices.insert_child_after("controller", last);
    last.append_attribute("type") = "scsi";
    last.append_attribute("index") = std::to_string(index).c_str();
    last.append_attribute("model") = kScsiModel;
    add_alias(last, "scsi" + std::to_string(index));
  }
}

void name_own_ports(pugi::xml_node devices, const char* root) {
  int number = 0;
  for (const auto controller : devices.children("controller")) {
    const std::string_view model = controller.attribute("model").value();
    const bool pci = std::string_view(controller.attribute("type").value()) == "pci";
    if (!pci || model.ends_with("-root") || !controller.child("alias").empty()) continue;
    add_alias(controller, std::string(kOwnPort) + std::to_string(++number));
  }
  const auto first = devices.find_child_by_attribute("controller", "type", "pci");
  if (number == 0 || !devices.find_child_by_attribute("controller", "model", root).empty()) return;
  auto bus = devices.insert_child_before("controller", first);
  bus.append_attribute("type") = "pci";
  bus.append_attribute("index") = 0;
  bus.append_attribute("model") = root;
}

bool is_own_port(pugi::xml_node controller) {
  const std::string_view name = controller.child("alias").attribute("name").value();
  return name.starts_with(alias_text(kOwnPort));
}

void join_sources(pugi::xml_node devices) {
  for (auto hostdev : devices.children("hostdev")) {
    const auto source = hostdev.child("source");
    if (source.empty()) continue;
    if (const auto driver = hostdev.child("driver"); !driver.empty()) {
      hostdev.insert_move_before(driver, source);
    }
    if (const auto teaming = hostdev.child("teaming"); !teaming.empty()) {
      hostdev.insert_move_after(teaming, source);
    }
  }
}

void add_macs(pugi::xml_node devices, const std::string& uuid) {
  const auto interfaces = devices.children("interface");
  const auto is_taken = [&](const std::string& mac) {
    return std::any_of(interfaces.begin(), interfaces.end(), [&](const auto& one) {
      return lower(one.child("mac").attribute("address").value()) == mac;
    });
  };
  int number = 0;
  for (auto interface : interfaces) {
    if (!interface.child("mac").attribute("address").empty()) continue;
    const auto name = "<interface " + std::to_string(number++) + ">";
    unsigned attempt = 0;
    std::string mac;
    do {
      mac = MacAddress::made_of(uuid, name, attempt++).str();
    } while (is_taken(mac));
    auto element = interface.child("mac");
    if (element.empty()) element = interface.prepend_child("mac");
    element.append_attribute("address") = mac.c_str();
  }
}

int highest_iothread(pugi::xml_node devices) {
  int highest = 0;
  for (const auto device : devices.children()) {
    const auto driver = device.child("driver");
    highest = std::max(highest, driver.attribute("iothread").as_int());
    for (const auto thread : driver.child("iothreads").children("iothread")) {
      highest = std::max(highest, thread.attribute("id").as_int());
    }
  }
  return highest;
}

void add_iothreads(pugi::xml_node root) {
  const int count = highest_iothread(root.child("devices"));
  if (count == 0 || !root.child("iothreads").empty() || !root.child("iothreadids").empty()) return;
  root.insert_child_after("iothreads", root.child("vcpu")).text() = count;
}

}  // namespace cluster::virt
