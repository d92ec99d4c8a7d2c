#include "virt/domain_xml.h"

#include <algorithm>
#include <array>
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

// The size is written in the largest unit that divides it: 1 GiB reads better than 1048576 KiB.
void add_page(pugi::xml_node hugepages, std::uint64_t kib, bool guest_cell) {
  int unit = 0;
  for (; unit < 2 && kib % 1024 == 0; ++unit) kib /= 1024;
  constexpr std::array kUnits{"KiB", "MiB", "GiB"};
  auto page =
      child(hugepages, "page",
            {{"size", std::to_string(kib)}, {"unit", kUnits.at(static_cast<std::size_t>(unit))}});
  if (guest_cell) page.append_attribute("nodeset") = "0";
}

bool has_guest_cell(const DomainSpec& domain) {
  return domain.numa && (domain.numa->guest_cell || domain.numa->expander);
}

void add_memory_and_cpus(pugi::xml_node root, const DomainSpec& domain) {
  child(root, "memory", {{"unit", "MiB"}}).text() = domain.memory_mib;
  if (domain.hugepage_kib) {
    auto hugepages = child(child(root, "memoryBacking"), "hugepages");
    if (*domain.hugepage_kib != 0)
      add_page(hugepages, *domain.hugepage_kib, has_guest_cell(domain));
  }
  auto vcpu = child(root, "vcpu", {{"placement", "static"}});
  vcpu.text() = domain.cpus;
  if (!domain.numa) return;
  if (!domain.numa->cpuset.empty()) vcpu.append_attribute("cpuset") = domain.numa->cpuset.c_str();
  const std::string mode = domain.numa->strict ? "strict" : "preferred";
  const auto node = std::to_string(domain.numa->host_node);
  auto numatune = child(root, "numatune");
  child(numatune, "memory", {{"mode", mode}, {"nodeset", node}});
  if (has_guest_cell(domain)) {
    child(numatune, "memnode", {{"cellid", "0"}, {"mode", mode}, {"nodeset", node}});
  }
}

void add_os(pugi::xml_node root, const DomainSpec& domain) {
  auto os = child(root, "os");
  if (domain.firmware == Firmware::efi) os.append_attribute("firmware") = "efi";
  child(os, "type", {{"arch", "x86_64"}, {"machine", domain.machine}}).text() = "hvm";
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

void add_topology(pugi::xml_node cpu, const Topology& topology, int cpus) {
  const auto sockets = std::to_string(topology.sockets);
  const auto cores = std::to_string(topology.cores);
  const auto threads = std::to_string(topology.threads);
  if (topology.sockets < 1 || topology.cores < 1 || topology.threads < 1 ||
      std::int64_t{topology.sockets} * topology.cores * topology.threads != cpus) {
    throw Error(Fault::usage, sockets + " sockets of " + cores + " cores of " + threads +
                                  " threads are not the " + std::to_string(cpus) +
                                  " CPUs of the VM (want a product of " + std::to_string(cpus) +
                                  ")");
  }
  child(cpu, "topology", {{"sockets", sockets}, {"cores", cores}, {"threads", threads}});
}

void add_cpu(pugi::xml_node root, const DomainSpec& domain, bool holds_device) {
  auto cpu = child(root, "cpu");
  switch (domain.cpu_mode) {
    case CpuMode::host_passthrough:
      cpu.append_attribute("mode") = "host-passthrough";
      // A guest that holds a device cannot migrate, so it may have all that this CPU can do.
      if (holds_device) {
        cpu.append_attribute("check") = "none";
        cpu.append_attribute("migratable") = "off";
      }
      break;
    case CpuMode::host_model:
      cpu.append_attribute("mode") = "host-model";
      break;
    case CpuMode::maximum:
      cpu.append_attribute("mode") = "maximum";
      break;
    case CpuMode::named:
      cpu.append_attribute("mode") = "custom";
      cpu.append_attribute("match") = "exact";
      child(cpu, "model", {{"fallback", "forbid"}}).text() = domain.cpu_model.c_str();
      break;
  }
  if (domain.topology) add_topology(cpu, *domain.topology, domain.cpus);
  if (domain.maxphysaddr == AddressBits::passthrough) {
    child(cpu, "maxphysaddr", {{"mode", "passthrough"}});
  } else if (domain.maxphysaddr == AddressBits::emulate) {
    child(cpu, "maxphysaddr", {{"mode", "emulate"}, {"bits", std::to_string(domain.address_bits)}});
  }
  if (!has_guest_cell(domain)) return;
  const auto cpus = domain.cpus == 1 ? "0" : "0-" + std::to_string(domain.cpus - 1);
  child(child(cpu, "numa"), "cell",
        {{"id", "0"},
         {"cpus", cpus},
         {"memory", std::to_string(domain.memory_mib)},
         {"unit", "MiB"}});
}

void add_devices(pugi::xml_node root, const DomainSpec& domain, const GuestSlots& slots) {
  auto devices = child(root, "devices");
  if (!domain.emulator.empty()) text_child(devices, "emulator", domain.emulator);
  add_disks(devices, domain);
  add_controllers(devices, domain, slots);
  add_interfaces(devices, domain);
  add_consoles(devices, domain);
  // A card that is passed through pins all guest memory, so a balloon could take nothing back.
  if (!domain.cards.empty() || !domain.mdevs.empty()) {
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

void build(pugi::xml_document& document, const DomainSpec& domain) {
  const auto slots = place_cards(domain);
  const bool holds_device =
      !domain.mdevs.empty() || std::ranges::any_of(domain.cards, &CardSpec::known);
  auto root =
      child(document, "domain", {{"type", domain.type == DomainType::kvm ? "kvm" : "qemu"}});
  text_child(root, "name", domain.name);
  text_child(root, "uuid", domain.uuid);
  add_memory_and_cpus(root, domain);
  add_os(root, domain);
  add_features(root, domain);
  add_cpu(root, domain, holds_device);
  child(root, "clock", {{"offset", "utc"}});
  text_child(root, "on_poweroff", "destroy");
  text_child(root, "on_reboot", "restart");
  text_child(root, "on_crash", "restart");
  add_devices(root, domain, slots);
  add_override(root, domain);
  for (const auto& fragment : domain.fragments) merge_fragment(root, fragment);
  settle_boot(root, domain);
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

std::string domain_xml_for_define(const DomainSpec& domain) {
  pugi::xml_document document;
  build(document, domain);
  const auto print = fingerprint(document_text(document));
  auto root = document.document_element();
  auto metadata = root.child("metadata");  // a fragment may have added it
  if (metadata.empty()) metadata = root.insert_child_after("metadata", root.child("uuid"));
  child(metadata, "rollcall:config", {{"xmlns:rollcall", kNamespace}, {"fingerprint", print}});
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
