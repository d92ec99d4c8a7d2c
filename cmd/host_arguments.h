#pragma once

#include <string>

#include "db/host.h"

namespace cluster::cmd {

/// What `add host` and `set host` are told of a host, as a shell takes it and each with a blank
/// before it: " rack=1 address=10.1.0.1". Only its appliance is left out.
std::string host_arguments(const Host& host);

}  // namespace cluster::cmd
