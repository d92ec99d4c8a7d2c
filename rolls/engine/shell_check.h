#pragma once

#include "rolls/engine/roll.h"

namespace cluster::rolls {

/// Checks that sh can read the lines of sh in `roll`, each for itself: one that it cannot read
/// would end the script of a host before it begins, or take the lines behind it along. Nothing is
/// run. Throws Error(usage) with the place in roll.yaml and the words of sh.
void check_shell(const Roll& roll);

}  // namespace cluster::rolls
