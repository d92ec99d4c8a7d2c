#include "virt/domain_reading.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "core/vlan.h"
#include "virt/domain_identity.h"
#include "virt/domain_parts.h"
#include "virt/domain_spelling.h"
#include "virt/domain_tree.h"
#include "virt/domain_view.h"
#include "virt/running_domains.h"

namespace cluster::virt {
namespace {

std::string value(pugi::xml_node element, const char* name) {
  return std::string(attribute(element, name));
}

std::string child_text(pugi::xml_node parent, const char* name) {
  return std::string(text_of(parent.child(name)));
}

void read_machine(pugi::xml_node root, DomainSpec& domain) {
  const auto type = value(root, "type");
  if (type != "kvm" && type != "qemu") {
    throw Error(Fault::refused, "it is a domain of type " + quote(type) + ": want kvm or qemu");
  }
  domain.type = type == "kvm" ? DomainType::kvm : DomainType::qemu;
  const auto os = root.child("os");
  const auto arch = value(os.child("type"), "arch");
  if (arch != "x86_64" && arch != "i686") {
    throw Error(Fault::refused, "it is for " + quote(arch) + ": want x86_64");
  }
  domain.machine = value(os.child("type"), "machine");
  domain.emulator = child_text(root.child("devices"), "emulator");
  constexpr int kKibPerMib = 1024;
  domain.memory_mib =
      static_cast<int>(parse_number(child_text(root, "memory")).value_or(0) / kKibPerMib);
  domain.cpus = static_cast<int>(parse_number(child_text(root, "vcpu")).value_or(1));
  domain.boot.clear();
  for (const auto boot : os.children("boot")) domain.boot.push_back(value(boot, "dev"));
}

void read_firmware(pugi::xml_node os, DomainSpec& domain) {
  const auto loader = os.child("loader");
  if (value(os, "firmware") != "efi" && value(loader, "type") != "pflash") return;
  const auto features = os.child("firmware").children("feature");
  const bool secure = std::any_of(features.begin(), features.end(), [](pugi::xml_node one) {
    return value(one, "name") == "secure-boot" && value(one, "enabled") == "yes";
  });
  domain.firmware =
      secure || value(loader, "secure") == "yes" ? Firmware::efi_secure : Firmware::efi;
}

void read_cpu(pugi::xml_node cpu, DomainSpec& domain) {
  const auto mode = value(cpu, "mode");
  domain.cpu_mode = CpuMode::named;
  domain.cpu_model = child_text(cpu, "model");
  if (mode == "host-passthrough" || mode == "host-model" || mode == "maximum") {
    domain.cpu_mode = mode == "host-passthrough" ? CpuMode::host_passthrough
                      : mode == "host-model"     ? CpuMode::host_model
                                                 : CpuMode::maximum;
    domain.cpu_model.clear();
  }
}

void read_lifecycle(pugi::xml_node root, DomainSpec& domain) {
  const auto clock = root.child("clock");
  const auto offset = value(clock, "offset");
  if (offset == "utc" || offset == "localtime") domain.clock = offset;
  if (offset == "timezone") domain.clock = value(clock, "timezone");
  const auto take = [&](const char* name, std::string& into) {
    if (const auto text = child_text(root, name); !text.empty()) into = text;
  };
  take("on_poweroff", domain.lifecycle.on_poweroff);
  take("on_reboot", domain.lifecycle.on_reboot);
  take("on_crash", domain.lifecycle.on_crash);
}

void read_disk(pugi::xml_node disk, DomainSpec& domain) {
  const auto type = value(disk, "type");
  const auto device = value(disk, "device");
  const bool cdrom = device == "cdrom";
  if (!cdrom && device != "disk" && !device.empty()) return;
  if (type != "file" && (type != "block" || cdrom)) return;
  const auto source = disk.child("source");
  const auto driver = disk.child("driver");
  const auto target = disk.child("target");
  DiskSpec spec;
  spec.source = cdrom ? DiskSource::cdrom : type == "file" ? DiskSource::file : DiskSource::block;
  spec.path = value(source, type == "file" ? "file" : "dev");
  if (spec.path.empty()) return;  // nothing is in it
  spec.format = driver.attribute("type").empty() ? "raw" : value(driver, "type");
  spec.target = value(target, "dev");
  spec.bus = value(target, "bus");
  spec.cache = value(driver, "cache");
  spec.io = value(driver, "io");
  spec.discard = value(driver, "discard");
  spec.serial = child_text(disk, "serial");
  if (const auto thread = number(value(driver, "iothread")); thread > 0) spec.iothread = thread;
  domain.disks.push_back(spec);
}

void read_interface(pugi::xml_node interface, DomainSpec& domain) {
  const auto type = value(interface, "type");
  const auto source = interface.child("source");
  InterfaceSpec spec;
  if (type == "bridge") {
    const bool ovs = value(interface.child("virtualport"), "type") == "openvswitch";
    spec.kind = ovs ? InterfaceKind::ovs : InterfaceKind::bridge;
    spec.source = value(source, "bridge");
  } else if (type == "direct" && value(source, "mode") == "bridge") {
    spec.kind = InterfaceKind::direct;
    spec.source = value(source, "dev");
  } else if (type == "network") {
    spec.kind = InterfaceKind::network;
    spec.source = value(source, "network");
  } else {
    return;
  }
  spec.mac = value(interface.child("mac"), "address");
  spec.model = value(interface.child("model"), "type");
  spec.name = name_in_alias(std::string(alias(interface)));
  const auto vlan = interface.child("vlan");
  const auto tag = vlan.child("tag");
  if (!tag.empty() && tag.next_sibling("tag").empty() && value(vlan, "trunk") != "yes") {
    // libvirt takes numbers that are no VLAN, too.
    const auto id = parse_number(value(tag, "id"));
    if (id && *id >= 1 && *id <= kMaxVlan) spec.vlan = static_cast<int>(*id);
  }
  if (const auto mtu = parse_number(value(interface.child("mtu"), "size"))) {
    spec.mtu = static_cast<int>(*mtu);
  }
  domain.interfaces.push_back(spec);
}

void read_hostdev(pugi::xml_node hostdev, DomainSpec& domain) {
  const auto address = hostdev.child("source").child("address");
  const auto name = name_in_alias(std::string(alias(hostdev)));
  if (value(hostdev, "type") == "mdev") {
    domain.mdevs.push_back({name, value(address, "uuid")});
  }
  if (value(hostdev, "type") != "pci") return;
  const auto field = [&](const char* part) { return number(attribute(address, part), 0); };
  const PciAddress pci{
      static_cast<std::uint32_t>(field("domain")), static_cast<std::uint8_t>(field("bus")),
      static_cast<std::uint8_t>(field("slot")), static_cast<std::uint8_t>(field("function"))};
  const auto at = std::ranges::find_if(
      domain.cards, [&](const CardSpec& card) { return card.functions[0].same_slot(pci); });
  auto& card = at == domain.cards.end() ? domain.cards.emplace_back() : *at;
  if (card.name.empty()) card.name = name;
  card.functions.push_back(pci);
  card.managed = value(hostdev, "managed") == "yes";
}

bool is_agent(pugi::xml_node channel) {
  return value(channel.child("target"), "name") == "org.qemu.guest_agent.0";
}

void read_devices(pugi::xml_node devices, DomainSpec& domain) {
  for (const auto device : devices.children()) {
    const std::string_view tag = device.name();
    if (tag == "disk") read_disk(device, domain);
    if (tag == "interface") read_interface(device, domain);
    if (tag == "hostdev") read_hostdev(device, domain);
    if (tag == "channel" && is_agent(device)) domain.guest_agent = true;
  }
}

// Own XML may write an address in tens.
std::vector<std::string> given_in_any_spelling(const std::string& document) {
  std::vector<std::string> devices;
  try {
    pugi::xml_document tree;
    read_domain(tree, document);
    for (const auto& one : host_devices(document_text(tree))) devices.push_back(given_device(one));
  } catch (const Error&) {
    return {};
  }
  return devices;
}

}  // namespace

DomainSpec read_spec(const std::string& document) {
  pugi::xml_document tree;
  read_domain(tree, document);
  const auto root = tree.child("domain");
  DomainSpec domain;
  domain.name = child_text(root, "name");
  domain.uuid = child_text(root, "uuid");
  read_machine(root, domain);
  read_firmware(root.child("os"), domain);
  read_cpu(root.child("cpu"), domain);
  read_lifecycle(root, domain);
  read_devices(root.child("devices"), domain);
  return domain;
}

std::vector<Drive> drives(const std::string& document) {
  std::vector<Drive> all;
  for (auto& disk : DomainView(document).disks) {
    all.push_back({std::move(disk.target), std::move(disk.bus), disk.cdrom, disk.place});
  }
  return all;
}

std::string given_device(const std::string& device) {
  return is_uuid(device) ? device : PciAddress::parse(device).libvirt();
}

std::vector<std::string> given_devices(const std::string& document) {
  std::vector<std::string> devices;
  try {
    for (const auto& one : host_devices(document)) devices.push_back(given_device(one));
  } catch (const Error&) {
    devices = given_in_any_spelling(document);
  }
  std::ranges::sort(devices);
  devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
  return devices;
}

std::map<std::string, PciAddress> guest_addresses(const std::string& document) {
  std::map<std::string, PciAddress> addresses;
  try {
    const DomainView view(document);
    for (const auto& one : view.passed) {
      if (one.guest) addresses.emplace(one.pci.libvirt(), *one.guest);
    }
    for (const auto& one : view.mdevs) {
      if (one.guest) addresses.emplace(one.uuid, *one.guest);
    }
  } catch (const Error&) {
    return {};
  }
  return addresses;
}

}  // namespace cluster::virt
