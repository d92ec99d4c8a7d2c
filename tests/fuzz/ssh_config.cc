// The operator's configuration of ssh, a file that it includes, and the ways through jump hosts
// that it names. A line %% stands between the two.
#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "core/text.h"
#include "ssh/config.h"
#include "ssh/jumps.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/temp_dir.h"

namespace {

// A line that includes another file than ours, which may be a device.
bool may_lead_out(std::string_view text) {
  return std::ranges::any_of(cluster::split(text, '\n'), [](std::string_view line) {
    return cluster::lower(line).find("include") != std::string::npos &&
           line.find_first_of("/~.") != std::string_view::npos;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  static const TempDir folder;
  const auto both = text_of(data, size);
  constexpr std::string_view kBetween = "\n%%\n";
  const auto end = both.find(kBetween);
  const auto text = both.substr(0, end);
  const auto included = end == std::string::npos ? "" : both.substr(end + kBetween.size());
  if (may_lead_out(text) || may_lead_out(included)) return 0;
  std::ofstream(folder.path() / "a") << included;
  may_refuse([&] {
    const ssh::ConfigFolders folders{.home = folder.path(), .includes = folder.path()};
    const ssh::Operator me{.user = "me", .home = "/nonexistent", .config = "", .agent_socket = ""};
    const ssh::Config config(ssh::parse_config(text, "config", folders));
    ssh::DoorFinder doors(config, me);
    for (const ssh::Target& target :
         {ssh::Target{"n1", "", 0, ""}, ssh::Target{"n2", "10.1.1.5", 2222, "root"}}) {
      auto route = config.route(target, me);
      doors.find(route);
      if (route.door.empty()) std::abort();
    }
  });
  return 0;
}
