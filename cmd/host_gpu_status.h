#pragma once

#include <string>
#include <vector>

#include "cmd/context.h"
#include "frontend/hosts/ask.h"

namespace cluster::cmd {

/// What a host said of its cards just now.
struct ToldCards {
  HostName host;
  std::vector<GpuCard> cards;
  std::string stub;  ///< the driver that holds cards for VMs there
};

/// Throws Error(io) when the answer cannot be understood.
ToldCards told_cards(const frontend::AgentAnswer& answer);

/// Returns the recorded cards of the host, `known`, with GpuCard::told and GpuCard::missing as it
/// said.
std::vector<GpuCard> with_told(std::vector<GpuCard> known, const ToldCards& told,
                               const std::string& now);

/// Asks the hosts who drives their cards, and shows that beside what the inventory wishes. A card
/// of a host without an answer is shown as unknown, with what was known last.
int show_status(Context& context, const std::vector<std::string>& words, const ssh::Limits& limits);

}  // namespace cluster::cmd
