#pragma once

#include <string>
#include <vector>

namespace cluster::agent {

/// The rows as lines, with the cells of a column aligned and two blanks between columns. No line
/// ends with blanks.
std::string text_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace cluster::agent
