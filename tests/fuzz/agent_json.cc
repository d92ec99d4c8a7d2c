#include "frontend/hosts/agent_json.h"

#include "frontend/hosts/host_map.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  frontend::AgentAnswer answer{{HostName("n1"), "vm-container", {}, {}, {}, {}, {}, {}},
                               {ssh::End::exited, 0, "", {}},
                               text_of(data, size),
                               ""};
  may_refuse([&] { frontend::cards_of(answer); });
  may_refuse([&] { frontend::drivers_of(answer); });
  may_refuse([&] { frontend::stub_driver_of(answer); });
  may_refuse([&] { frontend::mdevs_of(answer); });
  may_refuse([&] { frontend::outcomes_of(answer); });
  may_refuse([&] { frontend::checks_of(answer); });
  may_refuse([&] { frontend::map_lines(answer.host.name, frontend::host_map_of(answer), {}); });
  may_refuse([&] { frontend::map_json(answer, {}); });
  return 0;
}
