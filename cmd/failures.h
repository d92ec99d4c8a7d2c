#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cmd/context.h"
#include "frontend/hosts/ask.h"

// These functions turn failures of hosts and VMs into words and an exit status.
namespace cluster::cmd {

/// Prints the reason on standard error, as in "n1: no route to host". Returns the exit status: 3
/// when the host was not reached, else 1.
int report_failure(Output& output, const std::string& who, const Error& error);

/// Prints each failure. Returns the worst exit status, 0 when there are no failures.
int report_failures(Output& output, const frontend::Failures& failures);

/// Calls `work` with each answer that a host gave. Prints a failure for each host without an
/// answer, and for each Error that `work` throws. Returns the exit status: 0 when every host had
/// its answer, else 1, but 3 when a host was not reached.
int for_each_answer(Context& context, const std::vector<frontend::AgentAnswer>& answers,
                    const std::function<void(const frontend::AgentAnswer&)>& work);

}  // namespace cluster::cmd
