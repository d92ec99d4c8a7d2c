#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/device_kind.h"
#include "core/names.h"
#include "core/pci_address.h"

namespace cluster {

/// A card of a physical host.
struct Gpu {
  HostName host;
  GpuName name;
  PciAddress pci;
};

/// One function of a card. The ids are four hex digits, "10de".
struct GpuFunction {
  PciAddress pci;
  std::string device_class, vendor, device;
  std::optional<std::string> subsystem_vendor, subsystem_device;
  std::optional<int> iommu_group;   ///< nothing when the IOMMU of the host is off
  std::optional<int> bar_mib = {};  ///< its 64-bit prefetchable BARs, in MiB
  std::vector<int> bars = {};       ///< the size of each of these in MiB; none when not known

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

/// What a card is to be while no VM holds it: the card of a VM is to be detached.
enum class GpuWish { host, detached };

/// "host", "detached".
std::string_view name(GpuWish wish);

/// Throws Error(usage) on another word.
GpuWish parse_gpu_wish(const std::string& text);

/// What a host told of a card, and when: each fact has its own time, "2026-11-21T01:20:00Z".
struct GpuTold {
  /// What drives its functions, in the order of their addresses: "nvidia snd_hda_intel"; "-" stands
  /// for a function without a driver.
  std::optional<std::string> driver;
  std::optional<std::string> driver_seen;
  std::optional<std::string> seen;          ///< of whether the card is there
  std::optional<std::string> failing_seen;  ///< of the check

  bool operator==(const GpuTold&) const = default;
};

/// A card with all the facts that its host gives. Of a card that was only typed, none of them is
/// known.
struct GpuCard {
  GpuName name;
  PciAddress pci;
  std::optional<std::string> model, serial, uuid, physical_slot;
  std::optional<int> numa_node;
  bool missing = false;                ///< the host did not have it when it was asked last
  std::vector<GpuFunction> functions;  ///< by address; empty when the host was never asked
  /// The reason why it should not be used, "D1: fallen off the bus"; only set_failing() sets it.
  std::optional<std::string> failing = {};
  std::vector<GpuSlice> slices = {};  ///< by number; none of a card that is missing
  std::optional<GpuWish> wish = {};   ///< only set_gpu_wish() sets it
  GpuTold told = {};

  bool operator==(const GpuCard&) const = default;
};

/// What the card is: a GPU when one of its functions is one, else what its first function is.
DeviceKind kind_of(const GpuCard& card);

/// A mediated device as the operator names it.
struct MdevRef {
  std::string uuid;
};

/// A card or a slice as the operator names it: by address, by its name on its host, or by UUID.
using CardRef = std::variant<PciAddress, SliceName, MdevRef>;

/// A device of its container that a VM holds: a card, a slice of one, or a mediated device.
struct HeldDevice {
  HostName vm;
  std::string device;          ///< "gpupci1", "gpupci1.0", or the UUID of a mediated device
  std::optional<GpuName> gpu;  ///< the card; nothing when it is none, or not known
  std::optional<int> number;   ///< of the virtual function, where it is one
  bool is_card = false;        ///< a whole card
  bool present = false;        ///< the container had it when it was asked last
  GpuName name;                ///< in the VM
};

/// A card of which a domain of libvirt has a part, although the inventory did not give it.
struct CardElsewhere {
  GpuName gpu;
  std::optional<int> slice;  ///< the virtual function that it has, where it is one
  std::string uuid, domain;  ///< of the domain
  std::string device;        ///< "pci_0000_02_00_0", or the UUID of a mediated device
  std::string seen;          ///< when the host said so, "2026-11-21T01:20:00Z"
};

/// All that is known about the devices of one host.
struct HostDevices {
  std::vector<GpuCard> cards;                 ///< by name
  std::vector<Mdev> mdevs;                    ///< by uuid
  std::vector<HeldDevice> held;               ///< by VM and the name there
  std::vector<CardElsewhere> elsewhere = {};  ///< by card
};

/// A card that can be given to a VM: a GPU, or a card of which only the address is known.
struct FreeGpu {
  HostName host;
  GpuName name;
  std::string model;             ///< in pci.ids, and its ids: "GP106 [GeForce GTX 1060] 10de:1c03"
  std::optional<int> numa_node;  ///< nothing when not known
};

/// How many cards of one model a vm-container can give from one NUMA node.
struct FreeCount {
  std::string_view host;
  std::string_view model;        ///< as in FreeGpu
  std::optional<int> numa_node;  ///< nothing when not known
  int cards = 0;
};

/// A card in a list with all that is known. The texts last until the next row; "" is not known.
struct CardRow {
  std::string_view host, gpu, pci;
  std::string_view vm;           ///< that holds it as a whole
  std::string_view ids;          ///< of its first function, "10de:2204"
  std::string_view iommu_group;  ///< of its first function, in digits
  std::string_view slot, serial, uuid, model;
  std::string_view failing;                ///< its own reason, or that of its host
  std::string_view seen, checked, synced;  ///< times of utc_now()
  int functions = 0;                       ///< 0: its host was never asked
  std::optional<int> numa_node;
  bool missing = false;
};

/// A slice or a mediated device in such a list.
struct SliceRow {
  std::string_view host;
  std::string_view gpu;       ///< the card, or what the mediated device is on; "" where not known
  std::optional<int> number;  ///< of a slice
  std::string_view address;   ///< of a slice that is there; the UUID of a mediated device
  std::string_view vm;        ///< that holds it
  std::string_view type;
  bool is_mdev = false;
  bool present = false;  ///< false: a VM holds it, and the container does not have it
};

/// What selects the host of a card: its model, and whether it or the whole host failed the last
/// check.
struct CardTrait {
  HostName host;
  std::string model;  ///< in pci.ids, and its ids, as in FreeGpu
  bool failing = false;
};

/// Cards of a host that has none yet. Both are kept by reference.
struct NewCards {
  const HostName* host;
  const std::vector<GpuCard>* cards;
};

/// The cards that a host should have, and which new name each old name became.
struct CardPlan {
  std::vector<GpuCard> cards;
  std::map<GpuName, GpuName> renamed;
  std::optional<std::vector<Mdev>> mdevs = {};  ///< when absent, they stay as they are
};

}  // namespace cluster
