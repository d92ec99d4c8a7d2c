#pragma once

#include <string>
#include <vector>

#include "core/text_rows.h"

namespace cluster::cmd {

/// What the reader of a list wants to see of it.
struct TableView {
  std::vector<std::string> columns = {};  ///< in this order, in any case; none: all, as they come
  std::string sort = {};  ///< a column; "-cpus": the greatest first; "": as they come
};

/// Reads columns= (names with commas between them) and sort=.
TableView parse_table_view(const std::string& columns, const std::string& sort);

/// Puts the rows of a list in the order, and leaves the columns, that `view` wants. Numbers within
/// names count as numbers; unknown values come first. Throws Error(usage), with the names of all
/// `columns`, when one of its columns is not there.
void apply(const TableView& view, std::vector<std::string>& columns, TextRows& rows);

}  // namespace cluster::cmd
