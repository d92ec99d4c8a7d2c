#include "frontend/vms/vm_attributes.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "core/error.h"
#include "core/keys.h"
#include "core/mac_address.h"
#include "core/text.h"
#include "frontend/cards/allocation.h"
#include "frontend/vms/cloud_init.h"
#include "frontend/vms/vm_machine.h"
#include "virt/domain_xml.h"

namespace cluster::frontend {
namespace {

using virt::DomainSpec;

constexpr int kMaxHoleGib = 1 << 20;  // 60 address bits

template <typename Set>
void each_card(DomainSpec& domain, Set set) {
  for (auto& card : domain.cards) set(card);
}

// A VM with interfaces has the attribute checked alone.
void default_interface(DomainSpec& domain, const std::string& value) {
  if (value == "none") return;
  const auto at = value.find('=');
  virt::InterfaceSpec interface;
  try {
    interface.kind = parse_interface_kind(value.substr(0, at));
  } catch (const Error&) {
    want("none, bridge=NAME, direct=DEVICE, network=NAME or ovs=NAME");
  }
  if (at == std::string::npos || at + 1 == value.size()) want("a name behind '='");
  interface.source = value.substr(at + 1);
  const auto has_one = [](const virt::Fragment& fragment) {
    return virt::brings_device(fragment, "interface");
  };
  if (!domain.interfaces.empty() || std::ranges::any_of(domain.fragments, has_one)) return;
  // It is what `add host interface VM eth0` would record.
  interface.name = "eth0";
  interface.mac = MacAddress::made_of(domain.uuid, interface.name, 0).str();
  domain.interfaces.push_back(interface);
}

// The attribute is for the hosts themselves.
void ssh_client(DomainSpec&, const std::string& value) {
  if (value != "libssh" && value != "openssh") want("libssh or openssh");
}

void guest_agent(DomainSpec& domain, const std::string& value) { domain.guest_agent = yes(value); }

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

void card_tuning(DomainSpec& domain, const std::string& value) { domain.card_tuning = yes(value); }

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
  // libvirt passes it to QEMU in a list with commas.
  const bool has_comma = value.find(',') != std::string::npos;
  if (value.empty() || value.size() > kMax || has_comma) want("1 to 12 characters, no comma");
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

void seed(DomainSpec&, const std::string& value) {
  if (value != "auto" && value != "yes" && value != "no") want("auto, yes or no");
}

void ssh_keys(DomainSpec&, const std::string& value) { check_ssh_keys(value); }

void user_data(DomainSpec&, const std::string& value) { check_user_data(value); }

void addresses(DomainSpec&, const std::string& value) { check_addresses(value); }

// The place in the list matters for vm_numa, which comes before the attributes that refine it, and
// for vm_interface, which comes after own XML.
constexpr std::array kAttributes{
    VmAttribute{"vm_type", "kvm", "kvm, qemu", "qemu emulates the CPU, for machines without KVM",
                machine::type},
    VmAttribute{"vm_emulator", "", "PATH", "the QEMU that runs the VM [libvirt's choice]",
                machine::emulator},
    VmAttribute{"vm_machine", "q35", "a machine of QEMU", "pc has no PCI Express",
                machine::machine},
    VmAttribute{"vm_firmware", "bios", "bios, efi, efi-secure",
                "big BARs want efi; efi-secure: with Secure Boot, which refuses unsigned drivers",
                machine::firmware},
    VmAttribute{
        "vm_boot", "hd", "hd, cdrom, network",
        "devices to boot from, the first one first; not used when a device has a <boot order>",
        machine::boot},
    VmAttribute{"vm_hugepages", "no", "no, yes, 2M, 1G", "memory of the VM in huge pages",
                machine::hugepages},
    VmAttribute{"vm_cpu_mode", "host-passthrough", "host-passthrough, host-model, maximum, a model",
                "the CPU that the guest sees", machine::cpu_mode},
    VmAttribute{"vm_cpu_topology", "", "SOCKETS,CORES,THREADS", "how the guest sees its CPUs",
                machine::cpu_topology},
    VmAttribute{"vm_maxphysaddr", "", "passthrough, 32 to 64",
                "address bits of the guest, which bound the BARs that it can map",
                machine::maxphysaddr},
    VmAttribute{"vm_numa", "no", "no, cards, NODE, NODE,NODE",
                "memory on these NUMA nodes of the container; cards: on those of the VM's cards",
                machine::numa},
    VmAttribute{"vm_numa_memory", "strict", "strict, preferred",
                "whether memory of other nodes will do", machine::numa_memory},
    VmAttribute{"vm_numa_guest", "none", "none, cell, bus",
                "cell: the guest sees these nodes as its own; bus: and each card near its node",
                machine::numa_guest},
    VmAttribute{"vm_cpuset", "", "CPUS, 0-31,64-95",
                "CPUs of the container for those of the VM; with several nodes 0-31/32-63",
                machine::cpuset},
    VmAttribute{"vm_cpu_pin", "", "CPUS, or CPUS:CPUS ...",
                "8-15: a CPU of the container for each of the VM; 0-3:8-11: for some of them",
                machine::cpu_pin},
    VmAttribute{"vm_emulator_cpus", "", "CPUS, 0-1", "CPUs of the container for QEMU's own threads",
                machine::emulator_cpus},
    VmAttribute{"vm_clock", "utc", "utc, localtime, ZONE", "Windows wants localtime",
                machine::clock},
    VmAttribute{"vm_on_poweroff", "destroy", "destroy, restart", "what becomes of it then",
                machine::on_poweroff},
    VmAttribute{"vm_on_reboot", "restart", "restart, destroy", "what becomes of it then",
                machine::on_reboot},
    VmAttribute{"vm_on_crash", "restart",
                "restart, destroy, preserve, coredump-restart, coredump-destroy",
                "what becomes of it then", machine::on_crash},
    VmAttribute{"vm_guest_agent", "yes", "yes, no", "a channel for qemu-guest-agent in the guest",
                guest_agent},
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
    VmAttribute{"vm_card_tuning", "yes", "yes, no",
                "with cards: no memory balloon, and all that a host-passthrough CPU can do",
                card_tuning},
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
    VmAttribute{"vm_interface", "network=default",
                "none, bridge=NAME, direct=DEVICE, network=NAME, ovs=NAME",
                "the interface of a VM that has none, neither recorded nor in own XML",
                default_interface},
    VmAttribute{"ssh_client", "libssh", "libssh, openssh",
                "how hosts are reached; openssh: by an `ssh` process each, slower", ssh_client},
    VmAttribute{"vm_seed", "auto", "auto, yes, no",
                "a CD-ROM for cloud-init; auto: with image=, vm_ssh_keys or vm_user_data", seed},
    VmAttribute{"vm_ssh_keys", "", "KEYS, one a line",
                "public keys that cloud-init lets in as the image's own user", ssh_keys},
    VmAttribute{"vm_user_data", "", "#cloud-config, #!, ...",
                "what cloud-init is to do at the first start", user_data},
    VmAttribute{"vm_gateway", "", "ADDRESS, ADDRESS",
                "for interfaces with address=: each takes the one in its network", addresses},
    VmAttribute{"vm_nameservers", "", "ADDRESS, ADDRESS",
                "for interfaces with address=", addresses},
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
  // vm_cpuset has CPUs for each node, however many the VM will have.
  const auto nodes = static_cast<std::size_t>(std::ranges::count(value, '/')) + 1;
  any.numa.emplace().host_nodes.assign(nodes, 0);
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
