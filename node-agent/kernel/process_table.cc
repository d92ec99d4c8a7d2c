#include "node-agent/kernel/process_table.h"

#include <unistd.h>

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/kernel/timed_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kTablePatience{1000};

// Files of /proc/PID come and go with the process, some can be read only by root, and some not
// before the process lets them.
std::string read_in_time(const fs::path& path) {
  return timed_read(path, kTablePatience).value_or("");
}

// A program may give itself a name of blanks, or none (prctl(2), PR_SET_NAME).
std::string command_of(const fs::path& process) {
  const auto text = read_in_time(process / "comm");
  const auto command = trim(text);
  if (!command.empty()) return std::string(command);
  std::error_code gone;
  return fs::exists(process, gone) ? "?" : "";
}

// The parts of "guest=a,,b,debug-threads=on": a doubled comma is one of a name (QEMU's manual,
// "Command line parameter value quoting").
std::vector<std::string> option_parts(std::string_view text) {
  std::vector<std::string> parts(1);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != ',') {
      parts.back() += text[at];
    } else if (text.substr(at + 1, 1) == ",") {
      parts.back() += text[at++];
    } else {
      parts.emplace_back();
    }
  }
  return parts;
}

// The time since the boot, "12345.67 23456.78" (proc(5)).
std::optional<std::chrono::seconds> uptime(const fs::path& proc) {
  const auto text = read_in_time(proc / "uptime");
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
  const auto start = start_in(read_in_time(of(pid) / "stat"));
  const auto cgroups = read_in_time(of(pid) / "cgroup");
  return {.pid = pid,
          .command = command_of(of(pid)),
          .service = service_in(cgroups),
          .age = now && start ? std::optional(*now - *start) : std::nullopt,
          .container = container_in(cgroups),
          .inner_service = inner_service_in(cgroups),
          .login = login_in(cgroups)};
}

VmProcess ProcessTable::vm(pid_t pid) const {
  VmProcess vm;
  const auto text = read_in_time(of(pid) / "cmdline");
  const auto words = split(text, '\0');
  const auto after = [&](std::string_view option) {
    const auto at = std::ranges::find(words, option);
    return at == words.end() || std::next(at) == words.end() ? std::string_view() : *std::next(at);
  };
  const auto name = after("-name");
  for (const auto& part : option_parts(name)) {
    const bool is_guest = part.starts_with("guest=");
    if (is_guest) vm.name = part.substr(6);
    if (!is_guest && part.find('=') == std::string::npos) vm.name = part;
    if (!vm.name.empty()) break;
  }
  // libvirt always writes both, and names its monitor "charmonitor" (src/qemu/qemu_command.c).
  const bool of_libvirt = name.starts_with("guest=") && name.ends_with("debug-threads=on");
  vm.libvirt = of_libvirt || text.find("id=charmonitor") != std::string::npos;
  // Proxmox VE has "-id 101" and the socket /var/run/qemu-server/101.qmp.
  const auto id = after("-id");
  if (parse_number(id) && text.find("/qemu-server/" + std::string(id) + ".") != std::string::npos) {
    vm.id = id;
  }
  return vm;
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
