#pragma once

#include <SQLiteCpp/Database.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/mac_address.h"
#include "core/names.h"
#include "core/pci_address.h"
#include "db/attribute.h"

namespace cluster {

/// A machine or a VM. Absent means unknown, and is left to ssh or to the operator's habits.
struct Host {
  HostName name;
  std::string appliance;               ///< one of Inventory::appliances()
  std::optional<int> rack;             ///< from 0
  std::optional<int> rank;             ///< place in the rack, from 0
  std::optional<int> cpus;             ///< from 1
  std::optional<std::string> address;  ///< IP address or DNS name
  std::optional<int> port;             ///< of sshd, 1..65535
  std::optional<std::string> user;     ///< login name for ssh
  bool managed = false;  ///< whether `run host` without names goes there; by appliance
  /// Why none of its cards should be used, "H2: no IOMMU"; from set_failing() alone.
  std::optional<std::string> failing = {};
};

/// A card of a physical host.
struct Gpu {
  HostName host;
  GpuName name;
  PciAddress pci;
};

/// One function of a card, ids as four hex digits, "10de".
struct GpuFunction {
  PciAddress pci;
  std::string device_class, vendor, device;
  std::optional<std::string> subsystem_vendor, subsystem_device;
  std::optional<int> iommu_group;   ///< nothing when the IOMMU of the host is off
  std::optional<int> bar_mib = {};  ///< its 64-bit prefetchable BARs, in MiB

  bool operator==(const GpuFunction&) const = default;
};

/// A virtual function of a card.
struct GpuSlice {
  int number = 0;  ///< the kernel's, from 0
  PciAddress pci;
  std::optional<std::string> type = {};  ///< of the vGPU that its driver runs on it, "1145"

  bool operator==(const GpuSlice&) const = default;
};

/// A mediated device of a host.
struct Mdev {
  std::string uuid;
  std::string parent;  ///< "gpupci1", "gpupci1.0", or the name of a device that is no card, "mtty"
  std::string type;    ///< as the driver calls it, "nvidia-558"

  bool operator==(const Mdev&) const = default;
};

/// A card with all that its host says of it. Nothing in it is known of a card that was only typed.
struct GpuCard {
  GpuName name;
  PciAddress pci;
  std::optional<std::string> model, serial, uuid, physical_slot;
  std::optional<int> numa_node;
  bool missing = false;                ///< the host did not have it when it was asked last
  std::vector<GpuFunction> functions;  ///< by address; empty when the host was never asked
  /// Why it should not be used, "D1: fallen off the bus"; from set_failing().
  std::optional<std::string> failing = {};
  std::vector<GpuSlice> slices = {};  ///< by number; none of a card that is missing

  bool operator==(const GpuCard&) const = default;
};

/// One row of `list host gpu`: a host's card, or what a VM holds under a name of its own.
struct HostGpu {
  HostName host;
  GpuName name;
  std::string shown;  ///< PCI address; UUID of a mediated device; name of a slice not there
  std::string given;  ///< what makes the row again: address, name of a slice, UUID
};

/// A mediated device as the operator names it.
struct MdevRef {
  std::string uuid;
};

/// A card or a slice as the operator names it: by address, by its name on its host, or by UUID.
using CardRef = std::variant<PciAddress, SliceName, MdevRef>;

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
  std::string source;           ///< "file", "phy" (a block device of the container), "cdrom"
  std::string path;             ///< absolute; of a "cdrom" an image that the guest cannot write
  std::string target;           ///< device in the guest, "vda"
  std::string bus;              ///< "virtio", "scsi", "sata", "ide", "usb"
  std::string format;           ///< "raw" or "qcow2"
  std::optional<int> size_gib;  ///< from 1

  bool operator==(const VmDisk&) const = default;
};

/// A network interface of a VM.
struct Interface {
  std::string name;               ///< "eth0", letters and digits
  std::string kind;               ///< "bridge", "direct" (macvtap), "network" (libvirt's), "ovs"
  std::string source;             ///< the bridge, the container's device, or the network
  std::optional<MacAddress> mac;  ///< always there in what vms() gives
  std::string model = "virtio";   ///< what the guest sees
  std::optional<int> vlan = {};   ///< 1..4094
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
};

/// A roll whose folder is NAME-VERSION in `rolls` beside the inventory's file.
struct StoredRoll {
  std::string name;
  std::string version;
  std::string arch;  ///< as `uname -m` says it, or "any"
  bool enabled = false;
  std::string checksum;  ///< of the folder when it was added
};

/// The one place that speaks SQL: hosts, their cards, their VMs. Every method is a transaction that
/// is done as a whole or not at all; none lets an SQLite exception out. All throw Error(io) when
/// the database file fails; what else they throw is said at each.
class Inventory {
 public:
  enum class Open {
    existing,  ///< the file must be there
    create,    ///< the file and its folder are made when they are not
  };

  /// Opens `file` (":memory:" for tests) and brings its schema up to date. Throws Error(not_found)
  /// when it is not there, Error(io) when it is not ours, cannot be written or is of a newer
  /// version.
  Inventory(const std::filesystem::path& file, Open open);

  /// Where it is, absolute.
  std::filesystem::path file() const;

  /// Runs `work`, which calls methods of this inventory, as one transaction: nobody else writes
  /// between what it reads and what it writes, and when it throws nothing of it is kept. `what`
  /// names the deed when the file fails, "add host vm".
  void together(const char* what, const std::function<void()>& work);

  // --- hosts: db/host.cc

  /// Throws Error(exists) when the name or the address is taken, Error(usage) on an unknown
  /// appliance.
  void add_host(const Host& host);

  /// Stores `hosts`, which are there already, as they are given now. Throws as add_host(), and
  /// Error(refused) when the new appliance does not go with the host's cards or VMs.
  void set_hosts(const std::vector<Host>& hosts);

  /// Removes the hosts with their cards. Throws Error(refused) when one is a VM, still has VMs, or
  /// a VM holds one of its cards; then all stay.
  void remove_hosts(const std::vector<HostName>& names);

  std::vector<Host> hosts();              ///< sorted, "n2" before "n10"
  std::vector<std::string> appliances();  ///< sorted

  /// Throws Error(usage) unless `name` is one of appliances().
  void require_appliance(const std::string& name);

  // --- attributes: db/attribute.cc

  /// Throws Error(exists) when one is there already, Error(usage) on a wrong name or an unknown
  /// appliance, Error(not_found) when there is no such host; then none is added.
  void add_attributes(const std::vector<Attribute>& attributes);

  /// Adds them, or changes the values of those that are there; throws as add_attributes().
  void set_attributes(const std::vector<Attribute>& attributes);

  /// Removes them, whatever their values. Throws Error(not_found) when one is not there; then all
  /// stay.
  void remove_attributes(const std::vector<Attribute>& attributes);

  std::vector<Attribute> attributes();  ///< as stored, by owner and name

  // --- cards: db/gpu.cc

  /// Throws Error(not_found) when there is no such host, Error(exists) when the name or the card is
  /// recorded already, or the address is that of a slice, Error(usage) when the host is a VM or the
  /// name has no number.
  void add_gpu(const Gpu& gpu);

  /// Gives the card `gpu.host gpu.name` another address; throws as add_gpu(), and Error(not_found)
  /// when the host has no card of that name.
  void set_gpu(const Gpu& gpu);

  /// Throws Error(not_found), or Error(refused) when a VM holds it or a slice of it.
  void remove_gpu(const HostName& host, const GpuName& name);

  std::vector<HostGpu> host_gpus();  ///< cards of hosts and what VMs hold, by owner and name
  std::vector<Gpu> gpus();           ///< cards of hosts alone, by host and name

  // --- cards and slices in VMs: db/vm_gpu.cc

  /// Gives `card` of its container, or a slice, to `vm` as `name`; the slice need not be there yet.
  /// Throws Error(not_found) when there is no such VM or its container has no such card,
  /// Error(exists) when the name is taken, or the card as a whole or a slice of it is,
  /// Error(refused) when the mediated device is known to be of another host.
  void assign_gpu(const HostName& vm, const GpuName& name, const CardRef& card);

  /// Gives `vm` another one under the name that it has already; throws as assign_gpu().
  void reassign_gpu(const HostName& vm, const GpuName& name, const CardRef& card);

  /// Takes the card or slice `name` away from `vm`. Throws Error(not_found).
  void unassign_gpu(const HostName& vm, const GpuName& name);

  // --- what hosts say of their cards: db/gpu_card.cc

  std::vector<GpuCard> gpu_cards(const HostName& host);  ///< by name

  std::vector<Mdev> mdevs(const HostName& host);  ///< by uuid

  /// What a host's cards are to be, and which of the old names became which new one.
  struct CardPlan {
    std::vector<GpuCard> cards;
    std::map<GpuName, GpuName> renamed;
    std::optional<std::vector<Mdev>> mdevs = {};  ///< nothing: they stay as they are
  };

  /// Gives `plan` the cards that `host` has and stores what it answers, in one transaction: VMs
  /// keep their cards and slices under the new names, and mediated devices that are no more. A plan
  /// that leaves out a card that a VM holds, or has two cards in one slot, throws Error(refused)
  /// and changes nothing; so does what `plan` throws.
  void replan_gpu_cards(const HostName& host,
                        const std::function<CardPlan(const std::vector<GpuCard>&)>& plan);

  /// What `check host gpu` found last: why no card of `host` should be used, and why each of
  /// `cards` should not. What is not named fails no more; a card that is not recorded is left out.
  void set_failing(const HostName& host, const std::optional<std::string>& host_failing,
                   const std::map<GpuName, std::string>& cards);

  // --- VMs: db/vm.cc

  /// Adds the VM, and its host row when there is none. Throws Error(not_found) when the container
  /// is not there, Error(exists) when the name is taken, Error(usage) when the container is a VM.
  void add_vm(const Vm& vm);

  /// Stores memory, cpus and disks of `vm`, which is there already, as they are given now.
  void set_vm(const Vm& vm);

  /// Lets another host run `name`. Throws Error(not_found), Error(refused) while it holds a card,
  /// and as add_vm() when the container is none.
  void move_vm(const HostName& name, const HostName& container);

  /// Removes the VM and its host row. Throws Error(refused) while it holds a card,
  /// Error(not_found).
  void remove_vm(const HostName& name);

  /// Sorted by name; those of one container alone when there is one.
  std::vector<Vm> vms(const std::optional<HostName>& container = {});
  Vm require_vm(const HostName& name);  ///< throws Error(not_found)
  bool is_vm(const HostName& name);     ///< false also when there is no such host

  // --- interfaces of VMs: db/interface.cc

  /// Adds it to `vm`; where it has no MAC address, one is made of the VM's uuid and the name, and
  /// stays. Throws Error(not_found) when there is no such VM, Error(exists) when the name or the
  /// MAC address is taken.
  void add_interface(const HostName& vm, const Interface& interface);

  /// Stores the interface of that name as it is given now; throws as add_interface(), and
  /// Error(not_found) when `vm` has none of that name.
  void set_interface(const HostName& vm, const Interface& interface);

  /// Throws Error(not_found).
  void remove_interface(const HostName& vm, const std::string& name);

  /// Throws Error(not_found).
  Interface require_interface(const HostName& vm, const std::string& name);

  // --- rolls: db/roll.cc

  std::vector<StoredRoll> rolls();  ///< by name, versions from old to new

  /// Records a roll, not enabled, and calls `place`, which puts its folder there; when that throws
  /// nothing is recorded. Throws Error(exists) when this version is there already.
  void add_roll(const StoredRoll& roll, const std::function<void()>& place);

  /// At most one version of a roll is enabled: another one no longer is. Throws Error(not_found).
  void enable_roll(const std::string& name, const std::string& version);

  /// Throws Error(not_found).
  void disable_roll(const std::string& name, const std::string& version);

  /// Throws Error(not_found), or Error(refused) while it is enabled.
  void remove_roll(const std::string& name, const std::string& version);

 private:
  // What to say when a constraint of the schema refused the deed: throws the Error that fits, or
  // returns when it does not know. Called after the rollback with SQLite's extended error code.
  using Explain = std::function<void(int code)>;

  // Runs `work` in one transaction, or as a part of the one that is open. What SQLite throws
  // becomes `explain`'s Error, else Error(io) with `what`, the name of the deed, "add host".
  void write(const char* what, const std::function<void()>& work, const Explain& explain = {});

  // The same for reading: one transaction, so that what is read in several queries fits together.
  void read(const char* what, const std::function<void()>& work);

  bool in_transaction() const;

  // Gives `vms`, all of them or those of `container`, what they hold.
  void read_vm_gpus(std::vector<Vm>& vms, const std::optional<std::string>& container);

  void migrate();

  SQLite::Database db_;
};

/// Where the inventory is: `option` (--db) when it is not empty, else $CLUSTER_DB, else
/// /var/lib/cluster/cluster.db for root, else $XDG_DATA_HOME (or
/// ~/.local/share)/cluster/cluster.db.
std::filesystem::path inventory_file(const std::string& option);

}  // namespace cluster
