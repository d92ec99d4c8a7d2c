#include "virt/domain_places.h"

#include <algorithm>
#include <deque>
#include <set>
#include <string_view>

#include "virt/domain_decide.h"
#include "virt/domain_identity.h"
#include "virt/domain_spelling.h"
#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

bool is_pci(pugi::xml_node address) { return attribute(address, "type") == "pci"; }
int bus_of(pugi::xml_node address) { return number(attribute(address, "bus")); }
int slot_of(pugi::xml_node address) { return number(attribute(address, "slot")); }
int function_of(pugi::xml_node address) { return number(attribute(address, "function")); }
int index_of(pugi::xml_node controller) { return number(attribute(controller, "index")); }

bool is_expander(pugi::xml_node controller) {
  return attribute(controller, "model").find("expander") != std::string_view::npos;
}

// A port takes one slot, which is 0.
bool is_port(pugi::xml_node controller) {
  const auto model = attribute(controller, "model");
  return model == "pcie-root-port" || model == "pcie-switch-downstream-port";
}

std::vector<pugi::xml_node> pci_controllers(pugi::xml_node devices) {
  std::vector<pugi::xml_node> out;
  for (const auto controller : devices.children("controller")) {
    if (attribute(controller, "type") == "pci") out.push_back(controller);
  }
  return out;
}

// The addresses of the bridges on a bus.
std::vector<pugi::xml_node> bridges(pugi::xml_node devices, int bus) {
  std::vector<pugi::xml_node> out;
  for (const auto controller : pci_controllers(devices)) {
    const auto address = controller.child("address");
    if (!is_expander(controller) && is_pci(address) && bus_of(address) == bus) {
      out.push_back(address);
    }
  }
  return out;
}

// The name of the controller that an address is behind, the same in every document.
std::string parent_of(pugi::xml_node root, pugi::xml_node address) {
  const auto controller = pci_controller(root, bus_of(address));
  if (controller.empty()) return std::string(attribute(address, "bus"));
  if (!alias(controller).empty()) return std::string(alias(controller));
  if (index_of(controller) == 0) return "root";
  return std::string(attribute(controller, "model")) + std::string(attribute(controller, "index"));
}

// Gives the devices of ours that are new, or behind another controller, their places.
class Placement {
 public:
  explicit Placement(Merging& merging) : merging_(merging), devices_(merging.devices()) {}

  void run() {
    for (const auto& move : merging_.moving) movers_.push_back(move);
    for (const auto& [element, ours] : merging_.fresh) {
      const auto address = element.child("address");
      if (is_pci(address) && element.parent() == devices_) {
        movers_.push_back({element, address, ours.child("address"), {}, {}});
      }
    }
    if (movers_.empty() && merging_.spare_ports.empty()) return;
    match_controllers();
    match_slots();
    for (const auto ours : merging_.spare_ports) add_spare(ours);
    if (add_controllers()) give_slots();
  }

 private:
  using At = std::pair<int, int>;  // bus and slot

  bool moves(pugi::xml_node address) const {
    return std::ranges::any_of(movers_,
                               [&](const AddressMove& move) { return move.address == address; });
  }

  static At at(pugi::xml_node address) { return {bus_of(address), slot_of(address)}; }

  // Which index a controller of ours has in their document.
  void match_controllers() {
    const auto theirs = pci_controllers(devices_);
    for (const auto& [our, their] : pairs(pci_controllers(merging_.our_devices()), theirs)) {
      if (has_index(our)) index_[index_of(our)] = index_of(their);
    }
    for (const auto controller : theirs) next_ = std::max(next_, index_of(controller) + 1);
  }

  // Functions of a card that is there already say where the rest of it belongs.
  void match_slots() {
    const auto hostdevs = [](pugi::xml_node devices) {
      const auto children = devices.children("hostdev");
      return std::vector<pugi::xml_node>(children.begin(), children.end());
    };
    for (const auto& [our, their] : pairs(hostdevs(merging_.our_devices()), hostdevs(devices_))) {
      const auto place = their.child("address");
      const auto said = our.child("address");
      if (!is_pci(place) || !is_pci(said) || moves(place)) continue;
      if (function_of(place) == function_of(said)) given_.try_emplace(at(said), at(place));
    }
  }

  // Makes the controllers that are not there yet, and what they hang on. Returns false if it
  // cannot.
  bool add_controllers() {
    auto todo = movers_;
    while (!todo.empty()) {
      const auto address = todo.front().address;
      todo.pop_front();
      const int bus = bus_of(address);
      if (given_.contains(at(address))) continue;
      if (index_.contains(bus) && is_lent(index_[bus])) index_.erase(bus);
      if (index_.contains(bus)) continue;
      const auto ours = pci_controller(merging_.roots.ours, bus);
      // The root goes without saying, and own XML may name a bus that libvirt's document has alone.
      if (ours.empty() && (bus == 0 || has_bus(bus))) {
        index_[bus] = bus;
        continue;
      }
      if (ours.empty()) {
        merging_.result.refusals.push_back("no controller has bus " + std::to_string(bus));
        return false;
      }
      const auto controller = add_controller(ours);
      if (controller.child("address").empty()) continue;
      const AddressMove more{
          controller, controller.child("address"), ours.child("address"), {}, {}};
      movers_.push_front(more);
      todo.push_back(more);
    }
    return true;
  }

  bool has_bus(int index) const { return !pci_controller(merging_.roots.theirs, index).empty(); }

  // A port that nothing is behind goes behind all others; libvirt would put it where it likes.
  void add_spare(pugi::xml_node ours) {
    const auto controller = add_controller(ours);
    if (!controller.child("address").empty()) {
      movers_.push_back({controller, controller.child("address"), ours.child("address"), {}, {}});
    } else if (is_port(controller)) {
      spares_.push_back(controller);
    }
  }

  static bool has_index(pugi::xml_node controller) {
    return !attribute(controller, "index").empty();
  }

  pugi::xml_node add_controller(pugi::xml_node ours) {
    if (has_index(ours)) index_[index_of(ours)] = next_;
    const int bus_number = number(attribute(ours.child("target"), "busNr"), -1);
    const int free_number = free_bus_number(merging_.roots.theirs, bus_number);
    auto controller = devices_.append_copy(ours);
    if (!has_index(ours)) controller.append_attribute("index");
    controller.attribute("index") = next_++;
    auto target = controller.child("target");
    for (const char* name : {"chassis", "port"}) target.remove_attribute(name);  // libvirt's
    if (is_our_expander(controller)) target.attribute("busNr") = free_number;
    if (!target.empty() && elements(target).empty() && target.first_attribute().empty()) {
      controller.remove_child(target);
    }
    merging_.changed(device_path(controller), std::nullopt, tag_of(controller),
                     MergeDifference::Who::inventory);
    return controller;
  }

  // A port of ours that stayed empty and has somebody's device now: it is theirs, and the card gets
  // another.
  bool is_lent(int index) {
    auto controller = pci_controller(merging_.roots.theirs, index);
    if (!is_port(controller) || alias(controller).empty()) return false;
    bool used = false;
    for (const auto device : elements(devices_)) {
      const auto address = device.child("address");
      if (!is_pci(address) || bus_of(address) != index || moves(address)) continue;
      if (!alias(device).empty() || is_ours(device)) return false;
      used = true;
    }
    if (!used) return false;
    merging_.follows(device_path(controller) + "/alias", std::string(alias(controller)),
                     std::nullopt);
    merging_.take(controller.child("alias"));
    return true;
  }

  bool is_ours(pugi::xml_node device) const {
    return std::ranges::any_of(pairs(elements(merging_.our_devices()), elements(devices_)),
                               [&](const auto& pair) { return pair.second == device; });
  }

  void give_slots() {
    std::set<At> used;
    for (const auto device : elements(devices_)) {
      const auto address = device.child("address");
      if (is_pci(address) && !moves(address)) used.insert(at(address));
    }
    for (auto& move : movers_) {
      const auto group = at(move.ours);
      if (!given_.contains(group)) {
        const auto place = free_place(move, {index_[group.first], group.second}, used);
        if (!place) {
          merging_.result.refusals.push_back("no slot is left on bus " +
                                             std::to_string(index_[group.first]) +
                                             " of the guest for " + label(move.device));
          return;
        }
        given_[group] = *place;
        used.insert(*place);
      }
      const auto& [bus, slot] = given_[group];
      move.address.attribute("bus") = hexadecimal(bus, 2).c_str();
      move.address.attribute("slot") = hexadecimal(slot, 2).c_str();
      if (move.path) {
        merging_.changed(*move.path, move.old, guest_address(move.address),
                         MergeDifference::Who::inventory);
      }
    }
    for (auto controller : spares_) {
      const auto place = free_place({controller, {}, {}, {}, {}}, {0, 2}, used);
      if (!place) return;  // libvirt finds one, or says so
      used.insert(*place);
      auto address = controller.append_child("address");
      address.append_attribute("type") = "pci";
      address.append_attribute("domain") = "0x0000";
      address.append_attribute("bus") = hexadecimal(place->first, 2).c_str();
      address.append_attribute("slot") = hexadecimal(place->second, 2).c_str();
      address.append_attribute("function") = "0x0";
    }
  }

  // Functions of one slot stay together; a bridge goes behind all bridges of its bus, for firmware
  // numbers buses by slot.
  std::optional<At> free_place(const AddressMove& move, At place, const std::set<At>& used) const {
    const auto [bus, wanted] = place;
    const bool port = is_port(pci_controller(merging_.roots.theirs, bus));
    int first = 0;
    if (std::string_view(move.device.name()) == "controller" && !port) {
      first = 1;
      for (const auto address : bridges(devices_, bus)) {
        if (!moves(address)) first = std::max(first, slot_of(address) + 1);
      }
    }
    if (wanted >= first && !used.contains({bus, wanted})) return place;
    const int begin = !port && bus == 0 ? 2 : 0;
    const int end = port ? 1 : bus == 0 ? 0x1b : 32;  // q35 has its own devices from 0x1b on
    for (const int from : {std::max(begin, first), begin}) {
      for (int slot = from; slot < end; ++slot) {
        if (!used.contains({bus, slot})) return At{bus, slot};
      }
    }
    return {};
  }

  Merging& merging_;
  pugi::xml_node devices_;
  std::deque<AddressMove> movers_;
  std::vector<pugi::xml_node> spares_;  // ports that have no address yet
  std::map<int, int> index_;            // of a controller of ours: in their document
  std::map<At, At> given_;              // a slot of ours: in their document
  int next_ = 1;
};

}  // namespace

pugi::xml_node pci_controller(pugi::xml_node root, int index) {
  for (const auto controller : pci_controllers(root.child("devices"))) {
    if (index_of(controller) == index) return controller;
  }
  return {};
}

std::optional<std::string> guest_address(pugi::xml_node address) {
  if (address.empty()) return {};
  if (!is_pci(address)) return std::string(attribute(address, "type"));
  const auto digits = [&](const char* name) {
    auto text = attribute(address, name);
    if (text.starts_with("0x")) text.remove_prefix(2);
    return std::string(text);
  };
  return digits("bus") + ":" + digits("slot") + "." + digits("function");
}

bool same_parent(const Merging& merging, pugi::xml_node then, pugi::xml_node now) {
  return parent_of(merging.roots.rendered, then) == parent_of(merging.roots.ours, now);
}

bool is_free(pugi::xml_node root, pugi::xml_node address) {
  if (pci_controller(root, bus_of(address)).empty()) return false;
  return std::ranges::none_of(elements(root.child("devices")), [&](auto device) {
    const auto other = device.child("address");
    return is_pci(other) && guest_address(other) == guest_address(address);
  });
}

namespace {

// True if own XML gives a place to a device that had one from libvirt. We place cards and PCI
// controllers alone, and these stay where libvirt has them.
bool asked_for(const Merging& merging, pugi::xml_node device, const Quad& addresses) {
  return !merging.lost && std::string_view(device.name()) != "hostdev" &&
         !is_pci_controller(device) &&
         guest_address(addresses.ours) != guest_address(addresses.theirs);
}

}  // namespace

void place(Merging& merging, pugi::xml_node device, const Quad& addresses,
           const std::string& path) {
  const auto& b = addresses.rendered;
  const auto& r = addresses.defined;
  auto t = addresses.theirs;
  const auto& o = addresses.ours;
  if (o.empty()) {
    if (!merging.known || r.empty()) return;
    if (t.empty()) {
      if (b.empty()) tell_kept(merging, path, guest_address(r), std::nullopt);
    } else if (canonical(t) != canonical(r)) {
      tell_kept(merging, path, guest_address(r), guest_address(t));
    }
    return;
  }
  const auto multifunction = attribute(o, "multifunction");
  if (!t.empty() &&
      (b.empty() ? !asked_for(merging, device, addresses) : same_parent(merging, b, o))) {
    const bool said = !b.empty() && attribute(b, "multifunction") == multifunction;
    const auto theirs = attribute(t, "multifunction");
    if (multifunction.empty() || theirs == multifunction || said || merging.lost) return;
    merging.changed(path + "@multifunction",
                    theirs.empty() ? std::nullopt : std::optional<std::string>(theirs), "on",
                    MergeDifference::Who::inventory);
    if (theirs.empty()) t.append_attribute("multifunction");
    t.attribute("multifunction") = "on";
    return;
  }
  if (t.empty() && merging.known && r.empty() && !b.empty()) return;  // agreed: it has none
  const auto old = guest_address(t);
  if (!t.empty()) merging.take(t);
  const auto address = device.append_copy(o);
  merging.moving.push_back({device, address, o, path, old});
}

void places(Merging& merging) { Placement(merging).run(); }

void empty_ports(Merging& merging) {
  const auto devices = merging.devices();
  while (true) {
    const auto controllers = pci_controllers(devices);
    const auto last = std::ranges::max_element(controllers, {}, index_of);
    if (last == controllers.end()) return;
    const auto port = *last;
    if (std::ranges::find(merging.kept_ports, port) == merging.kept_ports.end()) return;
    const int bus = index_of(port);
    for (const auto device : elements(devices)) {
      const auto address = device.child("address");
      if (is_pci(address) && bus_of(address) == bus) return;
    }
    const auto address = port.child("address");
    if (!address.empty() && !is_expander(port)) {
      for (const auto other : bridges(devices, bus_of(address))) {
        const bool behind = std::pair(slot_of(other), function_of(other)) >
                            std::pair(slot_of(address), function_of(address));
        if (behind) return;  // the buses behind it would be renumbered
      }
    }
    merging.changed(device_path(port), tag_of(port), std::nullopt, MergeDifference::Who::inventory);
    merging.take(port);
  }
}

}  // namespace cluster::virt
