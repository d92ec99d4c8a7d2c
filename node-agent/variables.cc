#include "node-agent/variables.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "core/text.h"

namespace cluster::agent {
namespace {

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool runs_by_sudo(const Variables& variables, const std::string& program) {
  const char* command = variables("SUDO_COMMAND");
  if (command == nullptr) return variables("SUDO_UID") != nullptr;
  const std::string_view all = command;
  return file_name(all.substr(0, all.find(' '))) == file_name(program);
}

}  // namespace

bool are_foreign(const Variables& variables, const std::vector<std::string>& words, bool secure) {
  return secure || variables("SSH_ORIGINAL_COMMAND") != nullptr ||
         std::ranges::find(words, "--serve-ssh") != words.end() ||
         runs_by_sudo(variables, words.empty() ? std::string() : words.front());
}

void take_settings(const Variables& variables, Environment& environment) {
  if (const char* state = variables("GPUPCI_STATE")) environment.keep_state_in(state);
  if (const char* settings = variables("GPUPCI_SETTINGS")) environment.settings = settings;
  if (const char* deadline = variables("GPUPCI_DEADLINE")) {
    const auto seconds = parse_number(deadline);
    if (seconds && *seconds > 0 && *seconds <= 3600) {
      environment.act_deadline = std::chrono::seconds(*seconds);
    }
  }
}

void forget_variables() {
  ::clearenv();
  ::setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
}

}  // namespace cluster::agent
