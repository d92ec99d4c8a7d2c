#pragma once

#include <string>
#include <string_view>

namespace cluster {

/// `text` with control characters as \xNN, those of Unicode too (U+0080 to U+009F), and with all
/// bytes above 0x7f where it is no UTF-8: nobody else's text can control the operator's terminal.
std::string escaped(std::string_view text, bool keeps_tabs);

/// What somebody else says, printable, for a message; no more than the first 1,000 bytes of it.
std::string brief(std::string_view text);

/// False if nothing in `text` can be a part of what escaped() makes another of.
bool may_need_escapes(std::string_view text);

/// A document of JSON in which those control characters that JSON lets stand (U+007F to U+009F) are
/// spelled by their numbers; its meaning stays.
std::string json_for_terminal(std::string json);

/// A line of somebody else for a terminal: tabs stay, and a carriage return at its end goes.
std::string for_terminal(std::string_view line);

/// The same of several lines, which keep their ends.
std::string lines_for_terminal(std::string_view text);

}  // namespace cluster
