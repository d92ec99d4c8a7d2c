#include "ssh/known_hosts.h"

#include "ssh/openssh.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  ssh::KnownHosts known({});
  known.add(text_of(data, size), "known_hosts");
  ssh::Route route;
  route.name = "n1";
  route.address = "10.1.1.5";
  route.known_names = {"[10.1.1.5]:2222", "[n1]:2222"};
  ssh::known_keys({"n1", "", 0, ""}, route, known);
  ssh::host_key_options({"n1", "", 0, ""}, route, known);
  return 0;
}
