#include "cmd/line/terminal.h"

#include <sys/ioctl.h>

#include <algorithm>

namespace cluster::cmd {
namespace {

constexpr std::size_t kWithoutTerminal = 80;
constexpr std::size_t kNarrowest = 40;
constexpr std::size_t kWidest = 100;

}  // namespace

std::size_t terminal_width(int file) {
  winsize size{};
  if (ioctl(file, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kWithoutTerminal;
  return std::clamp(static_cast<std::size_t>(size.ws_col), kNarrowest, kWidest);
}

}  // namespace cluster::cmd
