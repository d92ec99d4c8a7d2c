#include "frontend/hosts/host_selection.h"

#include "core/text.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  std::vector<Host> hosts;
  for (const auto* name : {"n1", "n2", "vm-container-0-1", "vm-container-0-12"}) {
    hosts.push_back({HostName(name), "vm-container", 0, {}, {}, {}, {}, {}});
  }
  const auto text = text_of(data, size);
  std::vector<std::string> words;
  for (const auto word : split(text, ' ')) words.emplace_back(word);
  may_refuse([&] { frontend::select_hosts(hosts, words); });
  return 0;
}
