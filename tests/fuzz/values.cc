// The small values that are typed, and that hosts tell.
#include "core/ip_address.h"
#include "core/mac_address.h"
#include "core/names.h"
#include "core/pci_address.h"
#include "core/vm_devices.h"
#include "frontend/vms/vm_disk.h"
#include "frontend/vms/vm_interface.h"
#include "ssh/public_key.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  const auto text = text_of(data, size);
  may_refuse([&] { parse_ip_addresses(text); });
  may_refuse([&] { MacAddress::parse(text); });
  may_refuse([&] { PciAddress::parse(text); });
  may_refuse([&] { SliceName::parse(text); });
  may_refuse([&] { static_cast<void>(HostName(text)); });
  may_refuse([&] { parse_disk_source(text); });
  may_refuse([&] { frontend::parse_disks({text}); });
  may_refuse([&] { frontend::parse_interface_name(text); });
  ssh::fingerprint_of(text);
  ssh::is_public_key("ssh-ed25519", text);
  return 0;
}
