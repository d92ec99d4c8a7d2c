#include "virt/running_domains.h"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>

#include "core/error.h"
#include "core/hex.h"
#include "core/pci_address.h"
#include "core/text.h"

namespace cluster::virt {
namespace {

Error broken(std::string_view where) {
  return {Fault::io, "libvirt's configuration of a VM is cut short at " +
                         quote(std::string(where.substr(0, 40)))};
}

// Returns the end of the tag that `text` starts with, behind its '>'. A '>' in quotes ends no tag.
std::size_t tag_end(std::string_view text) {
  char inside = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (inside != 0) {
      if (text[i] == inside) inside = 0;
    } else if (text[i] == '\'' || text[i] == '"') {
      inside = text[i];
    } else if (text[i] == '>') {
      return i + 1;
    }
  }
  throw broken(text);
}

bool is(std::string_view tag, std::string_view name) {
  if (!tag.starts_with(name)) return false;
  const auto next = tag.substr(name.size(), 1);
  return next.find_first_of(" \t\n/>") == 0;
}

// Returns the value of an attribute: 0x65 for bus when the tag has " bus='0x65'".
std::optional<std::string_view> attribute(std::string_view tag, std::string_view name) {
  const auto key = " " + std::string(name) + "=";
  const auto at = tag.find(key);
  if (at == std::string_view::npos || at + key.size() >= tag.size()) return std::nullopt;
  const auto value = tag.substr(at + key.size() + 1);
  return value.substr(0, value.find(tag[at + key.size()]));
}

unsigned hex(std::string_view text, unsigned most) {
  const auto value = text.starts_with("0x") ? parse_hex(text.substr(2)) : std::nullopt;
  if (!value || *value > most) {
    throw Error(Fault::io, "no part of a PCI address: " + quote(std::string(text)));
  }
  return static_cast<unsigned>(*value);
}

// Returns nothing for a USB or SCSI address, which has other parts and belongs to no card.
std::optional<std::string> device_of(std::string_view address) {
  if (const auto uuid = attribute(address, "uuid")) return std::string(*uuid);
  const auto slot = attribute(address, "slot");
  const auto function = attribute(address, "function");
  const auto bus = attribute(address, "bus");
  if (!slot || !function || !bus) return std::nullopt;
  constexpr auto kAnyDomain = std::numeric_limits<std::uint32_t>::max();
  return PciAddress{hex(attribute(address, "domain").value_or("0x0"), kAnyDomain),
                    static_cast<std::uint8_t>(hex(*bus, 0xff)),
                    static_cast<std::uint8_t>(hex(*slot, 0x1f)),
                    static_cast<std::uint8_t>(hex(*function, 7))}
      .sysfs();
}

// The list of domains as libvirt hands it over. Every member and the list itself have to be freed.
class DomainList {
 public:
  DomainList(const Libvirt& libvirt, virConnect* connection, unsigned int which,
             const std::string& words)
      : libvirt_(libvirt), count_(libvirt.connect_list_all_domains(connection, &list_, which)) {
    if (count_ < 0) throw libvirt.error("list the " + words + " VMs");
  }
  DomainList(const DomainList&) = delete;
  DomainList& operator=(const DomainList&) = delete;
  ~DomainList() {
    for (auto* domain : *this) libvirt_.domain_free(domain);
    std::free(list_);
  }

  virDomainPtr* begin() const { return list_; }
  virDomainPtr* end() const { return list_ + count_; }

 private:
  const Libvirt& libvirt_;
  virDomainPtr* list_ = nullptr;
  int count_;
};

}  // namespace

std::vector<std::string> host_devices(std::string_view domain_xml) {
  std::vector<std::string> devices;
  bool in_source = false;
  for (;;) {
    const auto open = domain_xml.find('<');
    if (open == std::string_view::npos) throw broken(domain_xml);
    domain_xml.remove_prefix(open);
    const auto tag = domain_xml.substr(0, tag_end(domain_xml));
    domain_xml.remove_prefix(tag.size());
    if (is(tag, "</domain")) return devices;
    if (is(tag, "<metadata")) {  // the operator's: any XML, which says nothing about devices
      if (tag.ends_with("/>")) continue;
      const auto end = domain_xml.rfind("</metadata>");
      if (end == std::string_view::npos) throw broken(tag);
      domain_xml.remove_prefix(end);
    } else if (is(tag, "<source")) {
      in_source = !tag.ends_with("/>");
    } else if (is(tag, "</source")) {
      in_source = false;
    } else if (in_source && is(tag, "<address")) {
      if (auto device = device_of(tag)) devices.push_back(std::move(*device));
    }
  }
}

std::vector<VmDevice> running_domains(const Libvirt& libvirt, virConnect* connection) {
  std::vector<VmDevice> all;
  const auto add = [&](virDomainPtr domain, const DomainXml& xml, bool saved) {
    for (auto& device : host_devices(xml.get())) {
      all.push_back({libvirt.domain_get_name(domain), std::move(device), saved});
    }
  };
  for (auto* domain : DomainList(libvirt, connection, VIR_CONNECT_LIST_DOMAINS_ACTIVE, "running")) {
    const DomainXml xml(libvirt.domain_get_xml_desc(domain, 0));
    if (!xml && libvirt.domain_is_gone()) continue;
    if (!xml) throw libvirt.error("show a running VM");
    add(domain, xml, false);
  }
  for (auto* domain :
       DomainList(libvirt, connection, VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE, "saved")) {
    // It starts with the devices that it was saved with, whatever its configuration says now.
    DomainXml xml(libvirt.domain_managed_save_get_xml_desc(domain, 0));
    if (!xml) xml.reset(libvirt.domain_get_xml_desc(domain, 0));
    if (!xml && libvirt.domain_is_gone()) continue;
    if (!xml) throw libvirt.error("show a saved VM");
    add(domain, xml, true);
  }
  return all;
}

}  // namespace cluster::virt
