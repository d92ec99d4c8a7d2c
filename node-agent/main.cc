#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "core/text.h"
#include "node-agent/actions/run.h"
#include "node-agent/binding/open_node_devices.h"

int main(int argc, char** argv) {
  cluster::agent::Environment environment;
  if (const char* state = std::getenv("GPUPCI_STATE")) environment.keep_state_in(state);
  if (const char* settings = std::getenv("GPUPCI_SETTINGS")) environment.settings = settings;
  if (const char* deadline = std::getenv("GPUPCI_DEADLINE")) {
    const auto seconds = cluster::parse_number(deadline);
    if (seconds && *seconds > 0 && *seconds <= 3600) {
      environment.act_deadline = std::chrono::seconds(*seconds);
    }
  }
  if (const char* asked = std::getenv("SSH_ORIGINAL_COMMAND")) environment.ssh_command = asked;
  std::error_code unknown;
  const auto program = std::filesystem::read_symlink(environment.proc / "self/exe", unknown);
  if (!unknown) environment.program = program;
  environment.open_devices = cluster::agent::open_node_devices;
  environment.open_sysfs_devices = cluster::agent::open_sysfs_devices;
  cluster::agent::Stream out(STDOUT_FILENO);
  cluster::agent::Stream err(STDERR_FILENO);
  return cluster::agent::run(std::vector<std::string>(argv + 1, argv + argc), out, err,
                             environment);
}
