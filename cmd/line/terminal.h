#pragma once

#include <cstddef>

namespace cluster::cmd {

/// The characters that a line on `file` may have. It is the width of its terminal, at least 40 and
/// at most 100, which is as much as a person reads well. It is 80 when `file` is no terminal, or
/// one that does not know its width (TIOCGWINSZ, ioctl_tty(2)).
std::size_t terminal_width(int file);

/// The columns of the terminal `file`; 0 when it is none, or does not know.
std::size_t terminal_columns(int file);

/// The characters of a line that is drawn anew in its place on `err`; 0 when that is no terminal or
/// a dumb one ($TERM), or when `out` is a pipe: a pager behind it draws on the same terminal.
std::size_t progress_width(int out, int err);

}  // namespace cluster::cmd
