#pragma once

#include <string>
#include <string_view>

#include "rolls/engine/host_family.h"

// Pieces of sh that a script is put together from.
namespace cluster::rolls {

/// `text` as lines of comment, broken at 110 columns where it has blanks; it cannot become a line
/// of the script.
std::string shell_comment(std::string_view text);

/// Every line of `text` that is not empty with `by` before it; empty lines at the end are left out.
std::string indented(std::string_view text, std::string_view by);

/// `text` for hosts of one family alone; as it is when `family` is null.
std::string only_for(const HostFamily* family, const std::string& text);

/// A here-document with `text`, whatever lines it has, from " <<'WORD'" to the end of its last
/// line.
std::string here_document(const std::string& text);

}  // namespace cluster::rolls
