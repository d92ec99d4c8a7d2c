#pragma once

#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

// Which element of one domain document is which of another. Only virt/ includes this header. All
// functions want elements as read_domain() makes them.

namespace cluster::virt {

/// The alias that somebody gave a device, "ua-gpupci1-fn0"; "" when it has none or libvirt's own.
/// https://libvirt.org/formatdomain.html#devices
std::string_view alias(pugi::xml_node device);

/// What tells a device from others of its element: a target, a MAC, the address of a card on the
/// host. "" where a domain has one of the kind, nothing where only its place does.
std::optional<std::string> natural_key(pugi::xml_node device);

/// What a device without a key looks like: its model, type and backend. "" for all others.
std::string looks(pugi::xml_node device);

/// What tells an element from others of its parent: natural_key() of a device, the namespace of a
/// child of <metadata>, the value of an attribute that the tables know; "" when it is there once.
std::optional<std::string> key(pugi::xml_node element);

/// True if both have the same name and key.
bool same_identity(pugi::xml_node left, pugi::xml_node right);

/// An element as a path names it: "disk[vda]", "vcpupin[0]", "memory".
std::string label(pugi::xml_node element);

/// How the elements of that name below that parent are merged. `parent` is without prefix.
enum class Listing {
  none,       ///< one by one, by key
  whole,      ///< all or none of them: their order says something
  arguments,  ///< ours are a run inside theirs
};
Listing listing(std::string_view parent, std::string_view name);

/// The names below `parent` that have a listing.
std::vector<std::string_view> listed(std::string_view parent);

/// True if an element of that name is taken or left as a whole.
bool is_atomic(std::string_view name);

/// True if the attribute says what kind of thing the element is: what libvirt chose for another
/// kind does not fit.
bool says_kind(pugi::xml_node element, std::string_view attribute);

/// What libvirt adds to an element by its kind: attributes and children.
struct Chosen {
  std::vector<const char*> attributes;
  std::vector<const char*> children;
};
Chosen chosen_by_kind(pugi::xml_node element);

/// True if it stands below <devices>.
bool is_device(pugi::xml_node element);

/// A PCI controller, or something in one.
bool is_pci_controller(pugi::xml_node element);

/// True if it is an expander that virt/domain_cards.cc has made, for the cards of a NUMA node.
bool is_our_expander(pugi::xml_node element);

}  // namespace cluster::virt
