#pragma once

#include <memory>
#include <string>

#include "virt/domains.h"

namespace cluster::virt {

/// Connects to the libvirt daemon at `uri`, "qemu:///system"; asks no questions. Throws Error(io)
/// when libvirt is not installed or no daemon answers there. The connection and its calls wait as
/// long as the daemon does: who made the way to the daemon bounds them.
std::unique_ptr<Domains> open_domains(const std::string& uri);

/// The URI of a QEMU daemon that is spoken to over the UNIX socket `path`.
std::string uri_of_socket(const std::string& path);

}  // namespace cluster::virt
