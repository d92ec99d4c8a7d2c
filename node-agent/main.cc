#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "node-agent/host_devices.h"
#include "node-agent/run.h"

int main(int argc, char** argv) {
  cluster::agent::Host host;
  if (const char* state = std::getenv("GPUPCI_STATE")) host.keep_state_in(state);
  host.open_devices = cluster::agent::open_host_devices;
  return cluster::agent::run(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr,
                             host);
}
