#pragma once

#include <initializer_list>
#include <pugixml.hpp>
#include <string>
#include <utility>
#include <vector>

#include "virt/domain_spec.h"

// domain_xml() is made of these parts. Only virt/ includes this header.

namespace cluster::virt {

/// Appends <name key='value' ...> to `parent`.
pugi::xml_node child(pugi::xml_node parent, const char* name,
                     std::initializer_list<std::pair<const char*, std::string>> attributes = {});

/// Appends <name>value</name> to `parent`.
void text_child(pugi::xml_node parent, const char* name, const std::string& value);

/// The text of a document as libvirt would write it: two blanks a level, "/>", single quotes.
std::string document_text(const pugi::xml_document& document);

/// Declares the prefix `qemu` on <domain>, once.
void declare_qemu(pugi::xml_node root);

// virt/domain_cpu.cc adds memory and CPUs. Throws Error(usage), see domain_xml().
void add_memory_and_cpus(pugi::xml_node root, const DomainSpec& domain);
void add_cpu(pugi::xml_node root, const DomainSpec& domain, bool holds_device);

/// "ua-NAME", for an alias. libvirt drops an alias with a '.', for one, without a word, so what it
/// does not take becomes '-'.
std::string alias_text(const std::string& name);

/// Adds <alias name='ua-NAME'/>.
void add_alias(pugi::xml_node device, const std::string& name);

// virt/domain_devices.cc adds the devices that are neither cards nor their controllers.
void add_disks(pugi::xml_node devices, const DomainSpec& domain);
void add_interfaces(pugi::xml_node devices, const DomainSpec& domain);
void add_consoles(pugi::xml_node devices, const DomainSpec& domain);

/// Adds a virtio-scsi controller for each disk on bus scsi, and each SCSI device of the host, that
/// has none, and says virtio-scsi where a controller says no model: libvirt's own choice is an
/// lsilogic, for which guests of today have no driver.
void add_scsi_controllers(pugi::xml_node devices);

/// Gives each PCI controller of own XML a name: libvirt gives it another number in a domain that is
/// there. They follow the `root` bus, "pcie-root": libvirt would take the first of them for it.
void name_own_ports(pugi::xml_node devices, const char* root);

/// True if name_own_ports() has named the controller.
bool is_own_port(pugi::xml_node controller);

/// Puts <driver>, <source> and <teaming> of each device of the host side by side, as libvirt writes
/// them. The schema takes any order, but libxml2 does not, where another element is between them.
void join_sources(pugi::xml_node devices);

/// Gives each interface that says no MAC address one, made of the UUID of its domain: libvirt would
/// make another at each define.
void add_macs(pugi::xml_node devices, const std::string& uuid);

/// The highest number of an I/O thread that a device has; 0 = none has one.
int highest_iothread(pugi::xml_node devices);

/// Gives the domain <iothreads>, as many as its devices ask for, unless it says them itself.
void add_iothreads(pugi::xml_node root);

/// A PCI controller of the guest; the bus behind it has the number `index`.
struct Controller {
  int index = 0;
  std::string model;
  std::string alias;                  ///< "" = none
  std::optional<PciAddress> address;  ///< in the guest; libvirt's choice when there is none
  std::optional<int> port;            ///< the number of a root port or a downstream port
  std::optional<int> bus{};           ///< of an expander: the guest's bus number behind it
  int cell = 0;                       ///< of an expander: the guest's NUMA node
};

/// The places of the cards and mediated devices of a domain in the guest: virt/domain_cards.cc.
struct GuestSlots {
  std::vector<Controller> controllers;
  /// The address of function 0 of each card, in the order of DomainSpec::cards. A card that is
  /// known by address alone has none.
  std::vector<std::optional<PciAddress>> cards;
  std::vector<PciAddress> mdevs;
};

/// What libvirt needs for devices without address: controllers that it makes by itself on a machine
/// with PCI Express, slots of the root bus on one without.
struct OwnPorts {
  int count = 0;                ///< root ports, and the bridge, one index each
  int slots = 0;                ///< from slot 2 on
  std::optional<int> bridge{};  ///< the index of a conventional bridge, behind the first of them
  bool display = false;         ///< slot 1 is the display's, and the ports come behind it
};

/// Those of the document, were it without cards: virt/domain_slots.cc.
OwnPorts own_ports(pugi::xml_node devices);

/// Throws Error(usage), see domain_xml(). The cards come behind `own`, so that no other device
/// of the guest moves when a card is given or taken.
GuestSlots place_cards(const DomainSpec& domain, const OwnPorts& own = {});

void add_controllers(pugi::xml_node devices, const DomainSpec& domain, const GuestSlots& slots);
void add_hostdevs(pugi::xml_node devices, const DomainSpec& domain, const GuestSlots& slots);

/// Adds <qemu:override> for settings that libvirt has no element for, when a card asks for one.
void add_override(pugi::xml_node root, const DomainSpec& domain);

/// Merges `fragment` into the document: virt/domain_own.cc. Throws Error(usage), see
/// domain_xml().
void merge_fragment(pugi::xml_node root, const Fragment& fragment);

}  // namespace cluster::virt
