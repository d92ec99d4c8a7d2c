#include "virt/domain_gates.h"

#include <algorithm>
#include <set>

#include "core/text.h"

namespace cluster::virt {
namespace {

constexpr int kQemuAddressBits = 40;
constexpr std::uint64_t kBigMib = 4096;  // BARs of this size can only be mapped past 4 GiB

std::string gib(std::uint64_t mib) {
  return mib % 1024 == 0 ? std::to_string(mib / 1024) + " GiB" : std::to_string(mib) + " MiB";
}

std::set<PciAddress> functions_of(const DomainSpec& domain) {
  std::set<PciAddress> functions;
  for (const auto& card : domain.cards) {
    functions.insert(card.functions.begin(), card.functions.end());
  }
  return functions;
}

class Gates {
 public:
  Gates(const DomainSpec& domain, const GateFacts& facts) : domain_(domain), facts_(facts) {}

  std::vector<Refusal> run() {
    groups();
    behind_switch();
    double_use();
    bars();
    hole();
    versions();
    iommufd();
    one_slot();
    big_bars();
    displays();
    return std::move(refusals_);
  }

 private:
  void refuse(const std::string& id, const std::string& reason, const std::string& fix,
              bool warns = false) {
    refusals_.push_back({id, reason, fix, warns});
  }

  void groups() {
    const auto ours = functions_of(domain_);
    for (const auto& group : facts_.groups) {
      const auto mine =
          std::ranges::find_if(group, [&](const auto& pci) { return ours.contains(pci); });
      if (mine == group.end()) continue;
      for (const auto& pci : group) {
        if (ours.contains(pci)) continue;
        refuse("D4",
               pci.sysfs() + " is in the IOMMU group of " + mine->sysfs() + " and not in the VM",
               "give the VM " + pci.sysfs() +
                   " as well, or move the card to a slot with a group of "
                   "its own");
      }
    }
  }

  void behind_switch() {
    if (!domain_.pci_switch) return;
    for (const auto& card : domain_.cards) {
      if (card.known) continue;
      refuse("S4",
             quote(card.name) + " is known by address alone and so not behind the PCIe switch",
             "record its functions: cluster discover host gpu");
    }
  }

  void double_use() {
    std::set<PciAddress> seen;
    for (const auto& card : domain_.cards) {
      for (const auto& pci : card.functions) {
        if (seen.insert(pci).second) continue;
        refuse("V1", pci.sysfs() + " is in the VM twice, the second time as " + quote(card.name),
               "take one of them out");
      }
    }
    std::set<std::string> uuids;
    for (const auto& mdev : domain_.mdevs) {
      if (uuids.insert(mdev.uuid).second) continue;
      refuse("V1",
             "mediated device " + quote(mdev.uuid) + " is in the VM twice, the second time as " +
                 quote(mdev.name),
             "take one of them out");
    }
  }

  void bars() {
    const auto bits = guest_address_bits(domain_, facts_);
    std::uint64_t sum = 0;
    for (const auto& card : domain_.cards) sum += card.bar_mib;
    // The firmware takes an eighth of the address space for 64-bit BARs (edk2, PlatformInitLib).
    if (!bits || sum <= std::uint64_t{1} << (*bits - 3 - 20)) return;
    refuse("V3",
           "BARs of " + gib(sum) + " do not fit into the " +
               gib(std::uint64_t{1} << (*bits - 3 - 20)) + " that a guest of " +
               std::to_string(*bits) + " address bits has for them",
           "give the guest more address bits: <maxphysaddr mode='passthrough'/> with CPU mode "
           "host-passthrough, or more of them emulated");
  }

  void hole() {
    const auto bits = guest_address_bits(domain_, facts_);
    if (!bits || !domain_.pcihole64_gib) return;
    const auto hole = static_cast<std::uint64_t>(*domain_.pcihole64_gib) * 1024;
    const auto memory = static_cast<std::uint64_t>(domain_.memory_mib);
    if (hole + memory <= std::uint64_t{1} << (*bits - 20)) return;
    refuse("V4",
           "a 64-bit PCI hole of " + gib(hole) + " and " + gib(memory) +
               " of memory are more than " + std::to_string(*bits) + " address bits reach",
           "make the hole smaller or leave it out, UEFI needs none");
  }

  void need(bool used, int version, const std::string& element) {
    if (!used || *facts_.libvirt_version >= version) return;
    refuse("V8",
           element + " needs libvirt " + text(version) + ", the container has " +
               text(*facts_.libvirt_version),
           "leave it out, or update libvirt on the container");
  }

  void versions() {
    if (!facts_.libvirt_version) return;
    const auto any = [&](auto asks) { return std::ranges::any_of(domain_.cards, asks); };
    need(any([](const auto& card) { return card.gpudirect_clique.has_value(); }), 8002000,
         "<qemu:override> for a GPUDirect clique");
    need(domain_.maxphysaddr != AddressBits::by_cpu, 8007000, "<maxphysaddr>");
    need(any([](const auto& card) { return !card.driver_model.empty(); }), 10000000,
         "<driver model=...> of a card");
    need(std::ranges::any_of(domain_.interfaces,
                             [](const auto& interface) {
                               return interface.vlan && interface.kind == InterfaceKind::bridge;
                             }),
         11000000, "<vlan> on a Linux bridge");
    need(any([](const auto& card) { return !card.acpi_nodeset.empty(); }), 11008000,
         "<acpi nodeset=...> of a card");
    need(any([](const auto& card) { return card.iommufd; }), 12001000, "<driver iommufd='yes'/>");
  }

  static std::string text(int version) {
    return std::to_string(version / 1000000) + "." + std::to_string(version / 1000 % 1000) + "." +
           std::to_string(version % 1000);
  }

  void iommufd() {
    for (const auto& card : domain_.cards) {
      if (!card.iommufd || (!card.gpudirect_clique && !domain_.pci_switch)) continue;
      refuse("V9",
             quote(card.name) + " has iommufd together with " +
                 (card.gpudirect_clique ? "a GPUDirect clique" : "the switch for peer to peer") +
                 ", and QEMU has no peer-to-peer DMA through iommufd",
             "leave iommufd out");
    }
  }

  // Virtual functions share the slot of their card on the host, but they are cards of their own.
  // They are not managed.
  void one_slot() {
    const auto& cards = domain_.cards;
    for (auto card = cards.begin(); card != cards.end(); ++card) {
      if (!card->managed || card->functions.empty()) continue;
      const auto twin = std::find_if(cards.begin(), card, [&](const auto& other) {
        return other.managed && !other.functions.empty() &&
               other.functions.front().same_slot(card->functions.front());
      });
      // The same function twice is V1.
      if (twin == card || twin->functions.front() == card->functions.front()) continue;
      refuse("V11",
             quote(twin->name) + " and " + quote(card->name) +
                 " are functions of one card, which the guest would see in two slots",
             "make them one card");
    }
  }

  void big_bars() {
    if (domain_.machine.find("q35") != std::string::npos && domain_.firmware == Firmware::efi) {
      return;
    }
    for (const auto& card : domain_.cards) {
      if (card.bar_mib < kBigMib) continue;
      const bool q35 = domain_.machine.find("q35") != std::string::npos;
      refuse("V12",
             quote(card.name) + " has BARs of " + gib(card.bar_mib) + ", and the VM " +
                 (q35 ? "boots with a BIOS" : "has machine " + quote(domain_.machine)),
             q35 ? "firmware efi" : "machine q35 with firmware efi", q35);
    }
  }

  // Graphics in the operator's own XML will do as well; libvirt judges whether they are right.
  void displays() {
    const auto has_graphics = [](const auto& fragment) {
      return fragment.xml.find("<graphics") != std::string::npos;
    };
    if (domain_.graphics != Graphics::none) return;
    if (std::ranges::any_of(domain_.fragments, has_graphics)) return;
    for (const auto& mdev : domain_.mdevs) {
      if (!mdev.display) continue;
      refuse("V14", quote(mdev.name) + " is to be the guest's screen, and the VM has no graphics",
             "graphics vnc or spice, or no display");
    }
  }

  const DomainSpec& domain_;
  const GateFacts& facts_;
  std::vector<Refusal> refusals_;
};

}  // namespace

std::optional<int> guest_address_bits(const DomainSpec& domain, const GateFacts& facts) {
  if (domain.maxphysaddr == AddressBits::emulate) return domain.address_bits;
  const bool hosts = domain.maxphysaddr == AddressBits::passthrough ||
                     domain.cpu_mode == CpuMode::host_passthrough ||
                     (domain.cpu_mode == CpuMode::maximum && domain.type == DomainType::kvm);
  return hosts ? facts.address_bits : kQemuAddressBits;
}

std::vector<Refusal> gate(const DomainSpec& domain, const GateFacts& facts) {
  return Gates(domain, facts).run();
}

}  // namespace cluster::virt
