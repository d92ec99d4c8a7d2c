#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ip_address.h"
#include "core/mac_address.h"
#include "core/names.h"
#include "core/pci_address.h"
#include "core/vm_devices.h"
#include "db/host.h"
#include "db/network.h"

namespace cluster {

/// A whole card in a VM.
struct VmGpu {
  GpuName name;    ///< in the VM: "gpupci", or "gpupci1", ...
  GpuName gpu;     ///< on the container
  PciAddress pci;  ///< on the container
};

/// A slice of a card in a VM.
struct VmSlice {
  GpuName name;                ///< in the VM, beside those of VmGpu
  std::string device;          ///< on the container: "gpupci1.0", or the UUID of a mediated device
  std::optional<int> number;   ///< of the virtual function; nothing for a mediated device
  std::optional<GpuName> gpu;  ///< the card on the container; nothing when it is none, or not known
  std::optional<PciAddress> pci;    ///< of a virtual function that is there
  std::optional<std::string> type;  ///< of the vGPU, where it is one
  bool present = false;             ///< the container had it when it was asked last
};

/// A disk of a VM.
struct VmDisk {
  DiskSource source = DiskSource::file;
  std::string path;             ///< absolute; of a "cdrom" an image that the guest cannot write
  std::string target;           ///< device in the guest, "vda"
  std::string bus;              ///< "virtio", "scsi", "sata", "ide", "usb"
  std::string format;           ///< "raw" or "qcow2"
  std::optional<int> size_gib;  ///< from 1
  std::string cache{}, io{}, discard{}, serial{};  ///< as libvirt spells them; "" = QEMU's choice
  /// The image was there at a start, or it is known to be there: it is never made anew.
  bool made = false;
  std::string image{};   ///< file of the container that it is made of, absolute; "" = it is empty
  bool backing = false;  ///< it has only what differs from `image`, and is no copy of it
  std::optional<int> iothread{};  ///< QEMU's I/O thread of the disk, from 1

  bool operator==(const VmDisk&) const = default;
};

/// A network interface of a VM.
struct Interface {
  std::string name;  ///< "eth0", letters and digits
  InterfaceKind kind = InterfaceKind::bridge;
  std::string source;                     ///< the bridge, the container's device, or the network
  std::optional<MacAddress> mac;          ///< always there in what vms() gives
  std::string model = "virtio";           ///< the model that the guest sees
  std::optional<int> vlan = {};           ///< 1..4094
  std::vector<IpAddress> addresses = {};  ///< that the guest has; none: DHCP tells it one
  std::optional<Network> network = {};    ///< that it is in; of one to be stored the name counts

  /// Its own, or else that of its network.
  std::optional<int> vlan_in_effect() const { return vlan || !network ? vlan : network->vlan; }
};

/// A virtual machine.
struct Vm {
  HostName name;
  HostName container;
  std::string uuid;  ///< "c2177883-f1bb-47f0-914d-32a22e3a8804", for libvirt, for ever
  int memory_mib = 0;
  int cpus = 0;
  std::vector<VmDisk> disks;               ///< by target
  std::vector<VmGpu> gpus;                 ///< by name; assigned with assign_gpu()
  std::vector<Interface> interfaces = {};  ///< by name; added with add_interface()
  std::vector<VmSlice> slices = {};        ///< by name; assigned with assign_gpu()
  std::optional<int> fabric = {};          ///< partition of the fabric manager, from 0
  std::string libvirt_name = {};           ///< what libvirt calls it; "" = the same

  /// The name that libvirt has, or is to have, for it.
  const std::string& domain() const { return libvirt_name.empty() ? name.str() : libvirt_name; }
};

/// The names of `vms`, for a question about these alone.
OnlyHosts vm_names(const std::vector<Vm>& vms);

/// The devices of its host that a domain of libvirt has, whether it runs or not, though the
/// inventory did not give them.
struct DomainDevices {
  std::string uuid;
  std::string domain;                ///< the name of the domain
  std::vector<std::string> devices;  ///< "pci_0000_02_00_0", or the UUID of a mediated device
  std::string seen = {};             ///< the time when its host said so, "2026-11-21T01:20:00Z"

  bool operator==(const DomainDevices&) const = default;
};

/// Whether a VM starts with its container, as of its last sync.
struct VmAutostart {
  bool said = false;   ///< by the inventory
  bool there = false;  ///< in libvirt, after that

  bool operator==(const VmAutostart&) const = default;
};

/// What was said of a VM at its last define, and what libvirt made of it.
struct VmAgreement {
  std::string uuid;                        ///< of the domain that it is about
  HostName container;                      ///< where it was defined
  std::string rendered;                    ///< the document of the inventory
  std::string defined;                     ///< that of libvirt, without passwords
  unsigned long libvirt = 0;               ///< the version that read it: 9000000 is 9.0.0
  std::optional<VmAutostart> autostart{};  ///< nothing: nobody knows

  bool operator==(const VmAgreement&) const = default;
};

/// What the libvirt and QEMU of a host told of one kind of domain.
struct KnownMachine {
  std::string machine;        ///< "kvm x86_64 q35 /usr/bin/qemu-system-x86_64"
  unsigned long libvirt = 0;  ///< the version that told it: 9000000 is 9.0.0
  std::string facts;          ///< a line a kind: "video/modelType vga cirrus none"

  bool operator==(const KnownMachine&) const = default;
};

}  // namespace cluster
