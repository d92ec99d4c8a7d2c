#pragma once

#include <string>
#include <string_view>

#include "virt/domain_merging.h"

// Children without names, of which the order says something. Only virt/ includes this header.

namespace cluster::virt {

/// Merges the children called `name` of an element at `path`, which have a listing() there.
void merge_list(Merging& merging, const Quad& quad, std::string_view name, const std::string& path);

}  // namespace cluster::virt
