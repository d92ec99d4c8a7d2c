#include "virt/domain_xml.h"

#include <pugixml.hpp>
#include <sstream>
#include <string_view>

namespace cluster::virt {
namespace {

pugi::xml_node child(pugi::xml_node parent, const char* name,
                     std::initializer_list<std::pair<const char*, std::string>> attributes = {}) {
  auto node = parent.append_child(name);
  for (const auto& [key, value] : attributes) node.append_attribute(key) = value.c_str();
  return node;
}

void text(pugi::xml_node parent, const char* name, const std::string& value) {
  child(parent, name).text() = value.c_str();
}

// The fields of an address as libvirt writes them: "0x0000", "0x02", "0x00", "0x0".
std::string hex_field(const std::string& digits) { return "0x" + digits; }

void add_address(pugi::xml_node source, const PciAddress& pci) {
  // sysfs() is DOMAIN:BB:SS.F; from the end the widths are fixed, the domain takes what is left.
  const auto spelled = pci.sysfs();
  const auto end = spelled.size();
  child(source, "address",
        {{"domain", hex_field(spelled.substr(0, end - 8))},
         {"bus", hex_field(spelled.substr(end - 7, 2))},
         {"slot", hex_field(spelled.substr(end - 4, 2))},
         {"function", hex_field(spelled.substr(end - 1, 1))}});
}

void add_disk(pugi::xml_node devices, const DiskSpec& disk) {
  const bool file = disk.source != DiskSource::block;
  auto node = child(devices, "disk", {{"type", file ? "file" : "block"}, {"device", "disk"}});
  child(node, "driver", {{"name", "qemu"}, {"type", disk.format}});
  child(node, "source", {{file ? "file" : "dev", disk.path}});
  child(node, "target", {{"dev", disk.target}, {"bus", disk.bus}});
}

// A card of which the address is known and no more: libvirt chooses its place in the guest.
void add_card(pugi::xml_node devices, const PciAddress& pci) {
  auto node =
      child(devices, "hostdev", {{"mode", "subsystem"}, {"type", "pci"}, {"managed", "yes"}});
  add_address(child(node, "source"), pci);
}

// pugixml ends an empty element with " />", libvirt with "/>"; alike, a diff shows only what differs.
// Values hold no line ends (they are written as "&#10;"), so at the end of a line only a tag can be meant.
std::string as_libvirt_writes(const std::string& xml) {
  constexpr std::string_view kEnd = " />\n";
  std::string out;
  std::size_t done = 0;
  for (auto at = xml.find(kEnd); at != std::string::npos; at = xml.find(kEnd, done)) {
    out.append(xml, done, at - done).append(kEnd.substr(1));
    done = at + kEnd.size();
  }
  return out.append(xml, done);
}

}  // namespace

std::string domain_xml(const DomainSpec& domain) {
  pugi::xml_document document;
  auto root = child(document, "domain", {{"type", "kvm"}});
  text(root, "name", domain.name);
  text(root, "uuid", domain.uuid);
  child(root, "memory", {{"unit", "MiB"}}).text() = domain.memory_mib;
  child(root, "vcpu", {{"placement", "static"}}).text() = domain.cpus;
  auto os = child(root, "os");
  child(os, "type", {{"arch", "x86_64"}, {"machine", "q35"}}).text() = "hvm";
  child(os, "boot", {{"dev", "hd"}});
  auto features = child(root, "features");
  child(features, "acpi");
  child(features, "apic");
  child(root, "cpu", {{"mode", "host-passthrough"}});
  child(root, "clock", {{"offset", "utc"}});
  text(root, "on_poweroff", "destroy");
  text(root, "on_reboot", "restart");
  text(root, "on_crash", "restart");
  auto devices = child(root, "devices");
  for (const auto& disk : domain.disks) add_disk(devices, disk);
  child(child(devices, "serial", {{"type", "pty"}}), "target", {{"port", "0"}});
  child(child(devices, "console", {{"type", "pty"}}), "target",
        {{"type", "serial"}, {"port", "0"}});
  // With a card passed through all guest memory is pinned: a balloon could take nothing back.
  if (!domain.cards.empty()) child(devices, "memballoon", {{"model", "none"}});
  for (const auto& card : domain.cards) add_card(devices, card.functions.front());

  std::ostringstream out;
  document.save(
      out, "  ",
      pugi::format_indent | pugi::format_no_declaration | pugi::format_attribute_single_quote,
      pugi::encoding_utf8);
  return as_libvirt_writes(out.str());
}

}  // namespace cluster::virt
