#include "tests/fuzz/fuzz.h"
#include "virt/document_bounds.h"
#include "virt/domain_reading.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  const auto text = text_of(data, size);
  may_refuse([&] { virt::read_spec(text); });
  may_refuse([&] { virt::given_devices(text); });
  may_refuse([&] { virt::within_bounds(text); });
  return 0;
}
