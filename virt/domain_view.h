#pragma once

#include <optional>
#include <pugixml.hpp>
#include <set>
#include <string>
#include <vector>

#include "core/pci_address.h"
#include "virt/drive_place.h"

// What a libvirt document says, as the gates look at it. Only virt/ includes this header.

namespace cluster::virt {

/// A PCI device of the container in a document: a <hostdev>, or an <interface type='hostdev'>.
struct PassedDevice {
  PciAddress pci;                   ///< on the container
  std::optional<PciAddress> guest;  ///< nothing: libvirt chooses
  std::string alias;                ///< "" = none
  bool managed = false;
  bool iommufd = false;
};

/// A mediated device in a document.
struct PassedMdev {
  std::string uuid;
  std::optional<PciAddress> guest;  ///< nothing: libvirt chooses
  std::string alias;
  bool display = false;
};

/// A disk in a document.
struct ViewedDisk {
  std::string target;  ///< "sda"
  std::string bus;     ///< "sata"
  bool cdrom = false;
  std::optional<DrivePlace> place;  ///< where its address, or else libvirt, puts it
};

struct DomainView {
  /// Throws Error(io) when `xml` is no document of a domain.
  explicit DomainView(const std::string& xml);

  pugi::xml_node root() const { return document.child("domain"); }
  pugi::xml_node devices() const { return root().child("devices"); }

  /// The attribute at the end of such a path below <domain>, "os/type@machine"; "" = none.
  std::string at(const std::string& path) const;

  /// True if an element of that name, or with that attribute, is anywhere: "acpi@nodeset".
  bool any(const std::string& element, const std::string& attribute = "") const;

  pugi::xml_document document;
  std::vector<PassedDevice> passed;
  std::vector<PassedMdev> mdevs;
  std::vector<ViewedDisk> disks;
  std::vector<std::string> macs;  ///< in lower case, of the interfaces, one of each team
  std::set<std::string> cliques;  ///< aliases that have a GPUDirect clique
  std::set<int> switched;         ///< guest buses behind a port of a PCIe switch
  bool has_switch = false;        ///< there is a PCIe switch
  bool own_switch = false;        ///< and it is named as those of attribute pci_switch are
  bool q35 = false;
  bool uefi = false;  ///< it boots with some loader other than the BIOS
  std::uint64_t memory_mib = 0;
  std::optional<std::uint64_t> hole_mib;    ///< pcihole64
  std::optional<std::uint64_t> window_mib;  ///< fw_cfg opt/ovmf/X-PciMmio64Mb
};

/// The name in an alias: "gpupci1" of "ua-gpupci1" and of "ua-gpupci1-fn0"; "" = it is not ours.
std::string name_in_alias(const std::string& alias);

}  // namespace cluster::virt
