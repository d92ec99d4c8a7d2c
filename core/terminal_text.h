#pragma once

#include <string>
#include <string_view>

namespace cluster {

/// `text` with control characters as \xNN, those of Unicode too (U+0080 to U+009F), and with all
/// bytes above 0x7f where it is no UTF-8: nobody else's text can control the operator's terminal.
std::string escaped(std::string_view text, bool keeps_tabs);

/// A line of somebody else for a terminal: tabs stay, and a carriage return at its end goes.
std::string for_terminal(std::string_view line);

}  // namespace cluster
