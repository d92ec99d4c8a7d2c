#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <vector>

#include "virt/domain_places.h"
#include "virt/domain_spelling.h"
#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

int number_in(pugi::xml_node element, const char* name) { return number(attribute(element, name)); }

// Gives bus `index` and all behind it their numbers from `at` on. Returns the last one given.
int give_numbers(const std::vector<pugi::xml_node>& controllers, int index, int at,
                 std::map<int, int>& numbers) {
  numbers[index] = at;
  std::vector<std::tuple<int, int, int>> behind;
  for (const auto controller : controllers) {
    const auto address = controller.child("address");
    const bool expander = attribute(controller, "model").find("expander") != std::string_view::npos;
    if (expander || attribute(address, "type") != "pci" || number_in(address, "bus") != index) {
      continue;
    }
    behind.emplace_back(number_in(address, "slot"), number_in(address, "function"),
                        number_in(controller, "index"));
  }
  std::ranges::sort(behind);
  for (const auto& [slot, function, bus] : behind) {
    if (!numbers.contains(bus)) at = give_numbers(controllers, bus, at + 1, numbers);
  }
  return at;
}

std::optional<std::string> seen_at(pugi::xml_node address, const std::map<int, int>& buses) {
  if (attribute(address, "type") != "pci") return {};
  const auto bus = buses.find(number_in(address, "bus"));
  return (bus == buses.end() ? std::string("no bus") : hexadecimal(bus->second, 2).substr(2)) +
         guest_address(address)->substr(2);
}

}  // namespace

std::map<int, int> guest_buses(pugi::xml_node root) {
  std::vector<pugi::xml_node> controllers;
  for (const auto controller : root.child("devices").children("controller")) {
    if (attribute(controller, "type") == "pci") controllers.push_back(controller);
  }
  std::map<int, int> numbers;
  give_numbers(controllers, 0, 0, numbers);
  for (const auto controller : controllers) {
    const auto target = controller.child("target");
    if (attribute(controller, "model").find("expander") == std::string_view::npos) continue;
    give_numbers(controllers, number_in(controller, "index"),
                 number(attribute(target, "busNr"), -1), numbers);
  }
  return numbers;
}

int free_bus_number(pugi::xml_node root, int wanted) {
  constexpr int kFirstExpander = 128;  // as virt/domain_cards.cc numbers them
  constexpr int kBuses = 256;
  std::set<int> taken;
  for (const auto& [index, bus] : guest_buses(root)) taken.insert(bus);
  if (!taken.contains(wanted)) return wanted;
  int widest = 0;
  int middle = wanted;
  for (auto one = taken.lower_bound(kFirstExpander); one != taken.end(); ++one) {
    const auto next = std::next(one);
    const int gap = (next == taken.end() ? kBuses : *next) - *one;
    if (gap < widest) continue;
    widest = gap;
    middle = *one + gap / 2;
  }
  return middle;
}

void seen_by_guest(Merging& merging) {
  const auto then = guest_buses(merging.before);
  const auto now = guest_buses(merging.roots.theirs);
  if (std::ranges::includes(now, then)) return;
  for (const auto& [old, device] :
       pairs(elements(merging.before.child("devices")), elements(merging.devices()))) {
    const auto was = old.child("address");
    const auto is = device.child("address");
    if (std::string_view(old.name()) == "controller" || was.empty() || is.empty() ||
        guest_address(was) != guest_address(is)) {
      continue;
    }
    const auto from = seen_at(was, then);
    const auto to = seen_at(is, now);
    if (from != to) merging.follows(device_path(device) + "/guest", from, to);
  }
}

}  // namespace cluster::virt
