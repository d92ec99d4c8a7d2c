#pragma once

#include <functional>
#include <string>
#include <vector>

#include "node-agent/environment.h"

namespace cluster::agent {

/// The value of an environment variable, as getenv(3) gives it: null when there is none.
using Variables = std::function<const char*(const char* name)>;

/// Says if the variables may be those of somebody who may do less than gpupci:
/// - a client of ssh whose key runs gpupci alone; sshd hands its variables on (sshd_config(5),
///   AcceptEnv), and sets SSH_ORIGINAL_COMMAND when the client asked for another command;
/// - a user whom sudo lets run gpupci (sudo(8): SUDO_COMMAND begins with what sudo runs; below a
///   shell that sudo runs it names the shell);
/// - anybody, when the kernel says so (getauxval(3), AT_SECURE).
/// `words` are those of main(), with the name of the program first.
bool are_foreign(const Variables& variables, const std::vector<std::string>& words, bool secure);

/// Takes GPUPCI_STATE, GPUPCI_SETTINGS and GPUPCI_DEADLINE. A deadline that is no number of seconds
/// from 1 to 3600 does not count.
void take_settings(const Variables& variables, Environment& environment);

/// Takes all variables from this process, and so from libvirt and the programs that gpupci runs,
/// but for a PATH.
void forget_variables();

}  // namespace cluster::agent
