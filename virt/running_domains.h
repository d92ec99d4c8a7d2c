#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "virt/libvirt.h"
#include "virt/node_devices.h"

namespace cluster::virt {

/// The devices of the host that a domain was given, by its live XML. These are all <address> in a
/// <source> that are a PCI address or have the UUID of a mediated device: those of <hostdev>, of
/// <interface type='hostdev'> and of <disk type='nvme'> (https://libvirt.org/formatdomain.html). It
/// reads only the XML that virDomainGetXMLDesc() writes: quoted attributes, no entity or CDATA
/// where it looks. It needs no library: gpupci has to run on a node that has no libpugixml, and is
/// 308 KB larger when that is linked statically (1.13, Debian 12), as its one object brings streams
/// and XPath along. Throws Error(io) when the text is cut short or holds an address that is none.
std::vector<std::string> host_devices(std::string_view domain_xml);

/// The host's devices of all running domains of a connection, and of those that libvirt has saved
/// (virDomainManagedSave()). A domain that ends meanwhile has none. Throws Error(io).
std::vector<VmDevice> running_domains(const Libvirt& libvirt, virConnect* connection);

}  // namespace cluster::virt
