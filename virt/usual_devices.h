#pragma once

#include <string_view>

namespace cluster::virt {

/// The text of virt/usual_devices.rng: the part of libvirt's schema that DomainSchema asks first.
std::string_view usual_devices();

}  // namespace cluster::virt
