#pragma once

#include <optional>
#include <string>
#include <vector>

#include "db/gpu.h"

// What a card is to be, and what it is.
namespace cluster::frontend {

/// Who drives the functions of a card.
enum class Binding {
  unknown,   ///< its host did not tell
  host,      ///< a driver of the host, or none
  detached,  ///< the driver that holds cards for VMs, all of them
  partly,    ///< that driver some of them
};

/// The binding by GpuTold::driver. `stub` is the driver that holds cards for VMs there, besides
/// those that always do; "" when the agent does not tell.
Binding binding_of(const std::optional<std::string>& driver, const std::string& stub);

/// The VM that holds the whole card; nothing when none does.
std::optional<HostName> holder_of(const GpuName& card, const std::vector<HeldDevice>& held);

/// What the card is to be: detached when a VM holds it, else its wish.
std::optional<GpuWish> wish_of(const GpuCard& card, const std::vector<HeldDevice>& held);

/// The time that has passed between two times of utc_now(): "12 s", "5 min", "3 h", "2 d"; "" when
/// one of them is no such time.
std::string age(const std::string& since, const std::string& now);

}  // namespace cluster::frontend
