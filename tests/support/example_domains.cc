#include "tests/support/example_domains.h"

#include <algorithm>

namespace cluster {
namespace {

using virt::AddressBits;
using virt::CardSpec;
using virt::CpuMode;
using virt::DomainSpec;
using virt::DomainType;
using virt::Firmware;
using virt::FragmentPlace;
using virt::Graphics;
using virt::Topology;

// Makes 12 hex digits out of `name`.
std::string hex_digits(const std::string& name) {
  std::string digits;
  for (std::size_t i = 0; digits.size() < 12; ++i) {
    digits += "0123456789abcdef"[static_cast<unsigned char>(name[i % name.size()]) % 16];
  }
  return digits;
}

DomainSpec plain(const std::string& name, int memory_mib, int cpus) {
  DomainSpec domain;
  domain.name = name;
  // Each VM has a uuid of its own, as libvirt wants it.
  domain.uuid = "c2177883-f1bb-47f0-914d-" + hex_digits(name);
  domain.memory_mib = memory_mib;
  domain.cpus = cpus;
  return domain;
}

CardSpec card(const std::string& name, const std::string& slot, int functions = 1) {
  CardSpec spec;
  spec.name = name;
  for (int i = 0; i < functions; ++i) {
    spec.functions.push_back(PciAddress::parse(slot + "." + std::to_string(i)));
  }
  return spec;
}

// A GeForce with audio, USB and UCSI, and a second card with only audio.
DomainSpec consumer_gpu() {
  auto domain = plain("consumer-gpu", 16384, 8);
  domain.firmware = Firmware::efi;
  domain.maxphysaddr = AddressBits::passthrough;
  domain.disks = {{DiskSource::file, "/vm/consumer-gpu.qcow2", "qcow2", "vda", "virtio", {}}};
  domain.interfaces = {{InterfaceKind::bridge, "br0", "52:54:00:00:00:01", "virtio", {}, {}}};
  domain.cards = {card("gpu0", "0000:65:00", 4), card("gpu1", "0000:b3:00", 2)};
  domain.cards[0].rom_file = "/usr/share/vgabios/x.rom";
  return domain;
}

// Big BARs, memory and CPUs beside the card, a clique for peer to peer.
DomainSpec datacenter_gpu() {
  auto domain = plain("datacenter-gpu", 512 * 1024, 32);
  domain.firmware = Firmware::efi;
  domain.maxphysaddr = AddressBits::passthrough;
  domain.hugepage_kib = 1024 * 1024;
  domain.numa = virt::NumaSpec{{0}, {"0-31"}, true, true, true};
  domain.pcihole64_gib = 512;
  for (const int i : {0, 1}) {
    domain.cards.push_back(card("gpu" + std::to_string(i), i == 0 ? "0000:19:00" : "0000:3b:00"));
    auto& gpu = domain.cards.back();
    gpu.rom_bar = false;
    gpu.gpudirect_clique = 0;
    gpu.numa_node = 0;
    gpu.bars = {128 * 1024};
  }
  domain.cards.push_back(card("far0", "0000:99:00"));
  domain.cards.back().numa_node = 1;
  return domain;
}

DomainSpec mdev() {
  auto domain = plain("mdev", 8192, 4);
  domain.graphics = Graphics::vnc;
  domain.mdevs = {{"vgpu0", "c2177883-f1bb-47f0-914d-32a22e3a8804", true, true},
                  {"vgpu1", "d2177883-f1bb-47f0-914d-32a22e3a8804", false, false}};
  return domain;
}

DomainSpec virtual_function() {
  auto domain = plain("virtual-function", 8192, 4);
  domain.cards = {card("vgpu0", "0000:c1:00")};
  domain.cards[0].functions[0].function = 4;
  domain.cards[0].managed = false;
  return domain;
}

// A GPU and an NVMe disk behind one switch of the guest.
DomainSpec gds_nvme() {
  auto domain = plain("gds-nvme", 65536, 16);
  domain.firmware = Firmware::efi;
  domain.maxphysaddr = AddressBits::passthrough;
  domain.pcihole64_gib = 512;
  domain.pci_switch = true;
  domain.cards = {card("gpu0", "0000:19:00"), card("gds-nvme0", "0000:1a:00")};
  for (auto& device : domain.cards) device.rom_bar = false;
  return domain;
}

// A machine without PCI Express, for guests that know none.
DomainSpec old_machine() {
  auto domain = plain("old-machine", 4096, 2);
  domain.machine = "pc";
  domain.pcihole64_gib = 32;
  domain.cards = {card("gpu0", "0000:65:00", 2)};
  return domain;
}

// A VM that is emulated completely, as in a test without KVM.
DomainSpec emulated() {
  auto domain = plain("emulated", 512, 1);
  domain.type = DomainType::qemu;
  domain.cpu_mode = CpuMode::maximum;
  domain.emulator = "/usr/bin/qemu-system-x86_64";
  domain.serial_file = "/var/log/emulated.console";
  domain.boot = {"cdrom", "network", "hd"};
  domain.disks = {{DiskSource::cdrom, "/vm/install.iso", "raw", "sda", "sata", {}}};
  domain.interfaces = {{InterfaceKind::network, "default", "52:54:00:00:00:02", "e1000e", {}, {}}};
  return domain;
}

// A VM without a card, with every feature that needs no card.
DomainSpec workstation() {
  auto domain = plain("workstation", 8192, 8);
  domain.topology = Topology{1, 4, 2};
  domain.cpu_mode = CpuMode::named;
  domain.cpu_model = "EPYC";
  domain.maxphysaddr = AddressBits::emulate;
  domain.address_bits = 46;
  domain.hugepage_kib = 0;
  domain.numa = virt::NumaSpec{{1}, {"8-15,24"}, false, false, false};
  domain.hide_hypervisor = true;
  domain.graphics = Graphics::spice;
  domain.listen = "10.1.0.1";
  domain.disks = {{DiskSource::block, "/dev/vg0/workstation", "raw", "vda", "virtio", 1},
                  {DiskSource::cdrom, "/vm/drivers.iso", "raw", "sda", "sata", 2}};
  domain.interfaces = {{InterfaceKind::ovs, "ovsbr0", "52:54:00:00:00:03", "virtio", 42, 3},
                       {InterfaceKind::direct, "eno1", "52:54:00:00:00:04", "virtio", {}, {}}};
  domain.fragments = {{"attribute vm_xml_devices", FragmentPlace::devices,
                       "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"},
                      {"attribute vm_xml_features", FragmentPlace::features,
                       "<kvm><poll-control state='on'/></kvm><pmu state='off'/>"},
                      {"attribute vm_xml_domain", FragmentPlace::domain,
                       "<cpu><feature policy='require' name='pdpe1gb'/></cpu>\n"
                       "<cputune><vcpupin vcpu='0' cpuset='8'/></cputune>\n"
                       "<qemu:commandline><qemu:arg value='-no-hpet'/></qemu:commandline>"}};
  return domain;
}

}  // namespace

std::vector<ExampleDomain> example_domains() {
  return {{"consumer_gpu", consumer_gpu()},
          {"datacenter_gpu", datacenter_gpu()},
          {"emulated", emulated()},
          {"gds_nvme", gds_nvme()},
          {"mdev", mdev()},
          {"old_machine", old_machine()},
          {"virtual_function", virtual_function()},
          {"workstation", workstation()}};
}

DomainSpec example_domain(const std::string& name) {
  const auto all = example_domains();
  return std::ranges::find(all, name, &ExampleDomain::name)->spec;
}

}  // namespace cluster
