#include "node-agent/kernel/proc_view.h"

#include <algorithm>
#include <string_view>

#include "core/text.h"
#include "node-agent/kernel/mounts.h"
#include "node-agent/kernel/quiet_read.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHosts = "pid:[4026531836]";

// "pid:[4026531836]"; empty when it may not be read.
std::string namespace_of(const fs::path& process) {
  std::error_code failure;
  return fs::read_symlink(process / "ns/pid", failure).native();
}

// Of a /proc with this option only the processes are left: no swap, no device, no memory.
bool has_processes_only(const fs::path& proc) {
  bool only = false;
  for (const auto& mount : mounts_in(read_all_quietly(proc / "self/mountinfo"))) {
    if (mount.type != "proc" || mount.point != proc.native()) continue;
    const auto options = split(mount.options, ',');
    only = std::ranges::find(options, "subset=pid") != options.end();  // the last one is on top
  }
  return only;
}

}  // namespace

BlindSpot blind_spot(const fs::path& proc) {
  std::error_code failure;
  if (!fs::exists(proc / "1", failure)) {
    return {proc.native() + " does not show the first process of the host, so others may be hidden",
            "mount the host's /proc there, without hidepid for root"};
  }
  if (has_processes_only(proc)) {
    return {proc.native() + " shows processes and nothing else of the host (subset=pid)",
            "mount it without that option; of a unit: ProcSubset=all"};
  }
  // Who is in the host's namespace has a place in the host's /proc alone, so `self` would lead
  // nowhere in another one. Where nothing tells a namespace, there are none.
  const auto own = namespace_of(proc / "self");
  if (own == kHosts) return {};
  const auto first = namespace_of(proc / "1");
  if (first == kHosts || (own.empty() && first.empty())) return {};
  return {"gpupci is in a pid namespace of its own and does not see the programs of the host",
          "run it in that of the host: nsenter -t 1 -p -m, docker run --pid=host"};
}

}  // namespace cluster::agent
