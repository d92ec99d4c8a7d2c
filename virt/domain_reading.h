#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "virt/domain_spec.h"
#include "virt/drive_place.h"

namespace cluster::virt {

/// What a document of libvirt says, in the words of the inventory: the other way round of
/// domain_xml(). What there is no word for is left out: a disk or an interface that a DiskSpec or
/// InterfaceSpec cannot be, tuning, a screen. Each slot of the host that a function was given from
/// is a card, whose name is that of its alias or "". A CPU that is not said is CpuMode::named
/// without a model. Sizes are rounded down to MiB. Throws Error(io) when it is no document of a
/// domain, and Error(refused) when it is none of x86 under QEMU.
DomainSpec read_spec(const std::string& document);

/// A drive of a document of libvirt, with something in it or empty.
struct Drive {
  std::string target;  ///< "sda"
  std::string bus;     ///< "sata"
  bool cdrom = false;
  std::optional<DrivePlace> place{};  ///< on a bus that has places
};

/// All drives of a document of libvirt, in its order. Throws as read_spec().
std::vector<Drive> drives(const std::string& document);

/// The devices of the host that a document of libvirt gives to its domain, sorted, each once:
/// "pci_0000_02_00_0", or the UUID of a mediated device. Own XML counts in whatever way it writes
/// an address; what is no document of a domain gives none.
std::vector<std::string> given_devices(const std::string& document);

/// Where the guest has those devices, by the same names. A device is left out when its address is
/// left to libvirt. A document that libvirt could not have written gives none.
std::map<std::string, PciAddress> guest_addresses(const std::string& document);

/// A device as host_devices() and VmDevice name it, "0000:02:00.0", as given_devices() does.
std::string given_device(const std::string& device);

}  // namespace cluster::virt
