#include "node-agent/kernel/net_log.h"

#include <algorithm>
#include <string_view>

#include "core/text.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

// "eth1" of "+r6665@10.0.0.2/eth1,6666@10.0.0.1/02:00:00:00:00:09"; without a name it is eth0.
std::string device_in(std::string_view target) {
  const auto source = target.substr(0, target.find(','));
  const auto slash = source.find('/');
  const auto name = slash == std::string_view::npos ? "" : source.substr(slash + 1);
  return name.empty() ? "eth0" : std::string(name);
}

}  // namespace

bool net_log_is_on(const std::filesystem::path& proc) {
  const auto consoles = read_quietly(proc / "consoles");
  return std::ranges::any_of(split(consoles, '\n'),
                             [](auto line) { return line.starts_with("netcon"); });
}

// The parameter of a module that is built in has the name of the module before it.
std::vector<std::string> net_log_devices(const std::filesystem::path& proc) {
  std::vector<std::string> found;
  auto line = read_quietly(proc / "cmdline");
  std::erase(line, '"');
  for (const auto word : split(line, ' ')) {
    for (const std::string_view key : {"netconsole=", "netconsole.netconsole="}) {
      if (!word.starts_with(key)) continue;
      for (const auto target : split(word.substr(key.size()), ';')) {
        if (!target.empty()) found.push_back(device_in(target));
      }
    }
  }
  return found;
}

}  // namespace cluster::agent
