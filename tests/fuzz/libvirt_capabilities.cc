#include "tests/fuzz/fuzz.h"
#include "virt/domain_capabilities.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  const auto text = text_of(data, size);
  may_refuse([&] {
    const auto told = virt::DomainCapabilities::of_libvirt(text);
    virt::DomainCapabilities::parse(told.text());
    told.lacking("<domain><devices><tpm model='tpm-crb'/></devices></domain>");
  });
  may_refuse([&] { virt::DomainCapabilities::parse(text); });
  return 0;
}
