// A document of libvirt on a host: what is read of one is within the bounds of another.
#include <cstdlib>

#include "core/pci_address.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"
#include "virt/document_bounds.h"
#include "virt/domain_guest.h"
#include "virt/domain_reading.h"
#include "virt/running_domains.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  const auto text = text_of(data, size);
  may_refuse([&] { virt::read_spec(text); });
  may_refuse([&] { virt::given_devices(text); });
  may_refuse([&] { virt::within_bounds(text); });
  may_refuse([&] { virt::console_of(text); });
  may_refuse([&] {
    for (const auto& one : virt::placed_devices(text)) {
      constexpr std::size_t kLongestPath = 2048;
      if (one.device.empty() || one.path.size() > kLongestPath) std::abort();
    }
  });
  may_refuse([&] {
    for (const auto& one : virt::host_devices(text)) {
      // It is a PCI address, or what is in the place of a UUID.
      if (one.find(':') == std::string::npos || text.find(one) != std::string::npos) continue;
      if (PciAddress::parse(one).sysfs() != one) std::abort();
    }
  });
  virt::path_in_sysfs(text);
  return 0;
}
