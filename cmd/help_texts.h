#pragma once

#include <span>

#include "cmd/line/command.h"

namespace cluster::cmd {

/// The files cmd/help/*.txt as they were when the program was built (cmake/embed.cmake).
std::span<const HelpText> help_texts();

}  // namespace cluster::cmd
