#pragma once

#include <libvirt/libvirt.h>

#include <optional>
#include <string>

namespace cluster::virt {

/// What libvirt keeps of a domain that is not undefined with it, and the ways out: saved memory,
/// snapshots, checkpoints. Nothing when there is none. `name` and `uuid` are the domain's, and
/// `undefine` what a person types to undefine it, see undefine_words().
/// https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainUndefineFlags
std::optional<std::string> kept_by(virDomain* domain, const std::string& name,
                                   const std::string& uuid, const std::string& undefine);

}  // namespace cluster::virt
