#pragma once

#include <vector>

#include "rolls/engine/roll.h"

namespace cluster::cmd {

/// Throws Error(refused) when `roll` has a command that could never be reached or that would hide
/// another command, or when it has an attribute that is taken. The other commands and attributes
/// are those of the program itself and of `others`. Throws Error(usage) when an attribute looks
/// like one of VMs and is none.
void refuse_clashes(const rolls::Roll& roll, const std::vector<rolls::Roll>& others);

}  // namespace cluster::cmd
