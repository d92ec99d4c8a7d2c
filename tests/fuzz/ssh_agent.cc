#include "ssh/agent.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cluster::ssh::parse_agent_keys(cluster::text_of(data, size));
  return 0;
}
