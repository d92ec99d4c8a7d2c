#pragma once

#include <string>

namespace cluster::virt {

/// Tells what a define would change. `ours` is a text of domain_xml(), and `theirs` is libvirt's
/// inactive document of the same domain. Returns a unified diff from theirs to ours, or "" when
/// there is nothing to do. Two things are no difference: the things that libvirt adds by itself
/// (addresses, aliases, controllers, defaults), and its spelling of values (units, pc-q35-7.2 for
/// q35). Disks, interfaces, cards and all else that libvirt does not add must be the same. Throws
/// Error(io) when `theirs` is no domain document.
std::string domain_diff(const std::string& ours, const std::string& theirs);

}  // namespace cluster::virt
