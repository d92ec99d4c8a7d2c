#pragma once

#include <string>
#include <vector>

#include "virt/domain_merge.h"

namespace cluster::frontend {

/// Says of each difference what it is and who made it, a line each:
///   vm-1: memory 4 GiB -> 8 GiB                                   change
///   vm-1: disk vda: source /srv/a.img, the host has /srv/a.snap1  changed on the host
/// A password is not shown.
std::vector<std::string> difference_words(const std::string& vm,
                                          const std::vector<virt::MergeDifference>& differences);

/// "disk vda: driver cache" of "domain/devices/disk[vda]/driver@cache".
std::string path_words(const std::string& path);

}  // namespace cluster::frontend
