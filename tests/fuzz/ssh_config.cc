#include "core/text.h"
#include "ssh/config.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  const auto text = text_of(data, size);
  if (lower(text).find("include") != std::string::npos) return 0;  // it would read files
  may_refuse([&] {
    const ssh::ConfigFolders folders{.home = "/nonexistent", .includes = "/nonexistent"};
    const ssh::Operator me{.user = "me", .home = "/nonexistent", .config = "", .agent_socket = ""};
    const ssh::Config config(ssh::parse_config(text, "config", folders));
    config.route({"n1", "", 0, ""}, me);
    config.route({"n2", "10.1.1.5", 2222, "root"}, me);
  });
  return 0;
}
