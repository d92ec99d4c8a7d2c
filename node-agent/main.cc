#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "core/standard_streams.h"
#include "node-agent/actions/run.h"
#include "node-agent/binding/open_node_devices.h"
#include "node-agent/streams.h"
#include "node-agent/variables.h"

int main(int argc, char** argv) {
  cluster::hold_standard_streams();
  ::umask(::umask(022) | 022);  // nobody else may write to what is made here
  const std::vector<std::string> words(argv, argv + argc);
  cluster::agent::Environment environment;
  if (const char* asked = std::getenv("SSH_ORIGINAL_COMMAND")) environment.ssh_command = asked;
  if (const char* call = std::getenv("SSH_CONNECTION")) environment.ssh_connection = call;
  if (cluster::agent::are_foreign(std::getenv, words, ::getauxval(AT_SECURE) != 0)) {
    cluster::agent::forget_variables();
  }
  cluster::agent::take_settings(std::getenv, environment);
  std::error_code unknown;
  const auto program = std::filesystem::read_symlink(environment.proc / "self/exe", unknown);
  if (!unknown) environment.program = program;
  environment.open_devices = cluster::agent::open_node_devices;
  environment.open_sysfs_devices = cluster::agent::open_sysfs_devices;
  cluster::agent::Stream out(STDOUT_FILENO);
  cluster::agent::Stream err(STDERR_FILENO);
  const std::vector<std::string> arguments(words.begin() + (words.empty() ? 0 : 1), words.end());
  return cluster::agent::run(arguments, out, err, environment);
}
