#include "node-agent/kernel/proc_view.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHosts = "pid:[4026531836]";

// "pid:[4026531836]"; empty when it may not be read.
std::string namespace_of(const fs::path& process) {
  std::error_code failure;
  return fs::read_symlink(process / "ns/pid", failure).native();
}

}  // namespace

BlindSpot blind_spot(const fs::path& proc) {
  std::error_code failure;
  if (!fs::exists(proc / "1", failure)) {
    return {proc.native() + " does not show the first process of the host, so others may be hidden",
            "mount the host's /proc there, without hidepid for root"};
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
