#pragma once

namespace cluster {

/// VLANs have the numbers from 1 to this one: 0 and 4095 are no VLAN (IEEE 802.1Q).
inline constexpr int kMaxVlan = 4094;

}  // namespace cluster
