#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "virt/libvirt.h"
#include "virt/node_devices.h"

namespace cluster::virt {

/// The devices of the host that a domain was given, by its live XML: every <address> in a <source>
/// that is a PCI address or has the UUID of a mediated device, so those of <hostdev>, of <interface
/// type='hostdev'> and of <disk type='nvme'> (https://libvirt.org/formatdomain.html). Not a reader
/// of any XML, but of what virDomainGetXMLDesc() writes: quoted attributes, no entity or CDATA
/// where it looks. It needs no library, as a node may have none. Throws Error(io) when the text is
/// cut short or an address in it is none.
std::vector<std::string> host_devices(std::string_view domain_xml);

/// What the running domains of a connection have. A domain that ends meanwhile has nothing. Throws
/// Error(io).
std::vector<VmDevice> running_domains(const Libvirt& libvirt, virConnect* connection);

}  // namespace cluster::virt
