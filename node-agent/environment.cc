#include "node-agent/environment.h"

#include "core/file.h"
#include "core/text.h"

namespace cluster::agent {

void Environment::keep_state_in(const std::filesystem::path& folder) {
  for (auto* file : {&saved_drivers, &names, &wedged, &slices}) *file = folder / file->filename();
}

std::string Environment::boot_id() const {
  const auto text = read_file(proc / "sys/kernel/random/boot_id");
  return text ? std::string(trim(*text)) : std::string();
}

std::string Environment::machine() const {
  const auto text = read_file(machine_id);
  const auto id = text ? std::string(trim(*text)) : std::string();
  return id == "uninitialized" ? std::string() : id;  // machine-id(5), before the first boot
}

}  // namespace cluster::agent
