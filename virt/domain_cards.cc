#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <sstream>

#include "core/error.h"
#include "core/text.h"
#include "virt/domain_parts.h"

namespace cluster::virt {
namespace {

// QEMU wants the graphics in slot 1 of the root bus; the last slots hold the chipset.
constexpr int kFirstSlot = 0x02;
constexpr int kLastSlot = 0x1a;
constexpr int kFirstSlotOfPci = 0x10;  // for cards on a machine without PCI Express
constexpr int kLastSlotOfABus = 0x1f;  // the last slot of a bus that has nothing else
constexpr int kExpanderBus = 128;      // buses behind expanders are numbered from here in the guest
constexpr int kBusesOfExpanders = 128;

[[noreturn]] void unfit(const DomainSpec& domain, const std::string& why) {
  throw Error(Fault::usage, "cards of " + quote(domain.name) + " cannot be placed: " + why);
}

bool is_pcie(const std::string& machine) { return machine.find("q35") != std::string::npos; }

PciAddress at(int bus, int slot) {
  return {0, static_cast<std::uint8_t>(bus), static_cast<std::uint8_t>(slot), 0};
}

void check(const DomainSpec& domain, const CardSpec& card) {
  if (card.functions.empty()) unfit(domain, quote(card.name) + " has no function");
  for (const auto& function : card.functions) {
    if (!function.same_slot(card.functions.front())) {
      unfit(domain, quote(card.name) + " has functions of two slots, " +
                        card.functions.front().sysfs() + " and " + function.sysfs());
    }
  }
  auto sorted = card.functions;
  std::ranges::sort(sorted);
  if (const auto twin = std::ranges::adjacent_find(sorted); twin != sorted.end()) {
    unfit(domain, quote(card.name) + " has function " + twin->sysfs() + " twice");
  }
  if (card.gpudirect_clique && (*card.gpudirect_clique < 0 || *card.gpudirect_clique > 15)) {
    unfit(domain, "clique " + std::to_string(*card.gpudirect_clique) + " of " + quote(card.name) +
                      " (want 0 to 15)");
  }
}

// Hands out the slots of the guest's buses, and the ports that make them.
class Placer {
 public:
  Placer(const DomainSpec& domain, const OwnPorts& own)
      : domain_(domain), pcie_(is_pcie(domain.machine)) {
    slots_.controllers.push_back({0, pcie_ ? "pcie-root" : "pci-root", "", {}, {}});
    if (pcie_) {
      leave(own);
    } else {
      next_pci_ = std::max(kFirstSlotOfPci, kFirstSlot + own.slots);
    }
    const bool expanders = domain.numa && domain.numa->expander;
    cells_.resize(expanders ? domain.numa->host_nodes.size() : 0);
  }

  GuestSlots run() {
    std::set<std::size_t> near;  // the guest nodes that have cards
    for (const auto& card : domain_.cards) {
      if (const auto cell = cell_of(card)) near.insert(*cell);
    }
    if (!pcie_ && (!near.empty() || domain_.pci_switch)) {
      unfit(domain_, "machine " + quote(domain_.machine) + " has no PCI Express (want q35)");
    }
    for (const auto cell : near) add_expander(cell);
    if (domain_.pci_switch) add_switches(near);
    for (const auto& card : domain_.cards) {
      check(domain_, card);
      slots_.cards.push_back(card.known ? std::optional(place(card)) : std::nullopt);
    }
    for (const auto& mdev : domain_.mdevs) {
      slots_.mdevs.push_back(pcie_ ? behind_root_port(mdev.name, {}) : on_pci(mdev.name));
    }
    return std::move(slots_);
  }

 private:
  // What is behind one expander. `next` is its next free slot.
  struct CellBus {
    std::optional<int> expander;
    int next = 0;
  };

  // The slots behind one PCIe switch.
  struct Switch {
    int upstream = 0;
    int next = 0;
  };

  using CellNumber = std::optional<std::size_t>;  // nothing: on the root bus

  CellNumber cell_of(const CardSpec& card) const {
    if (!card.known || !card.numa_node || cells_.empty()) return std::nullopt;
    const auto& nodes = domain_.numa->host_nodes;
    const auto at = std::ranges::find(nodes, *card.numa_node);
    if (at == nodes.end()) return std::nullopt;
    return static_cast<std::size_t>(at - nodes.begin());
  }

  int add(const std::string& model, const std::string& alias, std::optional<PciAddress> address,
          std::optional<int> port) {
    slots_.controllers.push_back({next_index_, model, alias, address, port});
    return next_index_++;
  }

  // libvirt fills the indices that are left out with root ports, eight in a slot, and puts the
  // devices without address behind them: where they would be without any card. A bridge that
  // nobody says would come behind the cards.
  void leave(const OwnPorts& own) {
    constexpr int kPortsInASlot = 8;
    next_index_ = own.count + 1;
    const int slots = (own.count + kPortsInASlot - 1) / kPortsInASlot;
    next_ = std::max(kFirstSlot, (own.display ? kFirstSlot : 1) + slots);
    if (own.bridge) {
      slots_.controllers.push_back(
          {*own.bridge, "pcie-to-pci-bridge", alias_text("pci-bridge"), {}, {}});
    }
  }

  // The buses behind the expanders share the upper half of the guest's bus numbers. libvirt gives
  // each a slot in front of its own ports.
  void add_expander(std::size_t cell) {
    ++next_;
    const auto step = kBusesOfExpanders / static_cast<int>(std::bit_ceil(cells_.size()));
    cells_[cell].expander =
        add("pcie-expander-bus", alias_text("pxb" + std::to_string(cell)), {}, {});
    slots_.controllers.back().bus = kExpanderBus + static_cast<int>(cell) * step;
    slots_.controllers.back().cell = static_cast<int>(cell);
  }

  // A root port on the expander of that cell or on the root bus; gives the slot behind it.
  PciAddress behind_root_port(const std::string& name, CellNumber cell) {
    const int slot = cell ? cells_[*cell].next++ : next_++;
    const int bus = cell ? *cells_[*cell].expander : 0;
    if (slot > (cell ? last_slot_of_expander() : kLastSlot)) full(name);
    return at(add("pcie-root-port", alias_text("rp-" + name), at(bus, slot), slot << 3), 0);
  }

  // Each port needs a bus number of its own beside that of the expander.
  int last_slot_of_expander() const {
    const auto step = kBusesOfExpanders / static_cast<int>(std::bit_ceil(cells_.size()));
    return std::min(kLastSlotOfABus, step - 2);
  }

  // One switch for all cards, as a peer-to-peer copy must not leave it. It is near only when all of
  // them are. With cards on several nodes each node has a switch.
  void add_switches(const std::set<std::size_t>& near) {
    const auto is_far = [&](const CardSpec& card) { return card.known && !cell_of(card); };
    const bool any_far = std::ranges::any_of(domain_.cards, is_far);
    if (near.size() > 1) {
      for (const auto cell : near) add_switch("switch" + std::to_string(cell), cell);
      if (any_far) add_switch("switch", {});
    } else {
      add_switch("switch", near.empty() || any_far ? CellNumber() : *near.begin());
    }
  }

  void add_switch(const std::string& name, CellNumber cell) {
    const auto port = behind_root_port(name, cell);
    switches_[cell] = {add("pcie-switch-upstream-port", alias_text("up-" + name), port, {}), 0};
  }

  PciAddress place(const CardSpec& card) {
    if (!pcie_) return on_pci(card.name);
    const auto cell = cell_of(card);
    if (switches_.empty()) return behind_root_port(card.name, cell);
    auto& behind = switches_.size() == 1 ? switches_.begin()->second : switches_.at(cell);
    const int slot = behind.next++;
    if (slot > kLastSlotOfABus) full(card.name);
    return at(add("pcie-switch-downstream-port", alias_text("dp-" + card.name),
                  at(behind.upstream, slot), slot),
              0);
  }

  // On a machine without PCI Express libvirt puts its own devices into the low slots.
  PciAddress on_pci(const std::string& name) {
    const int slot = next_pci_++;
    if (slot > kLastSlotOfABus) full(name);
    return at(0, slot);
  }

  [[noreturn]] void full(const std::string& name) const {
    unfit(domain_, "no slot is left for " + quote(name) + " on machine " + quote(domain_.machine));
  }

  const DomainSpec& domain_;
  bool pcie_;
  GuestSlots slots_;
  std::vector<CellBus> cells_;  // of the guest nodes; empty without expanders
  std::map<CellNumber, Switch> switches_;
  int next_ = kFirstSlot;
  int next_index_ = 1;
  int next_pci_ = kFirstSlotOfPci;
};

// libvirt writes each field of an address as "0x0000".
void add_address(pugi::xml_node node, const PciAddress& pci) {
  // sysfs() gives DOMAIN:BB:SS.F. The widths are fixed from the end; the rest is the domain.
  const auto spelled = pci.sysfs();
  const auto end = spelled.size();
  for (const auto& [name, digits] :
       {std::pair("domain", spelled.substr(0, end - 8)),
        std::pair("bus", spelled.substr(end - 7, 2)), std::pair("slot", spelled.substr(end - 4, 2)),
        std::pair("function", spelled.substr(end - 1, 1))}) {
    node.append_attribute(name) = ("0x" + digits).c_str();
  }
}

void add_guest_address(pugi::xml_node device, const PciAddress& pci, bool multifunction = false) {
  auto address = child(device, "address", {{"type", "pci"}});
  add_address(address, pci);
  if (multifunction) address.append_attribute("multifunction") = "on";
}

std::string hex(int value) {
  std::ostringstream out;
  out << "0x" << std::hex << value;
  return out.str();
}

// A guest does not find a slot that has no function 0. So the lowest function becomes function 0,
// also when it is a virtual function or function 0 of the card stays on the host. The others keep
// their numbers.
PciAddress guest_function(const PciAddress& slot, const PciAddress& function, bool lowest) {
  auto pci = slot;
  pci.function = lowest ? 0 : function.function;
  return pci;
}

void add_driver(pugi::xml_node hostdev, const CardSpec& card, bool lowest) {
  const bool model = lowest && !card.driver_model.empty();
  if (!model && !card.iommufd) return;
  auto driver = child(hostdev, "driver");
  if (model) driver.append_attribute("model") = card.driver_model.c_str();
  if (card.iommufd) driver.append_attribute("iommufd") = "yes";
}

// Only the lowest function has the ROM.
void add_rom(pugi::xml_node hostdev, const CardSpec& card) {
  if (!card.rom_bar && card.rom_file.empty()) return;
  auto rom = child(hostdev, "rom");
  if (card.rom_bar) rom.append_attribute("bar") = *card.rom_bar ? "on" : "off";
  if (!card.rom_file.empty()) rom.append_attribute("file") = card.rom_file.c_str();
}

std::string alias_of(const CardSpec& card, int function) {
  return alias_text(card.name) +
         (card.functions.size() > 1 ? "-fn" + std::to_string(function) : "");
}

void add_card(pugi::xml_node devices, const CardSpec& card, const std::optional<PciAddress>& slot) {
  auto functions = card.functions;
  std::ranges::sort(functions);
  for (const auto& function : functions) {
    const bool lowest = function == functions.front();
    auto node =
        child(devices, "hostdev",
              {{"mode", "subsystem"}, {"type", "pci"}, {"managed", card.managed ? "yes" : "no"}});
    add_driver(node, card, lowest);
    add_address(child(child(node, "source"), "address"), function);
    const auto guest = guest_function(slot.value_or(PciAddress{}), function, lowest);
    if (slot || (lowest && card.gpudirect_clique)) {
      child(node, "alias", {{"name", alias_of(card, guest.function)}});
    }
    if (lowest) add_rom(node, card);
    if (lowest && !card.acpi_nodeset.empty()) {
      child(node, "acpi", {{"nodeset", card.acpi_nodeset}});
    }
    if (slot) add_guest_address(node, guest, lowest && functions.size() > 1);
  }
}

void add_mdev(pugi::xml_node devices, const MdevSpec& mdev, const PciAddress& slot) {
  auto node = child(devices, "hostdev",
                    {{"mode", "subsystem"},
                     {"type", "mdev"},
                     {"managed", "no"},
                     {"model", "vfio-pci"},
                     {"display", mdev.display ? "on" : "off"}});
  if (mdev.ramfb) node.append_attribute("ramfb") = "on";
  child(child(node, "source"), "address", {{"uuid", mdev.uuid}});
  add_alias(node, mdev.name);
  add_guest_address(node, slot);
}

void add_target(pugi::xml_node node, const Controller& controller) {
  if (controller.port) {
    child(node, "target",
          {{"chassis", std::to_string(controller.index)}, {"port", hex(*controller.port)}});
  } else if (controller.model == "pcie-expander-bus") {
    text_child(child(node, "target", {{"busNr", std::to_string(controller.bus.value_or(0))}}),
               "node", std::to_string(controller.cell));
  }
}

}  // namespace

GuestSlots place_cards(const DomainSpec& domain, const OwnPorts& own) {
  return Placer(domain, own).run();
}

void add_controllers(pugi::xml_node devices, const DomainSpec& domain, const GuestSlots& slots) {
  // libvirt adds the root bus by itself, so the root bus alone is not written.
  if (slots.controllers.size() < 2 && !domain.pcihole64_gib) return;
  for (const auto& controller : slots.controllers) {
    auto node = child(devices, "controller",
                      {{"type", "pci"},
                       {"index", std::to_string(controller.index)},
                       {"model", controller.model}});
    if (controller.index == 0 && domain.pcihole64_gib) {
      child(node, "pcihole64", {{"unit", "GiB"}}).text() = *domain.pcihole64_gib;
    }
    add_target(node, controller);
    if (!controller.alias.empty()) child(node, "alias", {{"name", controller.alias}});
    if (controller.address) add_guest_address(node, *controller.address);
  }
}

void add_hostdevs(pugi::xml_node devices, const DomainSpec& domain, const GuestSlots& slots) {
  for (std::size_t i = 0; i < domain.cards.size(); ++i) {
    add_card(devices, domain.cards[i], slots.cards[i]);
  }
  for (std::size_t i = 0; i < domain.mdevs.size(); ++i) {
    add_mdev(devices, domain.mdevs[i], slots.mdevs[i]);
  }
}

void add_override(pugi::xml_node root, const DomainSpec& domain) {
  pugi::xml_node override;
  for (const auto& card : domain.cards) {
    if (!card.gpudirect_clique) continue;
    if (override.empty()) {
      declare_qemu(root);
      override = child(root, "qemu:override");
    }
    child(child(child(override, "qemu:device", {{"alias", alias_of(card, 0)}}), "qemu:frontend"),
          "qemu:property",
          {{"name", "x-nv-gpudirect-clique"},
           {"type", "unsigned"},
           {"value", std::to_string(*card.gpudirect_clique)}});
  }
}

}  // namespace cluster::virt
