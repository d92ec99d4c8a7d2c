#pragma once

#include <string>
#include <vector>

namespace cluster::agent {

/// Rows of cells as lines, the columns aligned with two blanks between them; no blanks at the ends
/// of lines.
std::string text_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace cluster::agent
