// A document of libvirt on a host, which is merged with what the inventory says and judged.
#include "tests/fuzz/fuzz.h"
#include "virt/document_bounds.h"
#include "virt/domain_gates.h"
#include "virt/domain_merge.h"
#include "virt/domain_xml.h"

namespace {

std::string rendering(int memory_mib) {
  using namespace cluster::virt;
  DomainSpec vm;
  vm.name = "a";
  vm.uuid = "6f2b1d0e-93a4-4a51-8a5e-0c1d2e3f4a5b";
  vm.memory_mib = memory_mib;
  vm.cpus = 2;
  auto& disk = vm.disks.emplace_back();
  disk.path = "/a.qcow2";
  disk.format = "qcow2";
  disk.target = "vda";
  disk.bus = "virtio";
  auto& card = vm.cards.emplace_back();
  card.name = "gpupci1";
  card.functions = {{0, 2, 0, 0}, {0, 2, 0, 1}};
  return domain_xml(vm);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  static const auto ours = rendering(2048);
  static const virt::Agreement agreed{rendering(1024), virt::for_define(rendering(1024))};
  const auto theirs = text_of(data, size);
  may_refuse([&] {
    virt::within_bounds(theirs);
    virt::merge(nullptr, theirs, ours, virt::Keep::theirs);
    const auto merged = virt::merge(&agreed, theirs, ours, virt::Keep::ours);
    virt::gate(merged.document.value_or(theirs), {});
  });
  may_refuse([&] { virt::unheard(ours, theirs); });
  may_refuse([&] { virt::state_beside(theirs); });
  may_refuse([&] { virt::tpm_state(theirs); });
  virt::without_passwords(theirs);
  virt::fingerprint_in(theirs);
  return 0;
}
