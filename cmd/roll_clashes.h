#pragma once

#include <vector>

#include "rolls/engine/roll.h"

namespace cluster::cmd {

/// Throws Error(refused) when `roll` has a command that could never be reached, or would hide
/// another, or an attribute that others have: the program itself, or one of `others`. Throws
/// Error(usage) when an attribute looks like one of VMs and is none.
void refuse_clashes(const rolls::Roll& roll, const std::vector<rolls::Roll>& others);

}  // namespace cluster::cmd
