#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cmd/context.h"
#include "frontend/hosts/ask.h"

// Where failures of hosts and VMs become words and an exit status.
namespace cluster::cmd {

/// Prints why, "n1: no route to host", on standard error. Returns the exit status: 3 when the host
/// was not reached, else 1.
int report_failure(Output& output, const std::string& who, const Error& error);

/// Prints each. Returns the worst exit status, 0 when there are none.
int report_failures(Output& output, const frontend::Failures& failures);

/// Calls `work` with each answer that is one, and prints the failure of each other one, and where
/// `work` throws Error. Returns the exit status: 0 when every host had its answer, else 1, else 3
/// when one was not reached.
int for_each_answer(Context& context, const std::vector<frontend::AgentAnswer>& answers,
                    const std::function<void(const frontend::AgentAnswer&)>& work);

}  // namespace cluster::cmd
