#include "virt/domain_gates.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/text.h"
#include "virt/domain_bar_gates.h"
#include "virt/domain_view.h"

namespace cluster::virt {
namespace {

class Gates {
 public:
  Gates(const DomainView& view, const GateFacts& facts) : view_(view), facts_(facts) {
    for (const auto& card : facts.cards) {
      const auto is_ours = [&](const PassedDevice& device) {
        return std::ranges::find(card.functions, device.pci) != card.functions.end();
      };
      if (std::ranges::any_of(view.passed, is_ours)) cards_.push_back(card);
    }
  }

  std::vector<GateRefusal> run() {
    groups();
    fabric();
    behind_switch();
    double_use();
    const auto bits = address_bits(view_, facts_);
    add(refuse_bars(view_, cards_, bits, facts_.address_bits));
    add(refuse_hole(view_, bits));
    add(far_apart(cards_));
    versions();
    iommufd();
    one_slot();
    big_bars();
    displays();
    macs();
    ide_disks();
    disk_places();
    return std::move(refusals_);
  }

 private:
  void add(std::optional<GateRefusal> refusal) {
    if (refusal) refusals_.push_back(*std::move(refusal));
  }

  void refuse(const std::string& id, const std::string& reason, const std::string& fix,
              bool warns = false) {
    refusals_.push_back({id, reason, fix, warns});
  }

  // The name of a device in the VM, else of the card on the container, else its address.
  std::string name_of(const PassedDevice& device) const {
    auto name = name_in_alias(device.alias);
    for (const auto& card : cards_) {
      if (!name.empty()) break;
      if (std::ranges::find(card.functions, device.pci) != card.functions.end()) name = card.name;
    }
    return name.empty() ? device.pci.sysfs() : quote(name);
  }

  void groups() {
    std::set<PciAddress> ours;
    for (const auto& device : view_.passed) ours.insert(device.pci);
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

  // The GPUs of the container that NVSwitches join: those on SXM boards, or all where no model says
  // so. A single GPU needs no fabric.
  void fabric() {
    const auto is_switch = [](const CardSpec& card) { return card.kind == DeviceKind::nvswitch; };
    const bool any_sxm = std::ranges::any_of(facts_.cards, &CardSpec::sxm);
    const auto is_joined = [&](const CardSpec& card) {
      return card.kind == DeviceKind::gpu && card.sxm == any_sxm;
    };
    const auto gpus = std::ranges::count_if(cards_, is_joined);
    // NVIDIA's boards of four GPUs have no switches.
    constexpr int kMostWithoutSwitch = 4;
    const bool has_switches =
        std::ranges::any_of(facts_.cards, is_switch) ||
        (any_sxm && std::ranges::count_if(facts_.cards, is_joined) > kMostWithoutSwitch);
    const auto missing = [&](auto kind) {
      std::vector<std::string> names;
      for (const auto& card : facts_.cards) {
        const auto is_same = [&](const CardSpec& ours) { return ours.functions == card.functions; };
        if (kind(card) && std::ranges::none_of(cards_, is_same)) names.push_back(card.name);
      }
      return names;
    };
    if (std::ranges::any_of(cards_, is_switch)) {
      auto left = missing(is_joined);
      for (auto& name : missing(is_switch)) left.push_back(std::move(name));
      if (left.empty()) return;
      refuse("F1",
             "an NVSwitch is given with all GPUs and switches of its board, and " +
                 joined(left, ", ") + (left.size() == 1 ? " is" : " are") + " not in the VM",
             "give it all of them, or take the switches out and give it a partition: set host vm "
             "fabric=PARTITION");
    } else if (gpus > 1 && !facts_.has_partition && has_switches) {
      refuse("F3",
             std::to_string(gpus) +
                 " SXM GPUs without their NVSwitches reach each other, and CUDA starts, only in a "
                 "partition of the container's fabric manager",
             "set host vm fabric=PARTITION (`fmpm -l` on the container lists them)", true);
    }
  }

  // Only GPUs and disks, and cards of which that is not known, have to reach each other. What
  // somebody else has a switch for is not known.
  void behind_switch() {
    if (!view_.has_switch) return;
    const bool warns = !view_.own_switch;
    for (const auto& card : cards_) {
      if (card.kind == DeviceKind::other || card.kind == DeviceKind::nvswitch) continue;
      const auto device = std::ranges::find_if(view_.passed, [&](const PassedDevice& one) {
        return std::ranges::find(card.functions, one.pci) != card.functions.end();
      });
      if (!card.known) {
        refuse("S4",
               quote(card.name) + " is known by address alone and so not behind the PCIe switch",
               "record its functions: cluster discover host gpu", warns);
      } else if (!device->guest || !view_.switched.contains(device->guest->bus)) {
        refuse("S4", quote(card.name) + " is not behind the PCIe switch of the guest",
               warns ? "pci_switch yes, if it is to exchange data with what is there"
                     : "leave its place in the guest to pci_switch",
               warns);
      }
    }
  }

  void double_use() {
    std::set<PciAddress> seen;
    for (const auto& device : view_.passed) {
      if (seen.insert(device.pci).second) continue;
      refuse("V1",
             device.pci.sysfs() + " is in the VM twice, the second time as " + second_name(device),
             "take one of them out");
    }
    std::set<std::string> uuids;
    for (const auto& mdev : view_.mdevs) {
      if (uuids.insert(mdev.uuid).second) continue;
      const auto name = name_in_alias(mdev.alias);
      refuse("V1",
             "mediated device " + quote(mdev.uuid) + " is in the VM twice, the second time as " +
                 (name.empty() ? "XML of yours" : quote(name)),
             "take one of them out");
    }
  }

  std::string second_name(const PassedDevice& device) const {
    const auto name = name_in_alias(device.alias);
    if (!name.empty()) return quote(name);
    const auto card = std::find_if(cards_.rbegin(), cards_.rend(), [&](const CardSpec& one) {
      return std::ranges::find(one.functions, device.pci) != one.functions.end();
    });
    return card == cards_.rend() ? "XML of yours" : quote(card->name);
  }

  void need(bool used, int version, const std::string& element) {
    if (!used || *facts_.libvirt_version >= version) return;
    refuse("V8",
           element + " needs libvirt " + version_text(static_cast<unsigned long>(version)) +
               ", the container has " +
               version_text(static_cast<unsigned long>(*facts_.libvirt_version)),
           "leave it out, or update libvirt on the container");
  }

  void versions() {
    if (!facts_.libvirt_version) return;
    const auto has = [&](const char* device, const char* element, const char* attribute) {
      const auto all = view_.devices().children(device);
      return std::any_of(all.begin(), all.end(), [&](const auto& one) {
        return !one.child(element).attribute(attribute).empty();
      });
    };
    const auto bridges = view_.devices().children("interface");
    const bool vlan = std::any_of(bridges.begin(), bridges.end(), [](const auto& one) {
      return one.attribute("type").value() == std::string("bridge") && !one.child("vlan").empty() &&
             one.child("virtualport").empty();
    });
    need(view_.any("firmware"), 7002000, "<firmware> of UEFI");
    need(!view_.root().child("qemu:override").empty(), 8002000,
         view_.cliques.empty() ? "<qemu:override>" : "<qemu:override> for a GPUDirect clique");
    need(view_.any("maxphysaddr"), 8007000, "<maxphysaddr>");
    need(has("hostdev", "driver", "model"), 10000000, "<driver model=...> of a card");
    need(vlan, 11000000, "<vlan> on a Linux bridge");
    need(has("hostdev", "acpi", "nodeset"), 11008000, "<acpi nodeset=...> of a card");
    need(has("hostdev", "driver", "iommufd"), 12001000, "<driver iommufd='yes'/>");
    need(!view_.root().child("iommufd").empty(), 12002000, "<iommufd>");
  }

  void iommufd() {
    for (const auto& device : view_.passed) {
      const bool clique = view_.cliques.contains(device.alias);
      if (!device.iommufd || (!clique && !view_.has_switch)) continue;
      refuse("V9",
             name_of(device) + " has iommufd together with " +
                 (clique ? "a GPUDirect clique" : "the switch for peer to peer") +
                 ", and QEMU has no peer-to-peer DMA through iommufd",
             "leave iommufd out");
    }
  }

  // Virtual functions share the slot of their card on the host, but they are cards of their own.
  // They are not managed. Who placed functions by hand in two slots has seen them work.
  void one_slot() {
    for (const auto& card : cards_) {
      if (card.known) continue;
      refuse("V11",
             quote(card.name) + " is known by address alone: the guest gets " +
                 card.functions.front().sysfs() + " and no other function of it",
             "cluster discover host gpu", true);
    }
    std::map<PciAddress, const PassedDevice*> first;  // by the slot on the container
    for (const auto& device : view_.passed) {
      if (!device.managed) continue;
      auto slot = device.pci;
      slot.function = 0;
      const auto [at, is_new] = first.emplace(slot, &device);
      const auto& twin = *at->second;
      // The same function twice is V1.
      if (is_new || twin.pci == device.pci) continue;
      if (twin.guest && device.guest && twin.guest->same_slot(*device.guest)) continue;
      const bool by_hand = twin.guest && device.guest && name_in_alias(device.alias).empty();
      refuse("V11",
             name_of(twin) + " and " + name_of(device) +
                 " are functions of one card, which the guest would see in two slots",
             "make them one card", by_hand);
    }
  }

  void big_bars() {
    constexpr std::uint64_t kBigMib = 4096;  // BARs of this size can only be mapped past 4 GiB
    const auto secure = view_.root().child("os").child("firmware").find_child([](auto feature) {
      return feature.attribute("name").value() == std::string("secure-boot") &&
             feature.attribute("enabled").value() == std::string("yes");
    });
    if (!secure.empty() && !view_.q35) {
      refuse("V12", "Secure Boot is on machine " + quote(view_.at("os/type@machine")),
             "machine q35, or firmware efi");
    }
    if (view_.q35 && view_.uefi) return;
    for (const auto& card : cards_) {
      const auto bars = sum_of(card.bars);
      if (bars < kBigMib) continue;
      refuse("V12",
             quote(card.name) + " has BARs of " + size_text(bars) + ", and the VM " +
                 (view_.q35 ? "boots with a BIOS"
                            : "has machine " + quote(view_.at("os/type@machine"))),
             view_.q35 ? "firmware efi" : "machine q35 with firmware efi", view_.q35);
    }
  }

  void displays() {
    if (!view_.devices().child("graphics").empty()) return;
    for (const auto& mdev : view_.mdevs) {
      if (!mdev.display) continue;
      const auto name = name_in_alias(mdev.alias);
      refuse("V14",
             (name.empty() ? "mediated device " + quote(mdev.uuid) : quote(name)) +
                 " is to be the guest's screen, and the VM has no graphics",
             "graphics vnc or spice, or no display");
    }
  }

  void macs() {
    std::set<std::string> seen;
    for (const auto& mac : view_.macs) {
      if (seen.insert(mac).second) continue;
      refuse("V15", "two network interfaces have the MAC " + mac, "give one of them another");
    }
  }

  void ide_disks() {
    const std::string other_bus = "bus sata with device sda, or virtio with vda";
    for (const auto& disk : view_.disks) {
      if (disk.bus != "ide") continue;
      if (view_.q35) {
        refuse("V16", "disk " + quote(disk.target) + " is on IDE, which machine q35 does not have",
               other_bus + "; or machine pc");
      } else if (disk.place && disk.place->controller > 0) {
        refuse("V16", "disk " + quote(disk.target) + " is beyond the four of IDE, hda to hdd",
               other_bus);
      }
    }
  }

  // libvirt goes by the letters of a target, whatever is before them.
  void disk_places() {
    std::map<DrivePlace, std::string> taken;
    for (const auto& disk : view_.disks) {
      if (!disk.place) continue;
      const auto [first, is_free] = taken.emplace(*disk.place, disk.target);
      if (is_free) continue;
      refuse("V18",
             "disks " + quote(first->second) + " and " + quote(disk.target) +
                 " have one place on bus " + disk.bus,
             "another letter for one of them, like " + free_target(disk));
    }
  }

  // A target like that of `disk` whose place is free.
  std::string free_target(const ViewedDisk& disk) const {
    const auto prefix = disk.target.substr(0, 2);
    for (char letter = 'a'; letter < 'z'; ++letter) {
      auto target = prefix + letter;
      const auto place = drive_place(disk.bus, target);
      const bool is_taken = std::ranges::any_of(view_.disks, [&](const ViewedDisk& one) {
        return one.target == target || one.place == place;
      });
      if (!is_taken) return target;
    }
    return prefix + "z";
  }

  const DomainView& view_;
  const GateFacts& facts_;
  std::vector<CardSpec> cards_;  // those that are in the document
  std::vector<GateRefusal> refusals_;
};

}  // namespace

std::optional<GateRefusal> far_apart(const std::vector<CardSpec>& cards) {
  const auto lonely = [&](DeviceKind kind, DeviceKind other) {
    return std::ranges::find_if(cards, [&](const CardSpec& card) {
      return card.kind == kind && card.numa_node &&
             std::ranges::none_of(cards, [&](const CardSpec& near) {
               return near.kind == other && (!near.numa_node || near.numa_node == card.numa_node);
             });
    });
  };
  const auto any = [&](DeviceKind kind) {
    return std::ranges::find_if(
        cards, [&](const CardSpec& card) { return card.kind == kind && card.numa_node; });
  };
  auto gpu = lonely(DeviceKind::gpu, DeviceKind::nvme);
  auto nvme =
      gpu != cards.end() ? any(DeviceKind::nvme) : lonely(DeviceKind::nvme, DeviceKind::gpu);
  if (gpu == cards.end()) gpu = any(DeviceKind::gpu);
  if (gpu == cards.end() || nvme == cards.end()) return std::nullopt;
  return GateRefusal{
      "V6",
      "GPU " + quote(gpu->name) + " is on NUMA node " + std::to_string(*gpu->numa_node) +
          " and NVMe disk " + quote(nvme->name) + " on node " + std::to_string(*nvme->numa_node) +
          ", so what they exchange goes through both sockets",
      "give the VM a disk and a GPU of one node: cluster list host gpu detail=yes", true};
}

std::string version_text(unsigned long version) {
  return std::to_string(version / 1000000) + "." + std::to_string(version / 1000 % 1000) + "." +
         std::to_string(version % 1000);
}

std::optional<int> guest_address_bits(const std::string& document, const GateFacts& facts) {
  return address_bits(DomainView(document), facts);
}

std::vector<GateRefusal> gate(const std::string& document, const GateFacts& facts) {
  return Gates(DomainView(document), facts).run();
}

}  // namespace cluster::virt
