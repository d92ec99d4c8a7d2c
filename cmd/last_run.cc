#include "cmd/last_run.h"

#include <cstdlib>
#include <system_error>

#include "core/file.h"
#include "core/sha256.h"
#include "core/text.h"

namespace cluster::cmd {

std::filesystem::path state_dir() {
  const char* state = getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::filesystem::path(state) / "cluster";
  const char* home = getenv("HOME");
  if (home == nullptr || *home != '/') return "";
  return std::filesystem::path(home) / ".local/state/cluster";
}

std::filesystem::path last_run_file(const std::filesystem::path& folder,
                                    const std::filesystem::path& inventory) {
  constexpr std::size_t kEnough = 16;
  std::error_code ignored;
  const auto file = std::filesystem::weakly_canonical(inventory, ignored);
  return folder / ("run-host-failed-" + sha256_hex(file.native()).substr(0, kEnough));
}

void keep_last_run(const std::filesystem::path& file, const std::vector<std::string>& failed) {
  std::string lines;
  for (const auto& name : failed) lines += name + "\n";
  replace_file(file, lines);
}

void forget_last_run(const std::filesystem::path& file) {
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
}

std::optional<std::vector<std::string>> failed_in_last_run(const std::filesystem::path& file) {
  const auto text = read_file(file);
  if (!text) return std::nullopt;
  std::vector<std::string> names;
  for (const auto line : split(*text, '\n')) {
    if (!line.empty()) names.emplace_back(line);
  }
  return names;
}

}  // namespace cluster::cmd
