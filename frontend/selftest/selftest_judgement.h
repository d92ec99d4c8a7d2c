#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "frontend/hosts/agent_json.h"

// What the tools of a host said of its cards under test, and what is right and wrong with them.
namespace cluster::frontend {

/// The checks of the cards of one host, in the order of `cards`. `said` is the output of
/// selftest.sh there, which may have ended early; `why` is then the reason, else "". What was not
/// said, or is not as expected, is unknown. A card fails only by an error that its driver or tool
/// calls so. Their ids:
///   T1  errors of its memory (ECC)           T2  rows and pages of its memory that are out of use
///   T3  its PCIe link while it is used       T4  bandwidth from and to the host
///   T5  dcgmi diag -r 1, of NVIDIA's cards alone
std::vector<CheckAnswer> judge_selftest(const std::vector<GpuCard>& cards, const std::string& said,
                                        const std::string& why);

/// True if `id` is that of a check of a selftest, "T1"; T0 says why a card was not tested.
bool is_of_selftest(std::string_view id);

}  // namespace cluster::frontend
