#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "virt/domains.h"

namespace cluster::virt {

/// Connects to the libvirt daemon at `uri`, "qemu:///system", and asks the operator no questions.
/// Throws Error(io) when libvirt is not installed or no daemon answers there. The connection and
/// its calls wait as long as the daemon does: a deadline is up to the caller, who made the way
/// there.
std::unique_ptr<Domains> open_domains(const std::string& uri);

/// The URI of a QEMU daemon that is spoken to over the UNIX socket `path`.
std::string uri_of_socket(const std::string& path);

/// What of its host is behind the message of a start that failed, "; the host remaps ...", and
/// which checks of gpupci tell it. Empty where the message says it all (docs/troubleshooting.md).
std::string failed_start_cause(std::string_view failure);

}  // namespace cluster::virt
