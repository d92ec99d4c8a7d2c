#pragma once

#include <string>

namespace cluster::virt {

/// What a define of `ours`, a text of domain_xml(), would change of `theirs`, libvirt's inactive
/// document of the same domain: a unified diff of the lines that differ, from theirs to ours; ""
/// when there is nothing to do. What libvirt adds by itself (addresses, aliases, controllers,
/// defaults) and how it spells values (units, pc-q35-7.2 for q35) is no difference. Disks,
/// interfaces, cards and whatever else libvirt does not add must be the same. Throws Error(io) when
/// `theirs` is no XML.
std::string domain_diff(const std::string& ours, const std::string& theirs);

}  // namespace cluster::virt
