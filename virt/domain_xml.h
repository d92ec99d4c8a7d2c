#pragma once

#include <string>

#include "virt/domain_spec.h"

namespace cluster::virt {

/// The libvirt document of `domain`, https://libvirt.org/formatdomain.html; the same value gives
/// the same bytes. Ends with a newline.
std::string domain_xml(const DomainSpec& domain);

}  // namespace cluster::virt
