#pragma once

#include <string>

#include "db/inventory.h"

// What db/ calls cards in its refusals.
namespace cluster {

/// "card gpupci1", "slice gpupci1.0", "mediated device c2177883-...".
std::string device_words(const std::string& device);

/// Throws Error(not_found): `host` has no card `card`, a name or an address.
[[noreturn]] void no_card(Inventory& inventory, const HostName& host, const std::string& card);

}  // namespace cluster
