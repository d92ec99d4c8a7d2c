#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace cluster::virt {

/// OVMF places BARs in two ways. Which one a container has is not known from libvirt.
enum class Edk2 {
  until_2022,  ///< measured with edk2 2022.11
  since_2025,  ///< measured with edk2 2025.02 and 2026.08
};

/// The part of a guest's address space for 64-bit BARs, in MiB.
struct MmioWindow {
  std::uint64_t first = 0;
  std::uint64_t end = 0;
};

/// The window of OVMF in a guest of `bits` address bits. `gib_pages`: its CPU has pages of 1 GiB
/// (pdpe1gb), without which OVMF uses 40 bits at most. `asked_mib` is what fw_cfg says in
/// opt/ovmf/X-PciMmio64Mb.
MmioWindow ovmf_window(int bits, bool gib_pages, std::optional<std::uint64_t> asked_mib, Edk2 edk2);

/// SeaBIOS begins behind the guest's memory and goes to the end of the address space.
MmioWindow seabios_window(int bits, std::uint64_t memory_mib);

/// The places of the BARs of some cards.
struct BarPlaces {
  std::vector<bool> complete;   ///< for each card: all of its BARs have a place
  std::uint64_t spare_mib = 0;  ///< left behind the last BAR
  bool all() const;             ///< every card is complete
};

/// Where firmware puts the BARs of `cards`, the sizes of each in MiB: the cards go by their biggest
/// BAR, and each starts at a multiple of it. When all do not fit, the biggest BAR of all is left
/// out and the rest is placed anew: that card is dead in the guest.
BarPlaces place_bars(const MmioWindow& window, const std::vector<std::vector<int>>& cards);

}  // namespace cluster::virt
