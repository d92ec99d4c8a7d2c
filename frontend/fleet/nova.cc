#include <set>

#include "frontend/fleet/card_words.h"
#include "frontend/fleet/fleet_format.h"

// The section [pci] of nova.conf:
// https://docs.openstack.org/nova/latest/configuration/config.html#pci. Every value is JSON of
// plain words, ids and addresses.
namespace cluster::frontend {
namespace {

constexpr std::uint32_t kLastDomain = 0xffff;  // the address field of device_spec has four digits

std::string id_fields(const GpuCard& card) {
  const auto& first = card.functions.front();
  return R"("vendor_id": ")" + first.vendor + R"(", "product_id": ")" + first.device + '"';
}

std::string why_not_for_nova(const FleetCard& card) {
  auto why = why_not_free(card);
  if (!why.empty()) return why;
  return card.card.pci.domain > kLastDomain ? "nova knows no PCI domain above ffff" : "";
}

}  // namespace

FleetReport fleet_as_nova(const Fleet& fleet) {
  std::string specs;
  std::string aliases;
  std::set<std::string> named;
  const auto words = model_words(fleet, '-');
  for (const auto& host : fleet.hosts) {
    if (!host.meant || host.cards.empty()) continue;
    specs += "\n" + comment_line("nova.conf of nova-compute on " + host.host.name.str());
    for (const auto& card : host.cards) {
      const auto why = why_not_for_nova(card);
      if (!why.empty()) {
        specs += comment_line("left out: " + who(host.host, card) + ": " + why);
        continue;
      }
      const auto ids = ids_of(card.card);
      const auto& address = card.card.functions.front().pci;
      specs += "device_spec = {" + id_fields(card.card) + R"(, "address": ")" + address.sysfs() +
               "\"}\n";
      if (named.insert(ids).second) {
        aliases += R"(alias = {"name": ")" + words.at(ids) + "\", " + id_fields(card.card) + "}\n";
      }
    }
  }
  return {
      "# Cards that no VM of this inventory has. nova.conf of a host has the lines of that host "
      "alone\n"
      "# (cluster report fleet HOST format=nova), and those of nova-api the aliases.\n"
      "# Before OpenStack Zed device_spec is called passthrough_whitelist.\n"
      "# An alias of cards that support SR-IOV wants \"device_type\": \"type-PF\", which is not "
      "known\n"
      "# here. The other functions of a card (sound) are to be on vfio-pci as well.\n"
      "[pci]\n" +
      aliases + specs};
}

}  // namespace cluster::frontend
