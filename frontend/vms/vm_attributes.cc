#include "frontend/vms/vm_attributes.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/cards/allocation.h"

namespace cluster::frontend {
namespace {

using virt::DomainSpec;

constexpr int kMaxNode = 1023;        // the kernel's bound, CONFIG_NODES_SHIFT=10
constexpr int kMaxTopology = 4096;    // the bound of each number in it
constexpr int kMaxHoleGib = 1 << 20;  // 60 address bits

[[noreturn]] void want(const std::string& what) { throw Error(Fault::usage, "want " + what); }

bool yes(const std::string& value) {
  if (value == "yes") return true;
  if (value == "no") return false;
  want("yes or no");
}

int number(const std::string& value, int min, int max) {
  const auto parsed = parse_number(value);
  if (!parsed || *parsed < min || *parsed > max) {
    want("a number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return static_cast<int>(*parsed);
}

std::string path(const std::string& value) {
  if (!value.empty() && !value.starts_with('/')) want("an absolute path");
  return value;
}

// Reads "0-31,64-95", which Linux and libvirt call a cpuset or nodeset.
std::string ranges(const std::string& value) {
  if (value.empty()) return value;
  for (const auto piece : split(value, ',')) {
    const auto dash = piece.find('-');
    const auto first = parse_number(piece.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_number(piece.substr(dash + 1));
    if (!first || !last || *last < *first) want("ranges, like 0-31,64-95");
  }
  return value;
}

template <typename Set>
void each_card(DomainSpec& domain, Set set) {
  for (auto& card : domain.cards) set(card);
}

void type(DomainSpec& domain, const std::string& value) {
  if (value != "kvm" && value != "qemu") want("kvm or qemu");
  domain.type = value == "kvm" ? virt::DomainType::kvm : virt::DomainType::qemu;
}

void emulator(DomainSpec& domain, const std::string& value) { domain.emulator = path(value); }

void machine(DomainSpec& domain, const std::string& value) {
  if (value.empty()) want("a machine of QEMU, like q35");
  domain.machine = value;
}

void firmware(DomainSpec& domain, const std::string& value) {
  if (value != "bios" && value != "efi") want("bios or efi");
  domain.firmware = value == "bios" ? virt::Firmware::bios : virt::Firmware::efi;
}

void boot(DomainSpec& domain, const std::string& value) {
  static const std::set<std::string, std::less<>> kDevices{"hd", "cdrom", "network"};
  domain.boot.clear();
  for (const auto device : split(value, ',')) {
    if (!kDevices.contains(device)) want("hd, cdrom, network, or some of them with commas");
    domain.boot.emplace_back(device);
  }
}

void hugepages(DomainSpec& domain, const std::string& value) {
  constexpr std::uint64_t kKibPerMib = 1024;
  if (value == "no") {
    domain.hugepage_kib = std::nullopt;
  } else if (value == "yes") {
    domain.hugepage_kib = 0;
  } else if (value == "2M") {
    domain.hugepage_kib = 2 * kKibPerMib;
  } else if (value == "1G") {
    domain.hugepage_kib = kKibPerMib * kKibPerMib;
  } else {
    want("no, yes, 2M or 1G");
  }
}

void cpu_mode(DomainSpec& domain, const std::string& value) {
  domain.cpu_model.clear();
  if (value == "host-passthrough") {
    domain.cpu_mode = virt::CpuMode::host_passthrough;
  } else if (value == "host-model") {
    domain.cpu_mode = virt::CpuMode::host_model;
  } else if (value == "maximum") {
    domain.cpu_mode = virt::CpuMode::maximum;
  } else if (!value.empty() && value.find("host") == std::string::npos) {
    domain.cpu_mode = virt::CpuMode::named;
    domain.cpu_model = value;
  } else {
    want("host-passthrough, host-model, maximum, or a model (virsh cpu-models x86_64)");
  }
}

void cpu_topology(DomainSpec& domain, const std::string& value) {
  if (value.empty()) return;
  const auto parts = split(value, ',');
  if (parts.size() != 3) want("SOCKETS,CORES,THREADS, like 1,8,2");
  const auto part = [&](std::size_t at) { return number(std::string(parts[at]), 1, kMaxTopology); };
  const virt::Topology topology{part(0), part(1), part(2)};
  const auto product = static_cast<long long>(topology.sockets) * topology.cores * topology.threads;
  if (domain.cpus != 0 && product != domain.cpus) {
    want("SOCKETS,CORES,THREADS whose product is the VM's " + std::to_string(domain.cpus) +
         " cpus");
  }
  domain.topology = topology;
}

void maxphysaddr(DomainSpec& domain, const std::string& value) {
  if (value.empty()) {
    domain.maxphysaddr = virt::AddressBits::by_cpu;
  } else if (value == "passthrough") {
    domain.maxphysaddr = virt::AddressBits::passthrough;
  } else {
    domain.address_bits = number(value, 32, 64);
    domain.maxphysaddr = virt::AddressBits::emulate;
  }
}

// The one node of the container that has all cards.
int node_of_cards(const DomainSpec& domain) {
  std::set<int> nodes;
  for (const auto& card : domain.cards) {
    if (!card.numa_node) {
      want("the number of a node: that of " + card.name +
           " is not known (`cluster discover host gpu`)");
    }
    nodes.insert(*card.numa_node);
  }
  if (nodes.empty()) want("the number of a node: the VM has no card");
  if (nodes.size() > 1) want("the number of a node: its cards are on several");
  return *nodes.begin();
}

void numa(DomainSpec& domain, const std::string& value) {
  if (value == "no") return;
  domain.numa.emplace();
  domain.numa->host_node = value == "cards" ? node_of_cards(domain) : number(value, 0, kMaxNode);
}

void numa_memory(DomainSpec& domain, const std::string& value) {
  if (value != "strict" && value != "preferred") want("strict or preferred");
  if (domain.numa) domain.numa->strict = value == "strict";
}

void numa_guest(DomainSpec& domain, const std::string& value) {
  if (value != "none" && value != "cell" && value != "bus") want("none, cell or bus");
  if (!domain.numa) return;
  domain.numa->guest_cell = value != "none";
  domain.numa->expander = value == "bus";
}

void cpuset(DomainSpec& domain, const std::string& value) {
  const auto cpus = ranges(value);
  if (cpus.empty()) return;
  if (!domain.numa) want("vm_numa as well: it is the CPUs of that node");
  domain.numa->cpuset = cpus;
}

void serial(DomainSpec& domain, const std::string& value) {
  domain.serial_file = value == "pty" ? "" : path(value);
}

void graphics(DomainSpec& domain, const std::string& value) {
  if (value == "none") {
    domain.graphics = virt::Graphics::none;
  } else if (value == "vnc") {
    domain.graphics = virt::Graphics::vnc;
  } else if (value == "spice") {
    domain.graphics = virt::Graphics::spice;
  } else {
    want("none, vnc or spice");
  }
}

void listen(DomainSpec& domain, const std::string& value) { domain.listen = parse_address(value); }

void managed(DomainSpec& domain, const std::string& value) {
  const bool on = yes(value);
  each_card(domain, [on](auto& card) { card.managed = card.managed && on; });
}

void driver_model(DomainSpec& domain, const std::string& value) {
  each_card(domain, [&](auto& card) { card.driver_model = value; });
}

void iommufd(DomainSpec& domain, const std::string& value) {
  const bool on = yes(value);
  each_card(domain, [on](auto& card) { card.iommufd = on; });
}

void acpi_nodeset(DomainSpec& domain, const std::string& value) {
  each_card(domain, [&](auto& card) { card.acpi_nodeset = ranges(value); });
}

void clique(DomainSpec& domain, const std::string& value) {
  if (value.empty()) return;
  each_card(domain, [&](auto& card) { card.gpudirect_clique = number(value, 0, 15); });
}

void rom_bar(DomainSpec& domain, const std::string& value) {
  if (value.empty()) return;
  if (value != "on" && value != "off") want("on, off, or nothing");
  each_card(domain, [&](auto& card) { card.rom_bar = value == "on"; });
}

void rom_file(DomainSpec& domain, const std::string& value) {
  each_card(domain, [&](auto& card) { card.rom_file = path(value); });
}

void pci_switch(DomainSpec& domain, const std::string& value) { domain.pci_switch = yes(value); }

void hole64(DomainSpec& domain, const std::string& value) {
  if (!value.empty()) domain.pcihole64_gib = number(value, 1, kMaxHoleGib);
}

void hide(DomainSpec& domain, const std::string& value) { domain.hide_hypervisor = yes(value); }

void vendor_id(DomainSpec& domain, const std::string& value) {
  constexpr std::size_t kMax = 12;  // the size of the CPUID leaf
  if (value.empty() || value.size() > kMax) want("1 to 12 characters");
  domain.hyperv_vendor_id = value;
}

void mdev_display(DomainSpec& domain, const std::string& value) {
  if (value != "no" && value != "yes" && value != "ramfb") want("no, yes or ramfb");
  for (auto& mdev : domain.mdevs) {
    mdev.display = value != "no";
    mdev.ramfb = value == "ramfb";
  }
}

template <virt::FragmentPlace place>
void fragment(DomainSpec& domain, const std::string& value) {
  if (!trim(value).empty()) domain.fragments.push_back({"", place, value});
}

void yes_no(DomainSpec&, const std::string& value) { static_cast<void>(yes(value)); }

void placement(DomainSpec&, const std::string& value) { static_cast<void>(parse_policy(value)); }

void host_bits(DomainSpec&, const std::string& value) {
  if (!value.empty()) number(value, 32, 64);
}

// The place in the list matters only for vm_numa, which comes before the attributes that refine it.
constexpr std::array kAttributes{
    VmAttribute{"vm_type", "kvm", "kvm, qemu", "qemu emulates the CPU, for machines without KVM",
                type},
    VmAttribute{"vm_emulator", "", "PATH", "the QEMU that runs the VM [libvirt's choice]",
                emulator},
    VmAttribute{"vm_machine", "q35", "a machine of QEMU", "pc has no PCI Express", machine},
    VmAttribute{"vm_firmware", "bios", "bios, efi", "big BARs want efi", firmware},
    VmAttribute{
        "vm_boot", "hd", "hd, cdrom, network",
        "devices to boot from, the first one first; not used when a device has a <boot order>",
        boot},
    VmAttribute{"vm_hugepages", "no", "no, yes, 2M, 1G", "memory of the VM in huge pages",
                hugepages},
    VmAttribute{"vm_cpu_mode", "host-passthrough", "host-passthrough, host-model, maximum, a model",
                "the CPU that the guest sees", cpu_mode},
    VmAttribute{"vm_cpu_topology", "", "SOCKETS,CORES,THREADS", "how the guest sees its CPUs",
                cpu_topology},
    VmAttribute{"vm_maxphysaddr", "", "passthrough, 32 to 64",
                "address bits of the guest, which bound the BARs that it can map", maxphysaddr},
    VmAttribute{"vm_numa", "no", "no, cards, NODE",
                "memory on this NUMA node of the container; cards: on that of the VM's cards",
                numa},
    VmAttribute{"vm_numa_memory", "strict", "strict, preferred",
                "whether memory of other nodes will do", numa_memory},
    VmAttribute{"vm_numa_guest", "none", "none, cell, bus",
                "cell: the guest sees a node of its own; bus: and its cards near it", numa_guest},
    VmAttribute{"vm_cpuset", "", "CPUS, 0-31,64-95", "CPUs of the container for those of the VM",
                cpuset},
    VmAttribute{"vm_serial", "pty", "pty, PATH", "where the serial console goes; PATH: a file",
                serial},
    VmAttribute{"vm_graphics", "none", "none, vnc, spice", "a screen besides that of the card",
                graphics},
    VmAttribute{"vm_graphics_listen", "127.0.0.1", "ADDRESS", "who reaches it sees the screen",
                listen},
    VmAttribute{"vm_autostart", "no", "yes, no", "start with the container", yes_no},
    VmAttribute{
        "vm_placement", "pack", "pack, spread",
        "the host that `add host vm gpus=N` takes: the fullest that will do, or the emptiest",
        placement},
    VmAttribute{"vm_host_address_bits", "", "32 to 64",
                "of the container's CPU (lscpu), for the check of big BARs", host_bits},
    VmAttribute{"hostdev_managed", "yes", "yes, no",
                "no: libvirt does not bind the card, `gpupci -d` has to", managed},
    VmAttribute{"hostdev_driver", "", "a driver", "variant of vfio-pci (libvirt 10.0 and later)",
                driver_model},
    VmAttribute{"hostdev_iommufd", "no", "yes, no", "through /dev/iommu (libvirt 12.1 and later)",
                iommufd},
    VmAttribute{"hostdev_acpi_nodeset", "", "NODES, 2-9",
                "guest NUMA nodes of the card's own memory (Grace; libvirt 11.8 and later)",
                acpi_nodeset},
    VmAttribute{"gpudirect_clique", "", "0 to 15",
                "cards of one number are told that they reach each other (NVIDIA peer to peer)",
                clique},
    VmAttribute{"rom_bar", "", "on, off", "whether the guest sees the card's ROM [QEMU's choice]",
                rom_bar},
    VmAttribute{"rom_file", "", "PATH", "a ROM in place of the card's own", rom_file},
    VmAttribute{"pci_switch", "no", "yes, no",
                "all cards behind one PCIe switch in the guest, for GPUDirect Storage", pci_switch},
    VmAttribute{"pci_hole64", "", "GiB", "room above 4 GiB for BARs, where firmware needs it said",
                hole64},
    VmAttribute{"hide_hypervisor", "no", "yes, no",
                "for GeForce drivers before R465, which refuse to run in a VM", hide},
    VmAttribute{"hide_hypervisor_vendor", "1234567890ab", "1 to 12 characters",
                "vendor of the hypervisor that such a guest is told", vendor_id},
    VmAttribute{"mdev_display", "no", "no, yes, ramfb", "whether a vGPU is the guest's screen",
                mdev_display},
    VmAttribute{"vm_xml_domain", "", "XML", "elements of libvirt to put into <domain>",
                fragment<virt::FragmentPlace::domain>},
    VmAttribute{"vm_xml_devices", "", "XML", "elements of libvirt to put into <devices>",
                fragment<virt::FragmentPlace::devices>},
    VmAttribute{"vm_xml_features", "", "XML", "elements of libvirt to put into <features>",
                fragment<virt::FragmentPlace::features>},
};

constexpr std::array<std::string_view, 7> kPrefixes{"vm_",   "hostdev_",   "rom_", "pci_",
                                                    "hide_", "gpudirect_", "mdev_"};

const VmAttribute* find(std::string_view name) {
  const auto at = std::ranges::find(kAttributes, name, &VmAttribute::name);
  return at == kAttributes.end() ? nullptr : &*at;
}

}  // namespace

std::span<const VmAttribute> vm_attributes() { return kAttributes; }

void check_attribute_name(const std::string& name) {
  if (find(name) != nullptr) return;
  const auto ours = [&](std::string_view prefix) { return name.starts_with(prefix); };
  if (std::ranges::none_of(kPrefixes, ours)) return;
  std::vector<std::string> names;
  for (const auto& one : kAttributes) names.emplace_back(one.name);
  throw Error(Fault::usage, "no attribute of VMs is called " + quote(name) +
                                did_you_mean(name, names) + " (`cluster help attr` lists them)");
}

void check_attribute_value(const std::string& name, const std::string& value) {
  const auto* attribute = find(name);
  if (attribute == nullptr) return;
  DomainSpec any;  // it has one of everything, so each value has its subject
  any.numa.emplace();
  any.cards.emplace_back().numa_node = 0;
  any.mdevs.emplace_back();
  try {
    attribute->apply(any, value);
  } catch (const Error& error) {
    throw Error(error.fault(), name + "=" + quote(value) + ": " + error.what());
  }
}

std::string attribute_value(const ResolvedAttributes& resolved, std::string_view name) {
  const auto at = resolved.find(name);
  return at != resolved.end() ? at->second.value : std::string(find(name)->fallback);
}

void apply_attributes(DomainSpec& domain, const ResolvedAttributes& resolved) {
  for (const auto& one : kAttributes) {
    const auto value = attribute_value(resolved, one.name);
    const auto fragments = domain.fragments.size();
    const auto what = "attribute " + std::string(one.name) + " of VM " + quote(domain.name);
    try {
      one.apply(domain, value);
    } catch (const Error& error) {
      throw Error(Fault::refused, what + " is " + quote(value) + ": " + error.what() +
                                      " (`cluster list host attr " + domain.name + "`)");
    }
    for (auto i = fragments; i < domain.fragments.size(); ++i) domain.fragments[i].origin = what;
  }
}

}  // namespace cluster::frontend
