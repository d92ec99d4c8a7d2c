#include "ssh/control_folder.h"

#include <stdlib.h>

#include <system_error>
#include <utility>

namespace cluster::ssh {
namespace {

// A socket's path has 107 characters at the most (unix(7)); ssh makes it under a name that is 17
// longer, and renames it.
constexpr std::size_t kMostPath = 80;

}  // namespace

ControlFolder::~ControlFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

std::string ControlFolder::socket(std::size_t number) {
  if (!std::exchange(was_tried_, true)) {
    std::error_code failed;
    const auto folder = std::filesystem::temp_directory_path(failed);
    std::string path = (folder / "cluster-XXXXXX").native();
    if (!failed && mkdtemp(path.data()) != nullptr) path_ = path;
  }
  if (path_.empty()) return "";
  const auto path = (path_ / std::to_string(number)).native();
  return path.size() <= kMostPath ? path : "";
}

}  // namespace cluster::ssh
