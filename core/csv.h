#pragma once

#include <string>
#include <string_view>

namespace cluster {

/// `text` as a field of a CSV file (RFC 4180): with a comma, a quote or a line end it stands in
/// quotes, and its quotes are doubled.
std::string csv_field(std::string_view text);

}  // namespace cluster
