#include "node-agent/cards/cards.h"

#include <algorithm>
#include <string>

namespace cluster::agent {
namespace {

bool contains(const std::vector<std::uint16_t>& ids, std::uint16_t id) {
  return std::ranges::find(ids, id) != ids.end();
}

bool named(const NamedDevices& devices, const Sysfs& sysfs, const PciAddress& pci) {
  if (devices.empty()) return false;
  const auto function = sysfs.read(pci);
  return devices.has(pci, {function.vendor, function.device});
}

// The class is read first: of the hundred functions of a host few have a class of cards, so few are
// read further.
bool makes_a_card(const Sysfs& sysfs, const Settings& settings, const PciAddress& pci) {
  if (named(settings.devices, sysfs, pci)) return !sysfs.is_virtual(pci);
  const auto device_class = sysfs.device_class(pci);
  if (!device_class || !contains(settings.classes, *device_class)) return false;
  return contains(settings.vendors, sysfs.read(pci).vendor) && !sysfs.is_virtual(pci);
}

}  // namespace

std::string_view kind(const PciFunction& function) {
  if (function.device_class >> 8U == 0x03) return "video";
  switch (function.device_class) {
    case 0x0403:
      return "audio";
    case 0x0c03:
      return "usb";
    case 0x0700:
    case 0x0c80:
      return "serial";
    default:
      return "function";
  }
}

std::string Card::label() const {
  return slice ? name.str() + "." + std::to_string(*slice) : name.str();
}

bool has(const Card& card, const PciAddress& pci) {
  return std::ranges::find(card.functions, pci, &PciFunction::pci) != card.functions.end();
}

std::vector<Card> find_cards(const Sysfs& sysfs, const Settings& settings) {
  std::vector<Card> cards;
  const auto all = sysfs.functions();
  // The functions are sorted by address, so those of one slot are neighbours.
  for (auto first = all.begin(); first != all.end();) {
    const auto last =
        std::find_if_not(first, all.end(), [&](auto& pci) { return first->same_slot(pci); });
    const bool wanted =
        std::any_of(first, last, [&](auto& pci) { return makes_a_card(sysfs, settings, pci); });
    if (wanted &&
        std::none_of(first, last, [&](auto& pci) { return named(settings.ignore, sysfs, pci); })) {
      Card card{GpuName("gpupci" + std::to_string(cards.size() + 1)), {}};
      for (; first != last; ++first) {
        if (!sysfs.is_virtual(*first)) card.functions.push_back(sysfs.read(*first));
      }
      cards.push_back(std::move(card));
    }
    first = last;
  }
  return cards;
}

}  // namespace cluster::agent
