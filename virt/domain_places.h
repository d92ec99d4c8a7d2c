#pragma once

#include <map>
#include <optional>
#include <pugixml.hpp>
#include <string>

#include "virt/domain_merging.h"

// Where devices are in the guest. Only virt/ includes this header.

namespace cluster::virt {

/// The PCI controller with that index; null when there is none.
pugi::xml_node pci_controller(pugi::xml_node root, int index);

/// "06:00.0" of a PCI address, the type of any other, nothing of a null node.
std::optional<std::string> guest_address(pugi::xml_node address);

/// {index of a PCI controller: the number that firmware gives its bus}. SeaBIOS and OVMF number
/// buses depth first, by slot and function; what is behind an expander counts from its busNr. A
/// controller that nothing leads to is missing.
std::map<int, int> guest_buses(pugi::xml_node root);

/// `wanted` when nothing has that bus number in the guest, else the middle of the widest gap among
/// those of expanders: who is there keeps its number.
int free_bus_number(pugi::xml_node root, int wanted);

/// What libvirt gives a device without address, https://libvirt.org/pci-hotplug.html: tried with
/// libvirt 7.0 to 12.8 on q35.
enum class WantedSlot {
  none,
  port,          ///< a PCI Express port of its own
  conventional,  ///< a slot of a conventional bridge
};
WantedSlot wanted_slot(pugi::xml_node device);

/// True if our two addresses are behind the same controller: by alias, else by model and index.
/// `then` is in the rendering of the last define, and `now` in ours.
bool same_parent(const Merging& merging, pugi::xml_node then, pugi::xml_node now);

/// True if the controller of a PCI address is there, and no device has the address.
bool is_free(pugi::xml_node root, pugi::xml_node address);

/// Decides about the guest address of a device: it is kept while the device is behind the same
/// controller, whoever chose it.
void place(Merging& merging, pugi::xml_node device, const Quad& addresses, const std::string& path);

/// Finds indices for new controllers and slots for what is new or moves. Nothing else is touched.
void places(Merging& merging);

/// Takes out controllers that we no longer say: those that are empty and behind all others, as
/// libvirt would fill a gap with a port anyway.
void empty_ports(Merging& merging);

/// Refuses devices for which bus 0 of i440fx has no slot.
void slots_for_new(Merging& merging);

/// Adds, behind all others, the ports that devices without address need: libvirt would make them in
/// front, and every guest bus behind would get another number.
void ports_for_new(Merging& merging);

/// Tells what the guest finds on another bus though its address is the same.
void seen_by_guest(Merging& merging);

}  // namespace cluster::virt
