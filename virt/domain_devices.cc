#include "virt/domain_parts.h"

namespace cluster::virt {
namespace {

void add_boot_order(pugi::xml_node device, const std::optional<int>& order) {
  if (order) child(device, "boot", {{"order", std::to_string(*order)}});
}

void add_disk(pugi::xml_node devices, const DiskSpec& disk) {
  const bool block = disk.source == DiskSource::block;
  const bool cdrom = disk.source == DiskSource::cdrom;
  auto node = child(devices, "disk",
                    {{"type", block ? "block" : "file"}, {"device", cdrom ? "cdrom" : "disk"}});
  child(node, "driver", {{"name", "qemu"}, {"type", disk.format}});
  child(node, "source", {{block ? "dev" : "file", disk.path}});
  child(node, "target", {{"dev", disk.target}, {"bus", disk.bus}});
  if (cdrom) child(node, "readonly");
  add_boot_order(node, disk.boot_order);
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
  add_boot_order(node, interface.boot_order);
}

void add_serial(pugi::xml_node devices, const DomainSpec& domain) {
  const bool pty = domain.serial_file.empty();
  for (const bool console : {false, true}) {
    auto node = child(devices, console ? "console" : "serial", {{"type", pty ? "pty" : "file"}});
    if (!pty) child(node, "source", {{"path", domain.serial_file}});
    auto target = child(node, "target");
    if (console) target.append_attribute("type") = "serial";
    target.append_attribute("port") = "0";
  }
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
  if (domain.graphics == Graphics::none) return;
  auto graphics =
      child(devices, "graphics",
            {{"type", domain.graphics == Graphics::vnc ? "vnc" : "spice"}, {"autoport", "yes"}});
  child(graphics, "listen", {{"type", "address"}, {"address", domain.listen}});
  // Every guest can draw on this model before it has a driver.
  child(child(devices, "video"), "model", {{"type", "vga"}});
}

}  // namespace cluster::virt
