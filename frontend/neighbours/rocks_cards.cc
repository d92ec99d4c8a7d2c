#include "frontend/neighbours/rocks_cards.h"

#include "core/error.h"
#include "core/names.h"
#include "core/pci_address.h"

namespace cluster::frontend {

std::string RocksCards::refusal(const NeighbourHosts& hosts, const std::string& host,
                                const std::string& name, const std::string& address) {
  try {
    auto slot = PciAddress::parse(address).libvirt();
    slot.pop_back();  // whichever function
    const auto number = GpuName(name).number();
    const auto container = hosts.container_of(host);
    if (container.empty() && number == 0) return ": a host's card has a number";
    if (!given_.emplace(host, number).second) return ": it is there already";
    if (container.empty()) {
      const auto [first, is_new] = names_.emplace(Place(host, slot), name);
      return is_new ? "" : ", which " + first->second + " is already";
    }
    if (hosts.has(container) && !names_.contains({container, slot})) {
      return ": " + container + " has no such card";
    }
    const auto [first, is_new] = holders_.emplace(Place(container, slot), host);
    return is_new ? "" : ", which " + first->second + " has";
  } catch (const Error& error) {
    return std::string(": ") + error.what();
  }
}

}  // namespace cluster::frontend
