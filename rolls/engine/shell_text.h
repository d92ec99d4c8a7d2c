#pragma once

#include <string>
#include <string_view>

#include "rolls/engine/host_family.h"

// A script is put together from these pieces of sh.
namespace cluster::rolls {

/// `text` as lines of comment, broken at blanks to 110 columns. No part of it can become a line of
/// the script.
std::string shell_comment(std::string_view text);

/// `text` with `by` before each line that is not empty; empty lines at the end are left out.
std::string indented(std::string_view text, std::string_view by);

/// `text` for hosts of one family alone; when `family` is null, `text` as it is.
std::string only_for(const HostFamily* family, const std::string& text);

/// A here-document with `text`, which may have any lines. It goes from " <<'WORD'" to the end of
/// its last line.
std::string here_document(const std::string& text);

}  // namespace cluster::rolls
