// Texts of the kernel that gpupci reads. The kernel is trusted, and what programs, drivers,
// firmware and file systems put into these texts is not.
#include "node-agent/cards/mig.h"
#include "node-agent/kernel/config_space.h"
#include "node-agent/kernel/container.h"
#include "node-agent/kernel/device_tree.h"
#include "node-agent/kernel/display.h"
#include "node-agent/kernel/machine.h"
#include "node-agent/kernel/mounts.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  using namespace cluster::agent;
  const auto text = text_of(data, size);
  container_in(text);
  service_in(text);
  inner_service_in(text);
  login_in(text);
  const auto mounts = mounts_in(text, 1);
  mount_of(mounts, text, 1);
  unescaped(text);
  processor(text);
  disk_of_path(text);
  is_function_name(text);
  last_pci(text);
  is_mig_profile(text);
  is_mig_instance(text);
  if (const auto found = find_capability(text, ExtendedCapability::serial_number)) {
    dword(text, *found);
  }
  return 0;
}
