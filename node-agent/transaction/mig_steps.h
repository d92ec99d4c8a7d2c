#pragma once

#include <optional>
#include <string>

#include "node-agent/cards/mig.h"
#include "node-agent/guard/guard_input.h"
#include "node-agent/transaction/slice_steps.h"

namespace cluster::agent {

/// Makes a GPU instance with this profile ("1g.5gb") and all of its compute, and reads it back. The
/// vendor's only public way is nvidia-smi (NVIDIA Multi-Instance GPU User Guide). Half of an
/// instance is removed again. Returns nothing in a dry run. Throws Error: refused when NVIDIA's
/// driver does not have the card, not_found where there is no nvidia-smi, else io.
std::optional<MigInstance> make_mig(const Card& card, const std::string& profile,
                                    const Environment& environment, SliceSteps& steps);

/// Removes an instance of the card with its compute, and reads that back. Where nvidia-smi removes
/// its one compute instance alone, that is made again. Throws Error: refused while a program has
/// it, else the same.
void remove_mig(const MigInstance& instance, const Card& card, const GuardInput& input,
                const Environment& environment, SliceSteps& steps);

}  // namespace cluster::agent
