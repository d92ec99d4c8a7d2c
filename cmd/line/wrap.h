#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cluster::cmd {

/// Fills the paragraphs of `text` into lines of at most `width` characters. Lines that follow each
/// other are one paragraph. An empty line, and a line that starts with a blank, stay as they are. A
/// text in `backquotes` is kept on one line. A word that is longer than a line is not cut. `text`
/// is ASCII, and so is the answer, which ends with a line end unless it is empty.
std::string wrapped(std::string_view text, std::size_t width);

/// Puts `text` behind `head`; lines that do not fit go on below the beginning of `text`.
std::string hanging(std::string_view head, std::string_view text, std::size_t width);

/// Makes two columns, indented by two blanks. Each left text stands beside its right text, which is
/// wrapped below its own beginning. A left text that is too wide for its column has a line of its
/// own.
std::string two_columns(std::span<const std::pair<std::string, std::string>> rows,
                        std::size_t width);

}  // namespace cluster::cmd
