#include "frontend/rolls/frontend_places.h"

#include <unistd.h>

#include <system_error>

#include "core/error.h"
#include "core/text.h"
#include "core/variable.h"
#include "db/inventory_files.h"

namespace cluster::frontend {
namespace {

namespace fs = std::filesystem;

// True when files can be made in `folder`, which is made if it can be.
bool takes_files(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  return ::access(folder.c_str(), W_OK | X_OK) == 0;
}

// `of_all` is the folder of the machine, the other two are what people have instead (XDG Base
// Directory Specification).
fs::path found(const char* of_all, const std::string& chosen, const char* at_home) {
  if (chosen.starts_with('/')) return fs::path(chosen) / "cluster";
  if (takes_files(of_all)) return of_all;
  const auto home = variable("HOME");
  if (home.starts_with('/')) return fs::path(home) / at_home;
  throw Error(Fault::io, quote(of_all) + " cannot be written, and $HOME is not set");
}

}  // namespace

fs::path state_folder(Inventory& inventory) {
  if (InventoryFiles(inventory).are_kept()) {
    return found("/var/lib/cluster", variable("XDG_STATE_HOME"), ".local/state/cluster");
  }
  return fs::path(inventory.where()).parent_path();
}

fs::path cache_folder() {
  return found("/var/cache/cluster", variable("XDG_CACHE_HOME"), ".cache/cluster");
}

}  // namespace cluster::frontend
