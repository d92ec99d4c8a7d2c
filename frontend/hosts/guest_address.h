#pragma once

#include <string>
#include <vector>

#include "db/host.h"
#include "frontend/hosts/context.h"
#include "ssh/transport.h"

namespace cluster::frontend {

/// Of the addresses of a guest those at which others can reach it, the best first: of the
/// interfaces in its document (the guest may have networks of its own), IPv4 before IPv6.
std::vector<std::string> reachable(const virt::ToldAddresses& told, const std::string& domain_xml);

/// The ways in which ssh reaches `hosts`. A VM without an address of its own is reached at the
/// first address that its interfaces have in the inventory. One that has none, and whose name leads
/// nowhere, is reached at the address that libvirt on its container knows, where it knows one.
std::vector<ssh::Target> targets_of(Context& context, const std::vector<Host>& hosts,
                                    const ssh::Limits& limits);

}  // namespace cluster::frontend
