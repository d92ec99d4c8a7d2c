#include <algorithm>
#include <set>

#include "core/text.h"
#include "frontend/fleet/card_words.h"
#include "frontend/fleet/fleet_format.h"

// What KubeVirt permits: https://kubevirt.io/user-guide/compute/host-devices/. It knows cards by
// their ids alone, so a card with the same ids that is in use is told.
namespace cluster::frontend {
namespace {

std::string_view domain_of(std::string_view vendor) {
  if (vendor == "10de") return "nvidia.com";
  if (vendor == "1002") return "amd.com";
  if (vendor == "8086") return "intel.com";
  return "devices.kubevirt.io";
}

struct Kind {
  bool free = false;
  std::string vendor;
  std::string comments;
};

}  // namespace

FleetReport fleet_as_kubevirt(const Fleet& fleet) {
  const auto words = model_words(fleet, '_');
  std::map<std::string, Kind> kinds;
  std::string left;
  std::set<std::string> types;  // of mediated devices that are free, and where
  for (const auto& host : fleet.hosts) {
    if (!host.meant) continue;
    const auto add_type = [&](const FleetSlice& slice) {
      if (slice.is_mdev && slice.state == CardState::free && slice.type) {
        types.insert(*slice.type + " on " + host.host.name.str());
      }
    };
    for (const auto& card : host.cards) {
      std::ranges::for_each(card.slices, add_type);
      const auto why = why_not_free(card);
      if (card.card.functions.empty() || card.kind != DeviceKind::gpu) {
        left += comment_line("left out: " + who(host.host, card) + ": " + why);
        continue;
      }
      auto& kind = kinds[ids_of(card.card)];
      kind.vendor = card.card.functions.front().vendor;
      kind.free = kind.free || why.empty();
      if (!why.empty()) {
        kind.comments += comment_line(who(host.host, card) + " has these ids too, and " + why);
      } else if (card.binding != Binding::detached) {
        kind.comments += comment_line(who(host.host, card) +
                                      " is not known to be on vfio-pci, as "
                                      "KubeVirt wants it");
      }
    }
    std::ranges::for_each(host.others, add_type);
  }
  std::string devices;
  for (const auto& [ids, kind] : kinds) {
    if (!kind.free) {
      left += comment_line("left out: " + ids + ", of which no card is free") + kind.comments;
      continue;
    }
    devices += kind.comments + "      - pciVendorSelector: \"" + upper(ids) +
               "\"\n        resourceName: \"" + std::string(domain_of(kind.vendor)) + "/" +
               words.at(ids) + "\"\n";
  }
  for (const auto& type : types) {
    left += comment_line("left out: mediated devices of type " + type +
                         ": mdevNameSelector wants the name that their driver gives the type");
  }
  return {
      "# kubectl patch kubevirt kubevirt -n kubevirt --type merge --patch-file THIS\n"
      "# KubeVirt knows cards by their ids alone. Where a card is told to have the same ids, keep\n"
      "# KubeVirt's VMs off its host.\n" +
      left +
      "spec:\n"
      "  configuration:\n"
      "    permittedHostDevices:\n"
      "      pciHostDevices:" +
      (devices.empty() ? " []\n" : "\n" + devices)};
}

}  // namespace cluster::frontend
