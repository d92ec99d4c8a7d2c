#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/line/parse.h"

namespace cluster::cmd {

/// The request of a shell, "complete -- WORD...": which words may stand in place of the last WORD.
/// It prints one a line, its help behind a tab. Nothing unless `words` are such a request. The
/// action never writes and never fails: without an inventory it knows the words of commands alone.
std::optional<Invocation> completion(const std::vector<std::string>& words);

}  // namespace cluster::cmd
