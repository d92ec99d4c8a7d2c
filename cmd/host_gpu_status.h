#pragma once

#include <string>
#include <vector>

#include "cmd/context.h"
#include "frontend/hosts/ask.h"

namespace cluster::cmd {

/// Brings GpuCard::told of the recorded cards of the host up to date by its answer, and stores it.
/// Returns the cards with what was told. Throws Error(io) when the answer cannot be understood.
std::vector<GpuCard> take_told(Inventory& inventory, const frontend::AgentAnswer& answer,
                               const std::string& now);

/// Asks the hosts who drives their cards, and shows that beside what the inventory wishes. A card
/// of a host without an answer is shown as unknown, with what was known last.
int show_status(Context& context, const std::vector<std::string>& words, const ssh::Limits& limits);

}  // namespace cluster::cmd
