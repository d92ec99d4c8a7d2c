#include "tests/support/generated_domains.h"

#include <algorithm>

namespace cluster {

using virt::AddressBits;
using virt::CardSpec;
using virt::CpuMode;
using virt::DomainSpec;
using virt::DomainType;
using virt::Firmware;
using virt::FragmentPlace;
using virt::Graphics;
using virt::Topology;

namespace {

bool is_q35(const DomainSpec& domain) { return domain.machine.find("q35") != std::string::npos; }

std::string letter(char first, std::size_t place) {
  return {static_cast<char>(first + static_cast<char>(place))};
}

}  // namespace

std::string GeneratedDomains::one_of(std::initializer_list<const char*> words) {
  return *(words.begin() + below(static_cast<unsigned>(words.size())));
}

std::string GeneratedDomains::text_of(std::size_t digits) {
  std::string text;
  while (text.size() < digits) text += "0123456789abcdef"[below(16)];
  return text;
}

void GeneratedDomains::memory_and_cpus(DomainSpec& domain) {
  domain.memory_mib = 256 << below(10);
  if (rarely()) domain.hugepage_kib = below(2) == 0 ? 0 : std::uint64_t{2048} << (9 * below(2));
  constexpr int kBigPageMib = 1024;
  if (domain.hugepage_kib.value_or(0) > 2048) {
    domain.memory_mib = std::max(domain.memory_mib, kBigPageMib);
  }
  const Topology topology{1 << static_cast<int>(below(2)), static_cast<int>(1 + below(4)),
                          static_cast<int>(1 + below(2))};
  domain.cpus = topology.sockets * topology.cores * topology.threads;
  if (maybe()) domain.topology = topology;
  domain.cpu_mode = static_cast<CpuMode>(below(4));
  if (domain.cpu_mode == CpuMode::named) domain.cpu_model = one_of({"EPYC", "Skylake-Server"});
  domain.maxphysaddr = static_cast<AddressBits>(below(3));
  if (domain.maxphysaddr == AddressBits::emulate)
    domain.address_bits = static_cast<int>(40 + below(9));
}

void GeneratedDomains::numa(DomainSpec& domain) {
  domain.numa = virt::NumaSpec{};
  domain.numa->host_nodes = {static_cast<int>(below(2))};
  if (maybe() && domain.cpus > 1 && domain.memory_mib >= 4096) {
    domain.numa->host_nodes.push_back(1 - domain.numa->host_nodes[0]);
  }
  if (maybe()) {
    for (std::size_t i = 0; i < domain.numa->host_nodes.size(); ++i) {
      domain.numa->cpusets.push_back(one_of({"0-31", "8-15,24"}));
    }
  }
  domain.numa->strict = maybe();
  domain.numa->guest_cell = maybe();
  domain.numa->expander = is_q35(domain) && maybe();
}

void GeneratedDomains::disks(DomainSpec& domain) {
  const auto count = below(4);
  for (std::size_t i = 0; i < count; ++i) {
    virt::DiskSpec disk;
    disk.source = static_cast<DiskSource>(below(3));
    disk.path = disk.source == DiskSource::block ? "/dev/vg0/disk"
                                                 : one_of({"/vm/a", "/vm/a+b", "/vm/a&b'c"});
    disk.path += std::to_string(i);
    disk.format = one_of({"raw", "qcow2"});
    disk.bus = disk.source == DiskSource::cdrom ? "sata" : one_of({"virtio", "scsi", "sata"});
    if (rarely()) disk.cache = "none";
    if (rarely()) disk.discard = "unmap";
    if (rarely()) disk.serial = "disk" + std::to_string(i);
    if (disk.bus == "virtio" && rarely()) disk.iothread = static_cast<int>(1 + below(3));
    disk.target = (disk.bus == "virtio" ? "vd" : "sd") + letter('a', i);
    domain.disks.push_back(disk);
  }
}

void GeneratedDomains::interfaces(DomainSpec& domain) {
  const auto count = below(4);
  for (unsigned i = 0; i < count; ++i) {
    virt::InterfaceSpec interface;
    interface.kind = static_cast<InterfaceKind>(below(4));
    interface.source = one_of({"br0", "eno1", "default"});
    interface.mac = "52:54:00:" + text_of(2) + ":" + text_of(2) + ":0" + std::to_string(i);
    interface.model = one_of({"virtio", "e1000e"});
    if (maybe()) interface.name = "eth" + std::to_string(i);
    if (interface.kind == InterfaceKind::ovs && maybe()) {
      interface.vlan = static_cast<int>(1 + below(4094));
    }
    domain.interfaces.push_back(interface);
  }
}

void GeneratedDomains::screens(DomainSpec& domain) {
  if (rarely()) domain.serial_file = "/var/log/" + domain.name + ".console";
  domain.graphics = static_cast<Graphics>(below(3));
  if (maybe()) domain.listen = "10.1.0." + std::to_string(1 + below(254));
  if (rarely()) domain.boot = {"network", "hd"};
  if (!rarely()) return;
  // A boot order at each device replaces the list of the kinds of devices.
  int order = 0;
  for (auto& disk : domain.disks) disk.boot_order = ++order;
  for (auto& interface : domain.interfaces) interface.boot_order = ++order;
}

void GeneratedDomains::cards(DomainSpec& domain) {
  const auto count = below(4);
  for (unsigned i = 0; i < count; ++i) {
    CardSpec card;
    card.name = "gpu" + std::to_string(i);
    const auto bus = static_cast<std::uint8_t>(16 * (i + 1) + below(16));
    const auto slot = static_cast<std::uint8_t>(below(32));
    const auto domain_number = rarely() ? 0x10000U : 0U;
    card.known = !rarely();
    const unsigned functions = card.known ? 1 + below(4) : 1;
    for (unsigned k = 0; k < functions; ++k) {
      card.functions.push_back({domain_number, bus, slot, static_cast<std::uint8_t>(2 * k)});
    }
    if (maybe()) std::ranges::reverse(card.functions);
    card.managed = !rarely();
    if (rarely()) card.rom_bar = maybe();
    if (rarely()) card.rom_file = "/usr/share/vgabios/x.rom";
    if (rarely()) card.gpudirect_clique = static_cast<int>(below(16));
    if (maybe()) card.numa_node = static_cast<int>(below(2));
    domain.cards.push_back(card);
  }
  domain.pci_switch = is_q35(domain) && rarely();
}

void GeneratedDomains::mdevs(DomainSpec& domain) {
  const auto count = below(3);
  for (unsigned i = 0; i < count; ++i) {
    const bool display = domain.graphics != Graphics::none && i == 0 && maybe();
    domain.mdevs.push_back({"vgpu" + std::to_string(i),
                            text_of(8) + "-0000-4000-8000-" + text_of(12), display,
                            display && maybe()});
  }
}

void GeneratedDomains::fragments(DomainSpec& domain) {
  if (rarely()) {
    domain.fragments.push_back({"attribute vm_xml_devices", FragmentPlace::devices,
                                "<rng model='virtio'><backend model='random'>/dev/urandom"
                                "</backend></rng>"});
  }
  if (rarely()) {
    domain.fragments.push_back({"attribute vm_xml_features", FragmentPlace::features,
                                "<kvm><poll-control state='on'/></kvm><pmu state='off'/>"});
  }
  if (rarely()) {
    domain.fragments.push_back({"attribute vm_xml_domain", FragmentPlace::domain,
                                "<cputune><shares>512</shares></cputune><qemu:commandline>"
                                "<qemu:arg value='-no-hpet'/></qemu:commandline>"});
  }
}

DomainSpec GeneratedDomains::next() {
  DomainSpec domain;
  domain.name = "vm-" + std::to_string(++made_);
  domain.uuid = text_of(8) + "-0000-4000-8000-" + text_of(12);
  domain.type = rarely() ? DomainType::qemu : DomainType::kvm;
  domain.machine = one_of({"q35", "pc-q35-7.2", "q35", "pc", "pc-i440fx-7.2"});
  domain.firmware = maybe() ? Firmware::efi : Firmware::bios;
  domain.guest_agent = maybe();
  if (rarely()) domain.emulator = "/usr/bin/qemu-system-x86_64";
  memory_and_cpus(domain);
  if (maybe()) numa(domain);
  disks(domain);
  interfaces(domain);
  screens(domain);
  domain.hide_hypervisor = rarely();
  if (rarely()) domain.pcihole64_gib = static_cast<int>(32 << below(5));
  cards(domain);
  mdevs(domain);
  fragments(domain);
  return domain;
}

}  // namespace cluster
