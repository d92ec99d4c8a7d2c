#include "virt/domain_bar_gates.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

#include "core/text.h"
#include "virt/domain_bars.h"

namespace cluster::virt {
namespace {

constexpr int kQemuAddressBits = 40;
constexpr int kMostUsedBits = 46;  // OVMF uses no more

// The models of QEMU with pdpe1gb, by how their names begin (target/i386/cpu.c).
constexpr std::array<std::string_view, 15> kWithGibPages{
    "EPYC",           "Skylake-Server", "Cascadelake-Server", "Cooperlake",       "Icelake-Server",
    "SapphireRapids", "GraniteRapids",  "SierraForest",       "ClearwaterForest", "Dhyana",
    "Snowridge",      "Denverton",      "KnightsMill",        "Opteron_G4",       "Opteron_G5"};

using Cards = std::vector<std::vector<int>>;

// One placement of all cards, with the words for it.
struct Tried {
  MmioWindow window;
  BarPlaces places;
};

std::vector<Tried> tried(const DomainView& view, int bits, bool gib_pages, const Cards& bars) {
  std::vector<MmioWindow> windows;
  if (!view.uefi) {
    windows.push_back(seabios_window(bits, view.memory_mib));
  } else {
    for (const auto edk2 : {Edk2::until_2022, Edk2::since_2025}) {
      windows.push_back(ovmf_window(bits, gib_pages, view.window_mib, edk2));
    }
  }
  std::vector<Tried> all;
  for (const auto& window : windows) all.push_back({window, place_bars(window, bars)});
  return all;
}

bool all_fit(const DomainView& view, int bits, bool gib_pages, const Cards& bars) {
  return std::ranges::all_of(tried(view, bits, gib_pages, bars),
                             [](const Tried& one) { return one.places.all(); });
}

// The attribute that gives the guest room for all.
std::string more_room(const DomainView& view, int bits, std::optional<int> host_bits,
                      const Cards& bars) {
  const auto max = std::min(host_bits.value_or(kMostUsedBits), kMostUsedBits);
  int enough = bits + 1;
  while (enough <= max && !all_fit(view, enough, true, bars)) ++enough;
  if (enough > max) {
    // A window of twice the sum of all biggest BARs has room for each at a multiple of its size.
    std::uint64_t window = 1;
    for (const auto& card : bars) {
      if (!card.empty()) window += 2 * static_cast<std::uint64_t>(*std::ranges::max_element(card));
    }
    std::uint64_t power = 1;
    while (power < window) power *= 2;
    if (host_bits && 2 * power > std::uint64_t{1} << (*host_bits - 20)) {
      return "take a card out: the container's " + std::to_string(*host_bits) +
             " address bits have no room for all";
    }
    return "take a card out, or say a wider window in attribute vm_xml_domain: "
           "<qemu:commandline><qemu:arg value='-fw_cfg'/><qemu:arg "
           "value='name=opt/ovmf/X-PciMmio64Mb,string=" +
           std::to_string(power) + "'/></qemu:commandline>";
  }
  if (!has_gib_pages(view)) {
    return "attribute vm_cpu_mode host-passthrough, or a model with pages of 1 GiB (EPYC, "
           "Skylake-Server), and vm_maxphysaddr " +
           std::to_string(enough) + " or more";
  }
  return "attribute vm_maxphysaddr " + std::to_string(enough) +
         " or more, or vm_maxphysaddr passthrough with vm_cpu_mode host-passthrough";
}

std::string names_of(const std::vector<CardSpec>& cards, const BarPlaces& places) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < cards.size(); ++i) {
    if (!places.complete[i]) names.push_back(quote(cards[i].name));
  }
  return joined(names, ", ");
}

}  // namespace

std::uint64_t sum_of(const std::vector<int>& bars) {
  return std::accumulate(bars.begin(), bars.end(), std::uint64_t{0});
}

std::string size_text(std::uint64_t mib) {
  return mib % 1024 == 0 ? std::to_string(mib / 1024) + " GiB" : std::to_string(mib) + " MiB";
}

std::optional<int> address_bits(const DomainView& view, const GateFacts& facts) {
  const auto cpu = view.root().child("cpu");
  const std::string_view mode = cpu.attribute("mode").value();
  const auto maxphysaddr = cpu.child("maxphysaddr");
  const std::string_view said = maxphysaddr.attribute("mode").value();
  if (said == "emulate") return maxphysaddr.attribute("bits").as_int();
  const bool is_kvm = view.root().attribute("type").value() == std::string_view("kvm");
  const bool hosts =
      said == "passthrough" || mode == "host-passthrough" || (mode == "maximum" && is_kvm);
  if (!hosts) return kQemuAddressBits;
  if (!facts.address_bits) return std::nullopt;
  return std::min(*facts.address_bits, maxphysaddr.attribute("limit").as_int(*facts.address_bits));
}

bool has_gib_pages(const DomainView& view) {
  const auto cpu = view.root().child("cpu");
  for (const auto feature : cpu.children("feature")) {
    if (feature.attribute("name").value() != std::string_view("pdpe1gb")) continue;
    const std::string_view policy = feature.attribute("policy").as_string("require");
    return policy == "require" || policy == "force" || policy == "optional";
  }
  const std::string_view mode = cpu.attribute("mode").value();
  if (mode == "host-passthrough" || mode == "host-model" || mode == "maximum") return true;
  const auto model = trim(cpu.child("model").child_value());
  return std::ranges::any_of(kWithGibPages, [&](auto name) { return model.starts_with(name); });
}

std::optional<GateRefusal> refuse_bars(const DomainView& view, const std::vector<CardSpec>& cards,
                                       std::optional<int> bits, std::optional<int> host_bits) {
  Cards bars;
  int biggest = 0;
  for (const auto& card : cards) {
    bars.push_back(card.bars);
    for (const int bar : card.bars) biggest = std::max(biggest, bar);
  }
  if (!bits || biggest == 0) return std::nullopt;
  const auto all = tried(view, *bits, has_gib_pages(view), bars);
  const auto room = [](const Tried& one) { return size_text(one.window.end - one.window.first); };
  const auto guest = "a guest of " + std::to_string(*bits) + " address bits";
  const auto dead = std::ranges::find_if(all, [](const Tried& one) { return !one.places.all(); });
  if (dead != all.end()) {
    const bool only_one =
        std::ranges::any_of(all, [](const auto& one) { return one.places.all(); });
    return GateRefusal{"V3",
                       "the firmware" +
                           std::string(!only_one             ? ""
                                       : dead == all.begin() ? " (edk2 before 2025)"
                                                             : " (edk2 of 2025 and later)") +
                           " has no place for the BARs of " + names_of(cards, dead->places) + ": " +
                           guest + " has " + room(*dead) +
                           " for them, and each card starts at a multiple of its biggest BAR",
                       more_room(view, *bits, host_bits, bars), only_one};
  }
  const auto least =
      std::ranges::min_element(all, {}, [](const Tried& one) { return one.places.spare_mib; });
  if (least->places.spare_mib >= static_cast<std::uint64_t>(biggest)) return std::nullopt;
  return GateRefusal{"V3",
                     "the BARs just fit: " + guest + " has " + room(*least) +
                         " for them, and less than " +
                         size_text(static_cast<std::uint64_t>(biggest)) + " is left",
                     more_room(view, *bits, host_bits, bars), true};
}

std::optional<GateRefusal> refuse_hole(const DomainView& view, std::optional<int> bits) {
  if (!bits || !view.hole_mib) return std::nullopt;
  if (*view.hole_mib + view.memory_mib <= std::uint64_t{1} << (*bits - 20)) return std::nullopt;
  return GateRefusal{"V4",
                     "a 64-bit PCI hole of " + size_text(*view.hole_mib) + " and " +
                         size_text(view.memory_mib) + " of memory are more than " +
                         std::to_string(*bits) + " address bits reach",
                     "make the hole smaller or leave it out, UEFI needs none"};
}

}  // namespace cluster::virt
