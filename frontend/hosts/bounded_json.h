#pragma once

#include <cstddef>
#include <string_view>

namespace cluster::frontend {

/// The bounds of a JSON text of a host or a guest. A host with 16 cards of 64 slices says about
/// 20,000 values, five deep.
constexpr std::size_t kDeepestJson = 32;
constexpr std::size_t kMostJsonValues = 200'000;
constexpr std::size_t kLongestJsonText = std::size_t{1} << 20U;

/// Returns `text`, which may be no JSON at all. Throws Error(io) when it is beyond the bounds, as a
/// copy of what is nested deeper takes more stack than there is.
std::string_view bounded_json(std::string_view text);

}  // namespace cluster::frontend
