#include "node-agent/binding/modprobe.h"

#include <optional>

#include "core/error.h"
#include "node-agent/binding/run_program.h"

namespace cluster::agent {
namespace {

// Returns nothing when there is no modprobe in `folder`.
std::optional<int> modprobe_in(const std::string& folder, const std::string& module) {
  try {
    return run_program({folder + "/modprobe", module});
  } catch (const Error& error) {
    if (error.fault() == Fault::not_found) return std::nullopt;
    throw;
  }
}

}  // namespace

void modprobe(const std::string& module) {
  auto status = modprobe_in("/sbin", module);
  if (!status) status = modprobe_in("/usr/sbin", module);
  if (!status) throw Error(Fault::io, "cannot run modprobe: it is not in /sbin or /usr/sbin");
  if (*status != 0) {
    throw Error(Fault::io, "modprobe cannot load " + module + " (see `modinfo " + module +
                               "` and the kernel's log)");
  }
}

}  // namespace cluster::agent
