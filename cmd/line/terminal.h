#pragma once

#include <cstddef>

namespace cluster::cmd {

/// The characters that a line on `file` may have. It is the width of its terminal, at least 40 and
/// at most 100, which is as much as a person reads well. It is 80 when `file` is no terminal, or
/// one that does not know its width (TIOCGWINSZ, ioctl_tty(2)).
std::size_t terminal_width(int file);

}  // namespace cluster::cmd
