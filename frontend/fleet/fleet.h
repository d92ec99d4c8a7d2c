#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/device_kind.h"
#include "db/inventory.h"
#include "frontend/cards/card_state.h"
#include "frontend/cards/card_truth.h"

// The whole fleet as reports need it: hosts, cards, slices, VMs, and who holds what.
namespace cluster::frontend {

/// The place of a card or a slice in a VM.
struct FleetPlace {
  HostName vm;
  GpuName name;  ///< there: "gpupci", "gpupci1"
  /// Of its first function there, as `report vm config` prints it; nothing: libvirt chooses, or it
  /// is not known.
  std::optional<PciAddress> guest = {};
};

/// A slice of a card: a virtual function, or a mediated device.
struct FleetSlice {
  std::string name;  ///< "gpupci1.0", or the UUID of a mediated device
  bool is_mdev = false;
  std::string parent = {};               ///< "gpupci1", "gpupci1.0", "mtty"; "" = not known
  std::optional<PciAddress> pci = {};    ///< of a virtual function that is there
  std::optional<std::string> type = {};  ///< of the vGPU: "1145", "nvidia-558"
  /// As of a card: `missing` also when it was given before it was there.
  CardState state = CardState::missing;
  std::optional<FleetPlace> place = {};    ///< the VM that holds it
  std::optional<std::string> domain = {};  ///< of libvirt that has it without the inventory
};

struct FleetCard {
  GpuCard card;  ///< what its host told of it, and when (GpuTold)
  DeviceKind kind = DeviceKind::unknown;
  CardState state = CardState::missing;
  Binding binding = Binding::unknown;       ///< who drove it at GpuTold::driver_seen
  std::optional<std::string> failing = {};  ///< the reason not to use it: its own, or its host's
  std::optional<FleetPlace> place = {};     ///< the VM that holds it as a whole
  std::optional<std::string> domain = {};   ///< of libvirt that has a part, as CardState says
  std::vector<FleetSlice> slices = {};      ///< by number, then mediated devices by UUID
};

/// A physical host.
struct FleetHost {
  Host host;
  /// False: the words that select hosts do not mean it. It is here for the VMs that they mean, with
  /// the cards that these hold and no others.
  bool meant = true;
  std::map<std::string, std::string> attributes = {};  ///< those that count, without secrets
  /// When it told of itself last, "2026-11-21T01:20:00Z": of its agent, its cards, or its checks.
  std::optional<std::string> seen = {};
  std::vector<FleetCard> cards = {};    ///< by name
  std::vector<FleetSlice> others = {};  ///< mediated devices of no card that is known, by UUID
};

/// What a VM holds.
struct FleetDevice {
  GpuName name;                          ///< in the VM
  std::string device;                    ///< on its host: "gpupci1", "gpupci1.0", or a UUID
  bool whole = false;                    ///< a card, and no slice of one
  std::optional<GpuName> gpu = {};       ///< the card there; nothing when it is none, or not known
  std::optional<PciAddress> guest = {};  ///< as in FleetPlace
};

struct FleetVm {
  Vm vm;  ///< its host, memory and CPUs too
  Host host;
  std::map<std::string, std::string> attributes = {};  ///< as in FleetHost
  std::optional<std::string> address = {};             ///< that it has, or its first interface
  std::vector<FleetDevice> devices = {};               ///< by name
  std::optional<std::string> status = {};  ///< what it does, when its host was asked: "active"
};

struct Fleet {
  std::string made;                     ///< when it was read, "2026-11-21T01:20:00Z"
  std::vector<FleetHost> hosts;         ///< "n2" before "n10"
  std::vector<FleetVm> vms;             ///< in the same order
  std::vector<std::string> notes;       ///< what could not be found out, one line each
  std::vector<std::string> words = {};  ///< what it was selected by; none: it is everything
};

/// The hosts of a fleet by name; those of its VMs are among them. It holds as long as the fleet.
std::map<HostName, const FleetHost*> hosts_by_name(const Fleet& fleet);

/// Reads what `words` (docs/selecting.md) mean in one transaction: hosts, their cards and VMs, and
/// VMs alone. No words mean everything. Where VMs have their cards takes the rendering of each VM;
/// it is not known without `with_guests`. Throws as select_hosts() does.
Fleet read_fleet(Inventory& inventory, const std::vector<std::string>& words,
                 bool with_guests = true);

}  // namespace cluster::frontend
