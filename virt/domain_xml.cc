#include "virt/domain_xml.h"

#include <algorithm>
#include <string_view>

#include "core/error.h"
#include "core/hex.h"
#include "core/text.h"
#include "virt/domain_parts.h"

namespace cluster::virt {

pugi::xml_node child(pugi::xml_node parent, const char* name,
                     std::initializer_list<std::pair<const char*, std::string>> attributes) {
  auto node = parent.append_child(name);
  for (const auto& [key, value] : attributes) node.append_attribute(key) = value.c_str();
  return node;
}

void text_child(pugi::xml_node parent, const char* name, const std::string& value) {
  child(parent, name).text() = value.c_str();
}

void declare_qemu(pugi::xml_node root) {
  if (root.attribute("xmlns:qemu").empty()) {
    root.append_attribute("xmlns:qemu") = "http://libvirt.org/schemas/domain/qemu/1.0";
  }
}

namespace {

struct StringWriter : pugi::xml_writer {
  std::string text;
  void write(const void* data, std::size_t size) override {
    text.append(static_cast<const char*>(data), size);
  }
};

// pugixml ends an empty element with " />", and libvirt with "/>". Both are made alike, so that a
// diff shows only what differs. Values hold no line ends (these are written as "&#10;"), so only a
// tag can stand at the end of a line.
std::string as_libvirt_writes(const std::string& xml) {
  constexpr std::string_view kEnd = " />\n";
  std::string out;
  out.reserve(xml.size());
  std::size_t done = 0;
  for (auto at = xml.find(kEnd); at != std::string::npos; at = xml.find(kEnd, done)) {
    out.append(xml, done, at - done).append(kEnd.substr(1));
    done = at + kEnd.size();
  }
  return out.append(xml, done);
}

}  // namespace

std::string document_text(const pugi::xml_document& document) {
  StringWriter out;
  document.save(
      out, "  ",
      pugi::format_indent | pugi::format_no_declaration | pugi::format_attribute_single_quote,
      pugi::encoding_utf8);
  return as_libvirt_writes(out.text);
}

namespace {

// No other program uses this name, so it is also the prefix that is looked for.
constexpr const char* kNamespace = "urn:rollcall:config";

// https://libvirt.org/formatdomain.html#bios-bootloader. Without the features libvirt takes the
// first image that fits, which on Debian is the one with Microsoft's keys. With an image for AMD
// SEV installed, libvirt 12.8 takes that one unless a loader in flash is asked for; libvirt 9.0
// refuses a loader beside firmware='efi', 11.3 is the first that was seen to take it.
void add_os(pugi::xml_node root, const DomainSpec& domain) {
  constexpr int kTakesLoader = 11003000;
  auto os = child(root, "os");
  const bool efi = domain.firmware != Firmware::bios;
  if (efi) os.append_attribute("firmware") = "efi";
  child(os, "type", {{"arch", "x86_64"}, {"machine", domain.machine}}).text() = "hvm";
  if (efi) {
    const bool secure = domain.firmware == Firmware::efi_secure;
    auto firmware = child(os, "firmware");
    if (secure) child(firmware, "feature", {{"enabled", "yes"}, {"name", "enrolled-keys"}});
    child(firmware, "feature", {{"enabled", secure ? "yes" : "no"}, {"name", "secure-boot"}});
    if (!secure && domain.libvirt_version.value_or(0) >= kTakesLoader) {
      child(os, "loader", {{"readonly", "yes"}, {"type", "pflash"}});
    }
  }
  for (const auto& device : domain.boot) child(os, "boot", {{"dev", device}});
}

void add_features(pugi::xml_node root, const DomainSpec& domain) {
  auto features = child(root, "features");
  child(features, "acpi");
  child(features, "apic");
  if (!domain.hide_hypervisor) return;
  child(child(features, "hyperv", {{"mode", "custom"}}), "vendor_id",
        {{"state", "on"}, {"value", domain.hyperv_vendor_id}});
  child(child(features, "kvm"), "hidden", {{"state", "on"}});
}

void add_clock(pugi::xml_node root, const std::string& clock) {
  if (clock == "utc" || clock == "localtime") {
    child(root, "clock", {{"offset", clock}});
  } else {
    child(root, "clock", {{"offset", "timezone"}, {"timezone", clock}});
  }
}

void add_devices(pugi::xml_node root, const DomainSpec& domain, const GuestSlots& slots) {
  auto devices = child(root, "devices");
  if (!domain.emulator.empty()) text_child(devices, "emulator", domain.emulator);
  add_disks(devices, domain);
  add_controllers(devices, domain, slots);
  add_interfaces(devices, domain);
  add_consoles(devices, domain);
  // A card that is passed through pins all guest memory, so a balloon could take nothing back.
  if (domain.card_tuning && (!domain.cards.empty() || !domain.mdevs.empty())) {
    child(devices, "memballoon", {{"model", "none"}});
  }
  add_hostdevs(devices, domain, slots);
}

// libvirt takes either the kinds of devices in <os> or the order of each device, but not both. The
// order says more, so it wins.
void settle_boot(pugi::xml_node root, const DomainSpec& domain) {
  const auto devices = root.child("devices").children();
  const bool ordered = std::any_of(devices.begin(), devices.end(), [](const auto& device) {
    return !device.child("boot").attribute("order").empty();
  });
  if (!ordered) return;
  auto os = root.child("os");
  for (std::size_t i = 0; i < domain.boot.size(); ++i) os.remove_child("boot");
  if (os.child("boot").empty()) return;
  throw Error(Fault::usage, "the boot order of " + quote(domain.name) +
                                " is said twice: <boot dev='" +
                                os.child("boot").attribute("dev").value() +
                                "'/> in <os> and <boot order=...> of a device (want one of them)");
}

void build(pugi::xml_document& document, const DomainSpec& domain, const OwnPorts& own) {
  const auto slots = place_cards(domain, own);
  const bool holds_device =
      domain.card_tuning &&
      (!domain.mdevs.empty() || std::ranges::any_of(domain.cards, &CardSpec::known));
  auto root =
      child(document, "domain", {{"type", domain.type == DomainType::kvm ? "kvm" : "qemu"}});
  text_child(root, "name", domain.name);
  text_child(root, "uuid", domain.uuid);
  add_memory_and_cpus(root, domain);
  add_os(root, domain);
  add_features(root, domain);
  add_cpu(root, domain, holds_device);
  add_clock(root, domain.clock);
  text_child(root, "on_poweroff", domain.lifecycle.on_poweroff);
  text_child(root, "on_reboot", domain.lifecycle.on_reboot);
  text_child(root, "on_crash", domain.lifecycle.on_crash);
  add_devices(root, domain, slots);
  add_override(root, domain);
  for (const auto& fragment : domain.fragments) merge_fragment(root, fragment);
  settle_boot(root, domain);
  const bool pcie = domain.machine.find("q35") != std::string::npos;
  name_own_ports(root.child("devices"), pcie ? "pcie-root" : "pci-root");
  join_sources(root.child("devices"));
  add_macs(root.child("devices"), domain.uuid);
  add_scsi_controllers(root.child("devices"));
  add_iothreads(root);
}

// Own XML adds devices as well, so the ports can only be counted in the whole document.
void build(pugi::xml_document& document, const DomainSpec& domain) {
  build(document, domain, OwnPorts{});
  if (domain.cards.empty() && domain.mdevs.empty()) return;
  const auto own = own_ports(document.document_element().child("devices"));
  document.reset();
  build(document, domain, own);
}

}  // namespace

std::string domain_xml(const DomainSpec& domain) {
  pugi::xml_document document;
  build(document, domain);
  return document_text(document);
}

std::string fingerprint(const std::string& rendering) {
  // The hash is FNV-1a with 64 bits. It is the same on every machine and in every version, which
  // std::hash is not.
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : rendering) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return to_hex(hash, 16);
}

std::string for_define(const std::string& rendering) {
  constexpr auto kAsItIs =
      pugi::parse_default | pugi::parse_comments | pugi::parse_ws_pcdata_single;
  pugi::xml_document document;
  document.load_buffer(rendering.data(), rendering.size(), kAsItIs, pugi::encoding_utf8);
  auto root = document.document_element();
  auto metadata = root.child("metadata");  // a fragment may have added it
  if (metadata.empty()) metadata = root.insert_child_after("metadata", root.child("uuid"));
  child(metadata, "rollcall:config",
        {{"xmlns:rollcall", kNamespace}, {"fingerprint", fingerprint(rendering)}});
  return document_text(document);
}

std::optional<std::string> fingerprint_in(const std::string& xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return {};
  const auto print =
      document.child("domain").child("metadata").child("rollcall:config").attribute("fingerprint");
  if (print.empty()) return {};
  return print.value();
}

}  // namespace cluster::virt
