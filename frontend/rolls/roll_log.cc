#include "frontend/rolls/roll_log.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "frontend/rolls/frontend_places.h"

namespace cluster::frontend {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 1U << 20U;
constexpr std::size_t kMostFiles = 10;

// A name that sorts by time: the colons of the time are left out, as some file systems have none.
std::string file_name(const std::string& roll) {
  auto name = utc_now() + "-" + roll + ".log";
  std::erase(name, ':');
  return name;
}

void prune(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".log") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (std::size_t i = 0; i + kMostFiles < files.size(); ++i) fs::remove(files[i]);
}

}  // namespace

RollLogs::RollLogs(Inventory& inventory) : folder_(state_folder(inventory) / "roll-logs") {}

void RollLogs::keep(const HostName& host, const std::string& roll, std::string_view text) const {
  const auto of_host = folder_ / host.str();
  try {
    if (fs::create_directories(folder_)) fs::permissions(folder_, fs::perms::owner_all);
    fs::create_directories(of_host);
    if (text.size() > kMostBytes) text.remove_prefix(text.size() - kMostBytes);
    replace_file(of_host / file_name(roll), text);
    prune(of_host);
  } catch (const fs::filesystem_error& error) {
    cannot("keep a log in", of_host, error.code().value());
  }
}

}  // namespace cluster::frontend
