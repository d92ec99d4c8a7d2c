#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/device_kind.h"
#include "core/pci_address.h"
#include "core/vm_devices.h"

namespace cluster::virt {

/// A disk of a domain; https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms
struct DiskSpec {
  DiskSource source = DiskSource::file;
  std::string path;               ///< absolute, on the container
  std::string format;             ///< "raw" or "qcow2"
  std::string target;             ///< device name in the guest, "vda"
  std::string bus;                ///< "virtio", "scsi", "sata", "ide", "usb"
  std::optional<int> boot_order;  ///< from 1; see DomainSpec::boot
  /// As libvirt spells them in <driver> and <serial>: "none", "native", "unmap"; "" = not said.
  std::string cache{}, io{}, discard{}, serial{};
  bool optional = false;          ///< the VM starts without it when the file is not there
  std::optional<int> iothread{};  ///< QEMU's I/O thread of the disk, from 1
};

/// https://libvirt.org/formatdomain.html#network-interfaces
struct InterfaceSpec {
  InterfaceKind kind = InterfaceKind::bridge;
  std::string source;  ///< name of the bridge, the device or the network
  std::string mac;     ///< "52:54:00:12:34:56"; never left to libvirt, which would make a new one
  std::string model = "virtio";   ///< the model that the guest sees
  std::optional<int> vlan;        ///< 1 to 4094
  std::optional<int> boot_order;  ///< from 1; see DomainSpec::boot
  std::string name{};             ///< "eth0", in the alias; "" = no alias
  std::optional<int> mtu{};       ///< bytes; nothing: that of the bridge
};

/// A card of the container, or one of its virtual functions, as the guest gets it: all functions in
/// one guest slot, https://libvirt.org/formatdomain.html#usb-pci-scsi-devices
struct CardSpec {
  std::string name;  ///< "gpupci1"; in the aliases, so letters, digits, '-' and '_'
  std::vector<PciAddress> functions;  ///< all of one slot, any order
  /// False means that `functions` is the one address that is recorded, and that nothing else about
  /// the card is known. It becomes a single <hostdev>, and libvirt chooses its place in the guest.
  bool known = true;
  bool managed = true;          ///< libvirt binds vfio-pci at the start; false for a VF
  std::optional<bool> rom_bar;  ///< the guest sees the option ROM; nothing: QEMU's default
  std::string rom_file;         ///< on the container; "" = the card's own
  std::string driver_model;     ///< variant driver, "nvgrace_gpu_vfio_pci"; "" = libvirt's choice
  std::string acpi_nodeset;     ///< guest NUMA nodes of the card's own memory, "2-9"; or ""
  bool iommufd = false;         ///< through /dev/iommu in place of the VFIO container
  std::optional<int> gpudirect_clique;  ///< 0 to 15: equal numbers claim that peer to peer works
  std::optional<int> numa_node;         ///< the node of the container
  std::vector<int> bars;                ///< the 64-bit prefetchable BARs in MiB; none = not known
  DeviceKind kind = DeviceKind::unknown;
  bool sxm = false;  ///< its model says that it is on a board that may have NVSwitches
};

/// A mediated device (vGPU) of the container,
/// https://libvirt.org/formatdomain.html#usb-pci-scsi-devices
struct MdevSpec {
  std::string name;      ///< "vgpu0"; in the alias
  std::string uuid;      ///< the UUID of the mediated device
  bool display = false;  ///< the guest's screen; needs graphics
  bool ramfb = false;    ///< a screen before the driver is loaded; needs `display`
};

enum class DomainType { kvm, qemu };
enum class Firmware {
  bios,
  efi,         ///< without Secure Boot
  efi_secure,  ///< with Secure Boot and the keys that the image has
};
enum class CpuMode { host_passthrough, host_model, maximum, named };
enum class Graphics { none, vnc, spice };

/// The number of address bits of the guest, <maxphysaddr>. It limits the size of 64-bit BARs.
enum class AddressBits {
  by_cpu,       ///< nothing is said: the host's with host-passthrough, else QEMU's 40
  passthrough,  ///< the host's
  emulate,      ///< DomainSpec::address_bits
};

/// https://libvirt.org/formatdomain.html#cpu-model-and-topology; the product is DomainSpec::cpus
struct Topology {
  int sockets = 1;
  int cores = 1;
  int threads = 1;
};

/// Memory and CPUs beside the cards, https://libvirt.org/formatdomain.html#numa-node-tuning
struct NumaSpec {
  std::vector<int> host_nodes{0};    ///< of the container; at least one, each once
  std::vector<std::string> cpusets;  ///< CPUs of each node for the guest's, "0-31"; none = any
  bool strict = true;                ///< memory of `host_nodes` alone; false: preferred
  /// The guest sees a NUMA node for each of `host_nodes`, in their order, with its share of the
  /// memory and the CPUs.
  bool guest_cell = false;
  /// The cards of each of `host_nodes` are on a PCIe bus of its guest node (pcie-expander-bus), so
  /// that the guest sees which node they are near. This implies `guest_cell`.
  bool expander = false;
};

/// What the VM becomes when it ends, https://libvirt.org/formatdomain.html#events-configuration
struct Lifecycle {
  std::string on_poweroff = "destroy";
  std::string on_reboot = "restart";
  std::string on_crash = "restart";
};

enum class FragmentPlace { domain, devices, features };

/// XML of the operator for needs that nobody foresaw. Its elements become children of <domain>,
/// <devices> or <features>. An element that a domain has once (<cpu>, <cputune>) is merged with the
/// one that is there.
struct Fragment {
  std::string origin;  ///< for messages: "attribute vm_xml_devices of rocks-33"
  FragmentPlace place = FragmentPlace::domain;
  std::string xml;
};

/// Everything that a VM's configuration is made of.
struct DomainSpec {
  std::string name;
  std::string uuid;  ///< kept by the inventory: a define with another one would be another VM
  DomainType type = DomainType::kvm;
  std::string emulator;  ///< on the container; "" = libvirt's choice
  std::string machine = "q35";
  Firmware firmware = Firmware::bios;
  int memory_mib = 0;
  std::optional<std::uint64_t>
      hugepage_kib;  ///< memory in pages of this size; 0 = the host's default
  int cpus = 0;
  std::optional<Topology> topology;
  CpuMode cpu_mode = CpuMode::host_passthrough;
  std::string cpu_model;  ///< with CpuMode::named: "EPYC"
  AddressBits maxphysaddr = AddressBits::by_cpu;
  int address_bits = 0;  ///< with AddressBits::emulate
  std::optional<NumaSpec> numa;
  std::vector<std::string> cpu_pins;  ///< CPUs of the container for each CPU of the guest, or none
  std::string emulator_cpus;          ///< CPUs of the container for QEMU's own threads; "" = any
  std::string clock = "utc";          ///< "utc", "localtime", or a zone, "Europe/Berlin"
  Lifecycle lifecycle;
  std::vector<DiskSpec> disks;
  std::vector<InterfaceSpec> interfaces;
  bool guest_agent = false;  ///< a channel for qemu-guest-agent
  std::string serial_file;   ///< the container's file for the serial console; "" = a pty
  Graphics graphics = Graphics::none;
  std::string listen =
      "127.0.0.1";  ///< address of the graphics; whoever reaches it sees the screen
  /// The kinds of devices to boot from: "hd", "cdrom", "network". They are not used when a device,
  /// also one of a fragment, has a boot_order: libvirt takes either the one or the other.
  std::vector<std::string> boot = {"hd"};
  /// Guest drivers of GeForce cards before R465 need this, as they refuse to run in a VM.
  bool hide_hypervisor = false;
  std::string hyperv_vendor_id = "1234567890ab";  ///< with hide_hypervisor; at most 12 characters
  std::optional<int> pcihole64_gib;               ///< room for BARs; firmware that asks QEMU for it
  std::vector<CardSpec> cards;
  std::vector<MdevSpec> mdevs;
  /// Cards change what is beside them: there is no memory balloon, and a host-passthrough CPU has
  /// all that it can do.
  bool card_tuning = true;
  /// All cards are behind one guest PCIe switch, so that the guest's kernel allows peer-to-peer DMA
  /// between a GPU and an NVMe disk (GPUDirect Storage).
  bool pci_switch = false;
  std::vector<Fragment> fragments;  ///< merged in this order
  /// The version of libvirt that it is for, 9000000 for 9.0.0; nothing: all that were tried take
  /// it. Newer ones want more said of UEFI.
  std::optional<int> libvirt_version;
};

}  // namespace cluster::virt
