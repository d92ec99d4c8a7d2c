#include "cmd/line/terminal.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace cluster::cmd {
namespace {

constexpr std::size_t kWithoutTerminal = 80;
constexpr std::size_t kNarrowest = 40;
constexpr std::size_t kWidest = 100;

}  // namespace

std::size_t terminal_columns(int file) {
  winsize size{};
  return ioctl(file, TIOCGWINSZ, &size) != 0 ? 0 : size.ws_col;
}

std::size_t terminal_width(int file) {
  const auto columns = terminal_columns(file);
  return columns == 0 ? kWithoutTerminal : std::clamp(columns, kNarrowest, kWidest);
}

std::size_t progress_width(int out, int err) {
  const char* kind = getenv("TERM");
  const bool is_dumb = kind == nullptr || std::string_view(kind) == "dumb";
  struct stat found {};
  const bool is_piped =
      fstat(out, &found) == 0 && (S_ISFIFO(found.st_mode) || S_ISSOCK(found.st_mode));
  if (isatty(err) == 0 || is_dumb || is_piped) return 0;
  const auto columns = terminal_columns(err);
  return columns == 0 ? kWithoutTerminal : columns;
}

}  // namespace cluster::cmd
