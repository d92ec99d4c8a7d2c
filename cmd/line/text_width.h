#pragma once

#include <cstddef>
#include <string_view>

namespace cluster::cmd {

/// The columns of a terminal that `text`, UTF-8 without control characters, takes: two for a
/// character of East Asia (Unicode Standard Annex 11: wide, full width), none for one that is drawn
/// over another. A byte that is no UTF-8 takes one.
std::size_t text_width(std::string_view text);

/// The beginning of `text` that takes at most `width` columns; no character is cut in two.
std::string_view text_within(std::string_view text, std::size_t width);

}  // namespace cluster::cmd
