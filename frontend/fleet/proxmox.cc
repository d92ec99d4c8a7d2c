#include <algorithm>

#include "frontend/fleet/card_words.h"
#include "frontend/fleet/fleet_format.h"

// /etc/pve/mapping/pci.cfg: a section for each kind of card, and a map line for each card
// (pve-guest-common, src/PVE/Mapping/PCI.pm). Proxmox VE compares ids and group with what is there.
namespace cluster::frontend {
namespace {

// "0000:17:00", which is the whole card, or "0000:17:00.0" of a card that has one function.
std::string path_of(const GpuCard& card) {
  const auto path = card.functions.front().pci.sysfs();
  return card.functions.size() > 1 ? path.substr(0, path.rfind('.')) : path;
}

// Proxmox VE's name of a node is a host's without its domain.
std::string node_of(const Host& host) {
  return host.name.str().substr(0, host.name.str().find('.'));
}

std::string map_line(const Host& host, const GpuCard& card) {
  const auto& first = card.functions.front();
  std::string line = "\tmap id=" + ids_of(card);
  if (first.iommu_group) line += ",iommugroup=" + std::to_string(*first.iommu_group);
  line += ",node=" + node_of(host) + ",path=" + path_of(card);
  if (first.subsystem_vendor && first.subsystem_device) {
    line += ",subsystem-id=" + *first.subsystem_vendor + ":" + *first.subsystem_device;
  }
  return line + "\n";
}

}  // namespace

FleetReport fleet_as_proxmox(const Fleet& fleet) {
  std::string text =
      "# /etc/pve/mapping/pci.cfg: cards that no VM of this inventory has. Assumed: the nodes of\n"
      "# Proxmox VE have the names of the hosts, without a domain.\n";
  const auto words = model_words(fleet, '-');
  std::map<std::string, int> hosts;  // by their node
  for (const auto& host : fleet.hosts) ++hosts[node_of(host.host)];
  std::map<std::string, std::string> sections;
  for (const auto& host : fleet.hosts) {
    if (!host.meant) continue;
    for (const auto& card : host.cards) {
      auto why = why_not_free(card);
      if (why.empty() && node_of(host.host).find('_') != std::string::npos) {
        why = "a node of Proxmox VE has no '_' in its name";
      }
      if (why.empty() && hosts[node_of(host.host)] > 1) {
        why = "another host is " + node_of(host.host) + ", too, without its domain";
      }
      if (why.empty()) {
        sections[words.at(ids_of(card.card))] += map_line(host.host, card.card);
      } else {
        text += comment_line("left out: " + who(host.host, card) + ": " + why);
      }
    }
  }
  for (const auto& [word, maps] : sections) text += "\n" + word + "\n" + maps;
  return {text};
}

}  // namespace cluster::frontend
