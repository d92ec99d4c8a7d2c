#pragma once

#include <cstddef>
#include <string>

namespace cluster::virt {

/// The bounds of a document that libvirt on a host gives. A VM with hundreds of devices has 200 KB,
/// 3,000 elements and eight in each other.
constexpr std::size_t kLongestDocument = std::size_t{2} << 20U;
constexpr int kDeepestDocument = 64;
constexpr std::size_t kMostElements = 50'000;

/// Returns `xml`, which may be no XML at all. Throws Error(io) when it is beyond the bounds.
std::string within_bounds(std::string xml);

}  // namespace cluster::virt
