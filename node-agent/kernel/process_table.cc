#include "node-agent/kernel/process_table.h"

#include <unistd.h>

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

// Files of /proc/PID come and go with the process, and some can be read only by root.
std::string read_or_empty(const fs::path& path) {
  try {
    return read_file(path).value_or("");
  } catch (const Error&) {
    return "";
  }
}

// The unit that `systemctl stop` ends together with this process: the first service on the path of
// its control group, "/system.slice/nvidia-persistenced.service". A service inside
// user@1000.service belongs to that user's own systemd.
std::string service_in(std::string_view cgroups) {
  for (const auto line : split(cgroups, '\n')) {
    // The line is "0::PATH", or "1:name=systemd:PATH" with the older control groups.
    if (!line.starts_with("0::") && line.find(":name=systemd:") == std::string_view::npos) continue;
    for (const auto part : split(line.substr(line.rfind(':') + 1), '/')) {
      if (part.starts_with("user@")) return "";
      if (part.ends_with(".service")) return std::string(part);
    }
  }
  return "";
}

// The time since the boot, "12345.67 23456.78" (proc(5)).
std::optional<std::chrono::seconds> uptime(const fs::path& proc) {
  const auto text = read_or_empty(proc / "uptime");
  const auto seconds = parse_number(std::string_view(text).substr(0, text.find('.')));
  return seconds ? std::optional(std::chrono::seconds(*seconds)) : std::nullopt;
}

// The time when the process began, in clock ticks since the boot: field 22. The second field, the
// command in parentheses, may contain anything.
std::optional<std::chrono::seconds> start_in(std::string_view stat) {
  const auto end = stat.rfind(") ");
  if (end == std::string_view::npos) return std::nullopt;
  const auto fields = split(stat.substr(end + 2), ' ');
  const auto ticks = fields.size() > 19 ? parse_number(fields[19]) : std::nullopt;
  return ticks ? std::optional(std::chrono::seconds(*ticks / ::sysconf(_SC_CLK_TCK)))
               : std::nullopt;
}

}  // namespace

Process ProcessTable::describe(pid_t pid) const {
  const auto now = uptime(proc_);
  const auto start = start_in(read_or_empty(of(pid) / "stat"));
  return {pid, std::string(trim(read_or_empty(of(pid) / "comm"))),
          service_in(read_or_empty(of(pid) / "cgroup")),
          now && start ? std::optional(*now - *start) : std::nullopt};
}

std::string ProcessTable::vm_name(pid_t pid) const {
  const auto text = read_or_empty(of(pid) / "cmdline");
  const auto words = split(text, '\0');
  const auto name = std::ranges::find(words, "-name");
  if (name == words.end() || std::next(name) == words.end()) return "";
  for (auto part : split(*std::next(name), ',')) {
    if (part.starts_with("guest=")) return std::string(part.substr(6));
    if (part.find('=') == std::string_view::npos) return std::string(part);
  }
  return "";
}

std::vector<pid_t> ProcessTable::all() const {
  std::vector<pid_t> pids;
  std::error_code failure;
  for (fs::directory_iterator at(proc_, failure), end; !failure && at != end;
       at.increment(failure)) {
    if (const auto pid = parse_number(at->path().filename().native())) {
      pids.push_back(static_cast<pid_t>(*pid));
    }
  }
  if (failure) throw Error(Fault::io, "cannot read " + proc_.native() + ": " + failure.message());
  std::ranges::sort(pids);
  return pids;
}

}  // namespace cluster::agent
