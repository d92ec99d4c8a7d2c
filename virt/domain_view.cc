#include "virt/domain_view.h"

#include <algorithm>
#include <string_view>

#include "core/text.h"
#include "virt/domain_identity.h"
#include "virt/domain_spelling.h"
#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

std::optional<PciAddress> pci_of(pugi::xml_node address) {
  if (address.empty()) return std::nullopt;
  const auto field = [&](const char* name) {
    const auto text = attribute(address, name);
    return text.empty() ? 0 : number(text, -1);
  };
  const int domain = field("domain");
  const int bus = field("bus");
  const int slot = field("slot");
  const int function = field("function");
  if (bus < 0 || bus > 0xff || slot < 0 || slot > 0x1f || function < 0 || function > 7) return {};
  if (domain < 0) return {};
  return PciAddress{static_cast<std::uint32_t>(domain), static_cast<std::uint8_t>(bus),
                    static_cast<std::uint8_t>(slot), static_cast<std::uint8_t>(function)};
}

// The address that the guest sees; nothing when it is not one on PCI.
std::optional<PciAddress> guest_of(pugi::xml_node device) {
  const auto address = device.child("address");
  if (std::string_view(address.attribute("type").value()) != "pci") return std::nullopt;
  return pci_of(address);
}

// Sizes are in KiB in a document that read_domain() read.
std::uint64_t mib_of(pugi::xml_node size) { return size.text().as_ullong() / 1024; }

bool says(pugi::xml_node node, const char* attribute, std::string_view value) {
  return std::string_view(node.attribute(attribute).value()) == value;
}

ViewedDisk viewed(pugi::xml_node disk) {
  const auto target = disk.child("target");
  ViewedDisk out{target.attribute("dev").value(),
                 target.attribute("bus").value(),
                 says(disk, "device", "cdrom"),
                 {}};
  out.place = drive_place(out.bus, out.target);
  const auto address = disk.child("address");
  if (!says(address, "type", "drive")) return out;
  const auto field = [&](const char* name) { return number(attribute(address, name), 0); };
  out.place =
      DrivePlace{out.bus, field("controller"), field("bus"), field("target"), field("unit")};
  return out;
}

void read_devices(DomainView& view) {
  const bool all_iommufd = says(view.root().child("iommufd"), "enabled", "yes");
  for (const auto device : view.devices().children()) {
    const std::string_view tag = device.name();
    const auto source = device.child("source").child("address");
    if (tag == "disk") view.disks.push_back(viewed(device));
    // The two of a team have one MAC, https://libvirt.org/formatdomain.html, "Teaming".
    if (tag == "interface" && !says(device.child("teaming"), "type", "transient")) {
      if (const auto mac = device.child("mac").attribute("address"); !mac.empty()) {
        view.macs.push_back(lower(mac.value()));
      }
    }
    if ((tag == "hostdev" && says(device, "type", "pci")) ||
        (tag == "interface" && says(device, "type", "hostdev"))) {
      const auto pci = pci_of(source);
      if (!pci) continue;
      view.passed.push_back({*pci, guest_of(device), std::string(alias(device)),
                             says(device, "managed", "yes"),
                             all_iommufd || says(device.child("driver"), "iommufd", "yes")});
    } else if (tag == "hostdev" && says(device, "type", "mdev")) {
      view.mdevs.push_back({source.attribute("uuid").value(), guest_of(device),
                            std::string(alias(device)), says(device, "display", "on")});
    } else if (tag == "controller") {
      const auto index = device.attribute("index").as_int(-1);
      if (says(device, "model", "pcie-switch-upstream-port")) {
        view.has_switch = true;
        if (alias(device).starts_with("ua-up-switch")) view.own_switch = true;
      }
      if (says(device, "model", "pcie-switch-downstream-port")) view.switched.insert(index);
      if (const auto hole = device.child("pcihole64"); !hole.empty()) view.hole_mib = mib_of(hole);
    }
  }
}

// `-fw_cfg name=opt/ovmf/X-PciMmio64Mb,string=N` of <qemu:commandline>.
void read_window(DomainView& view) {
  constexpr std::string_view kName = "name=opt/ovmf/X-PciMmio64Mb,string=";
  for (const auto argument : view.root().child("qemu:commandline").children("qemu:arg")) {
    const std::string_view value = argument.attribute("value").value();
    if (!value.starts_with(kName)) continue;
    const auto mib = parse_number(value.substr(kName.size()));
    if (mib && *mib > 0) view.window_mib = static_cast<std::uint64_t>(*mib);
  }
}

void read_cliques(DomainView& view) {
  for (const auto device : view.root().child("qemu:override").children("qemu:device")) {
    for (const auto property : device.child("qemu:frontend").children("qemu:property")) {
      if (says(property, "name", "x-nv-gpudirect-clique")) {
        view.cliques.insert(device.attribute("alias").value());
      }
    }
  }
}

}  // namespace

DomainView::DomainView(const std::string& xml) {
  read_domain(document, xml);
  const std::string_view machine = root().child("os").child("type").attribute("machine").value();
  q35 = machine.find("q35") != std::string_view::npos;
  const auto os = root().child("os");
  uefi = says(os, "firmware", "efi") || !os.child("loader").empty();
  memory_mib = mib_of(root().child("memory"));
  read_devices(*this);
  read_window(*this);
  read_cliques(*this);
}

std::string DomainView::at(const std::string& path) const {
  auto node = root();
  const auto end = path.find('@');
  for (const auto name : split(std::string_view(path).substr(0, end), '/')) {
    node = node.child(std::string(name).c_str());
  }
  return node.attribute(path.substr(end + 1).c_str()).value();
}

bool DomainView::any(const std::string& element, const std::string& attribute) const {
  return !root()
              .find_node([&](pugi::xml_node node) {
                return node.name() == element &&
                       (attribute.empty() || !node.attribute(attribute.c_str()).empty());
              })
              .empty();
}

std::string name_in_alias(const std::string& alias) {
  constexpr std::string_view kOurs = "ua-";
  if (!alias.starts_with(kOurs)) return "";
  auto name = alias.substr(kOurs.size());
  const auto function = name.rfind("-fn");
  return function == std::string::npos ? name : name.substr(0, function);
}

}  // namespace cluster::virt
