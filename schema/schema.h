#pragma once

#include <span>
#include <string_view>

namespace cluster {

/// The files schema/NNNN_*.sql in order of number, as they were when this program was built. The
/// n-th (from 1) takes an inventory from version n - 1 to n (PRAGMA user_version).
std::span<const std::string_view> migrations();

}  // namespace cluster
