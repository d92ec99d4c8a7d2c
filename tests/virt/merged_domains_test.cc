// The merge and a real libvirtd, which tests/support/libvirtd.sh brings: it takes every merged
// document with its schema, what stayed is where it was in the guest, and merging again says
// nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <random>

#include "core/error.h"
#include "core/text.h"
#include "tests/support/generated_domains.h"
#include "tests/support/merge_pairs.h"
#include "virt/domain_capabilities.h"
#include "virt/domain_gates.h"
#include "virt/domain_places.h"
#include "virt/domain_schema.h"
#include "virt/domain_tree.h"
#include "virt/domain_xml.h"
#include "virt/libvirt_domains.h"

namespace cluster::virt {
namespace {

// Where the guest finds a device: its bus, slot and function, or its place on another bus.
std::string place_in_guest(pugi::xml_node device, const std::map<int, int>& buses) {
  const auto address = device.child("address");
  if (attribute(address, "type") != "pci") return attributes_of(address);
  const auto bus = buses.find(address.attribute("bus").as_int());
  return (bus == buses.end() ? "?" : std::to_string(bus->second)) + ":" +
         std::string(attribute(address, "slot")) + "." +
         std::string(attribute(address, "function"));
}

// This file passes 400 lines on purpose: all promises of the merge, on one libvirtd.
class MergedDomains : public testing::Test {
 protected:
  ~MergedDomains() override { forget_all(); }

  void forget_all() {
    for (const auto& domain : domains->list()) domains->undefine(domain.uuid);
  }

  std::string define(const std::string& xml) {
    asked_ = xml;
    return domains->define(xml, Validation::schema);
  }

  // Devices that are in both documents are where they were, or the merge says that they moved.
  static void expect_places_kept(const std::string& before, const std::string& after,
                                 const Merged& merged) {
    pugi::xml_document then;
    pugi::xml_document now;
    read_domain(then, before);
    read_domain(now, after);
    const auto then_buses = guest_buses(then.child("domain"));
    const auto now_buses = guest_buses(now.child("domain"));
    for (const auto& [old, device] : pairs(elements(then.child("domain").child("devices")),
                                           elements(now.child("domain").child("devices")))) {
      const auto path = device_path(device);
      const bool told = std::ranges::any_of(merged.differences, [&](const auto& one) {
        return one.path.starts_with(path + "/address") || one.path == path + "/guest" ||
               (one.path.starts_with(path + "/") && one.path.ends_with("@model")) ||
               one.path == path + "@model" || one.path == path + "/model@type";
      });
      // A balloon that there was none of is libvirt's to place.
      const bool is_new = attribute(old, "model") == "none";
      if (told || is_new || std::string_view(device.name()) == "controller") continue;
      EXPECT_EQ(place_in_guest(old, then_buses), place_in_guest(device, now_buses)) << path;
    }
  }

  // Defines what was merged. Returns what libvirt has then.
  std::string expect_taken(const Merged& merged, const std::string& before,
                           const std::string& ours) {
    auto after = define(*merged.document);
    expect_places_kept(before, after, merged);
    const Agreement agreement{ours, after};
    const auto again = merge(&agreement, after, ours, Keep::ask);
    EXPECT_TRUE(again.document && !again.changes()) << answer(again, after);
    if (again.document) {
      EXPECT_EQ(answer({*again.document, {}, {}}, define(*again.document)), "");
    }
    return after;
  }

  // True if the libvirt here says that it lacks what the last document asks for: OVMF, or QEMU's
  // module for SPICE, which are packages of their own.
  bool lacks_package() {
    const auto asked = wishes_of(asked_);
    return !domains->capabilities(asked.machine).lacking(asked).empty();
  }

  std::unique_ptr<Domains> domains = open_domains("qemu:///system");

 private:
  std::string asked_;
};

TEST_F(MergedDomains, AreTakenByLibvirt) {
  int defined = 0;
  std::map<std::string, int> left_out;
  for (const auto& pair : merge_pairs()) {
    if (!pair.for_libvirt) continue;
    SCOPED_TRACE(pair.name + " of " + pair.base);
    try {
      // What somebody made by hand is no rendering.
      auto agreed = define(pair.base == "hand" ? pair.defined : pair.rendered);
      const auto theirs = pair.host.empty() ? agreed : define(edited(agreed, pair.host));
      const auto ours = edited(pair.rendered, pair.ours);
      Agreement agreement{pair.rendered, {}};
      if (pair.knows_defined) agreement.defined = agreed;
      const auto merged = merge(pair.agreed ? &agreement : nullptr, theirs, ours, pair.keep);
      if (merged.document) {
        expect_taken(merged, theirs, ours);
        ++defined;
      }
    } catch (const Error& error) {
      EXPECT_TRUE(lacks_package()) << error.what();
      ++left_out[error.what()];
    }
    forget_all();
  }
  std::cout << defined << " pairs defined by libvirt " << version_text(domains->version()) << "\n";
  for (const auto& [why, times] : left_out) std::cout << times << " left out: " << why << "\n";
  EXPECT_GE(defined, 100);
}

// Takes a part of another VM. The boot order is said at the first define, and once.
void change_inventory(DomainSpec& domain, DomainSpec other, unsigned part) {
  for (auto& disk : other.disks) disk.boot_order.reset();
  for (auto& interface : other.interfaces) interface.boot_order.reset();
  switch (part) {
    case 0:
      domain.memory_mib = other.memory_mib;
      break;
    case 1:
      domain.cpus = other.cpus;
      domain.topology = other.topology;
      break;
    case 2:
      domain.disks = other.disks;
      break;
    case 3:
      domain.interfaces = other.interfaces;
      break;
    case 4:
      if (domain.mdevs.empty()) domain.graphics = other.graphics;
      break;
    case 5:
      domain.cards = other.cards;
      break;
    case 6:
      domain.fragments = other.fragments;
      break;
    case 7:
      domain.pci_switch = !domain.pci_switch && domain.machine == "q35";
      break;
    case 8:
      if (!domain.cards.empty()) domain.cards.pop_back();
      break;
    case 9:
      domain.hide_hypervisor = other.hide_hypervisor;
      break;
    default:
      domain.serial_file = other.serial_file;
  }
}

// Makes a VM of this machine out of one for any.
DomainSpec for_this_machine(DomainSpec domain) {
  domain.name = "vm-random";
  domain.uuid = "7c1d0000-0000-4000-8000-00000000ffff";
  domain.type = DomainType::qemu;
  domain.machine = domain.machine.find("q35") != std::string::npos ? "q35" : "pc";
  domain.firmware = Firmware::bios;
  domain.emulator.clear();
  domain.cpu_mode = CpuMode::maximum;
  domain.cpu_model.clear();
  domain.maxphysaddr = AddressBits::by_cpu;
  domain.numa.reset();
  return domain;
}

std::vector<DocumentEdit> change_by_hand(GeneratedDomains& random) {
  using What = DocumentEdit::What;
  const auto number = std::to_string(10 + random.below(90));
  const std::vector<DocumentEdit> all{
      {What::add, "/domain/devices",
       "<interface type='user'><mac address='52:54:00:ee:00:" + number +
           "'/><model type='virtio'/></interface>"},
      {What::add, "/domain/devices",
       "<hostdev mode='subsystem' type='pci'><source><address domain='0' bus='0xf0' slot='0' "
       "function='0'/></source></hostdev>"},
      {What::add, "/domain/devices",
       "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/srv/x" +
           number + "'/><target dev='vd" +
           std::string(1, static_cast<char>('m' + random.below(9))) + "' bus='virtio'/></disk>"},
      {What::add, "/domain/devices", "<input type='tablet' bus='usb'/>"},
      {What::add, "/domain/devices", "<controller type='pci' model='pcie-root-port'/>"},
      {What::add, "/domain/devices",
       "<rng model='virtio'><backend model='random'>/dev/random</backend></rng>"},
      {What::set, "/domain/memory", "3145728"},
      {What::set, "/domain/on_crash", "preserve"},
      {What::add, "/domain/features", "<vmport state='off'/>"},
      {What::add, "/domain/clock", "<timer name='hpet' present='no'/>"},
      {What::drop, "/domain/devices/interface[1]", ""},
      {What::drop, "/domain/devices/hostdev[1]", ""},
      {What::drop, "/domain/devices/disk[2]", ""},
      {What::add, "/domain/devices/disk[1]", "<serial>S" + number + "</serial>"},
      {What::set, "/domain/devices/disk[1]/driver/@cache", "none"},
      {What::add, "/domain/devices/interface[1]", "<mtu size='9000'/>"},
      {What::set, "/domain/devices/interface[1]/mac/@address", "52:54:00:dd:00:" + number},
      {What::set, "/domain/devices/interface[1]/model/@type", "e1000e"},
      {What::set, "/domain/devices/hostdev[1]/@managed", "no"},
      {What::add, "/domain", "<description> d\n " + number + "\n</description>"},
      {What::add, "/domain", "<cputune><vcpupin vcpu='0' cpuset='0'/></cputune>"},
  };
  return {all.at(random.below(static_cast<unsigned>(all.size())))};
}

TEST_F(MergedDomains, StandRandomChangesOfInventoryAndHost) {
  constexpr unsigned kVms = 40;
  constexpr int kSteps = 8;
  int merged_ones = 0;
  for (unsigned seed = 1; seed <= kVms; ++seed) {
    GeneratedDomains random(seed);
    auto spec = for_this_machine(random.next());
    std::string there;
    Agreement agreement;
    std::string trail = "seed " + std::to_string(seed);
    try {
      agreement.rendered = domain_xml(spec);
      there = define(agreement.rendered);
    } catch (const Error&) {
      forget_all();
      continue;  // the generator makes VMs for other machines as well
    }
    agreement.defined = there;
    for (int step = 0; step < kSteps && !HasFailure(); ++step) {
      auto changed = spec;
      const auto part = random.below(11);
      change_inventory(changed, random.next(), part);
      trail += ", part " + std::to_string(part);
      try {
        if (random.below(2) == 0) {
          const auto edits = change_by_hand(random);
          trail += ", by hand " + edits[0].where + " " + edits[0].value;
          there = define(edited(there, edits));
        }
      } catch (const std::exception&) {
        trail += " (refused)";
      }
      SCOPED_TRACE(trail);
      std::string ours;
      try {
        ours = domain_xml(changed);
      } catch (const Error&) {
        continue;
      }
      const auto merged =
          merge(&agreement, there, ours, random.below(2) == 0 ? Keep::ours : Keep::theirs);
      if (!merged.document) continue;
      try {
        there = expect_taken(merged, there, ours);
      } catch (const Error& error) {
        if (lacks_package()) continue;
        ADD_FAILURE() << error.what() << "\n" << answer(merged, there);
      }
      spec = changed;
      agreement = {ours, there};
      ++merged_ones;
    }
    forget_all();
  }
  EXPECT_GE(merged_ones, 100);
}

// {device: where the guest finds it} of all devices that are not a card's.
std::map<std::string, std::string> places(const std::string& xml) {
  pugi::xml_document document;
  read_domain(document, xml);
  const auto domain = document.child("domain");
  const auto buses = guest_buses(domain);
  std::map<std::string, std::string> out;
  for (const auto device : elements(domain.child("devices"))) {
    const std::string_view name = device.name();
    const bool of_a_bus = name == "controller" && attribute(device, "type") == "pci";
    // A card takes out the balloon, so what libvirt places behind that on a PCI bus moves up.
    const bool behind_balloon = name == "memballoon" || name == "rng";
    if (of_a_bus || name == "hostdev" || behind_balloon) continue;
    out[device_path(device)] =
        attributes_of(device.child("address")) + " as " + place_in_guest(device, buses);
  }
  return out;
}

std::string moved(const std::map<std::string, std::string>& from,
                  const std::map<std::string, std::string>& to) {
  std::string out;
  for (const auto& [device, place] : from) {
    const auto now = to.find(device);
    const auto there = now == to.end() ? std::string("gone") : now->second;
    if (there != place) out += device + ": " + place + " -> " + there + "\n";
  }
  return out;
}

CardSpec card_of_two_functions(unsigned number) {
  CardSpec card;
  card.name = "gpupci" + std::to_string(number);
  const auto bus = static_cast<std::uint8_t>(0x10 + number);
  card.functions = {{0, bus, 0, 0}, {0, bus, 0, 1}};
  card.known = true;
  card.numa_node = static_cast<int>(number % 2);
  return card;
}

// Whoever defines what `report vm config` prints has no agreement that keeps the addresses.
TEST_F(MergedDomains, FirstDefinesPutNothingElsewhereForACard) {
  constexpr unsigned kVms = 60;
  int compared = 0;
  for (unsigned seed = 1; seed <= kVms; ++seed) {
    GeneratedDomains random(seed);
    auto spec = for_this_machine(random.next());
    spec.cards.clear();
    spec.mdevs.clear();
    spec.pci_switch = false;
    const auto more = random.below(3) * 4;
    for (unsigned i = 0; i < more; ++i) {
      InterfaceSpec interface;
      interface.kind = InterfaceKind::network;
      interface.source = "default";
      interface.mac = "52:54:00:00:01:0" + std::to_string(i);
      interface.model = random.below(3) == 0 ? "e1000" : "virtio";
      spec.interfaces.push_back(interface);
    }
    const auto screen = random.below(4);
    if (screen < 2 && spec.graphics == Graphics::none) {
      const std::string model = screen == 0 ? "virtio" : "bochs";
      spec.fragments.push_back({"attribute vm_xml_devices", FragmentPlace::devices,
                                "<video><model type='" + model + "'/></video>"});
    }
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::map<std::string, std::string> without;
    try {
      without = places(define(domain_xml(spec)));
    } catch (const Error&) {
      forget_all();
      continue;  // the generator makes VMs for other machines as well
    }
    for (const unsigned cards : {1U, 2U, 8U}) {
      forget_all();
      spec.cards.clear();
      for (unsigned i = 1; i <= cards; ++i) spec.cards.push_back(card_of_two_functions(i));
      spec.pci_switch = spec.machine == "q35" && cards == 8;
      EXPECT_EQ(moved(without, places(define(domain_xml(spec)))), "") << domain_xml(spec);
      ++compared;
    }
    forget_all();
  }
  EXPECT_GE(compared, 100);
}

// What a real libvirt and QEMU tell refuses nothing that they take, and what they refuse it names.
TEST_F(MergedDomains, CapabilitiesFitWhatLibvirtTakes) {
  std::map<std::string, DomainCapabilities> told;
  int judged = 0;
  for (const auto& pair : merge_pairs()) {
    if (!pair.for_libvirt) continue;
    try {
      const auto defined = define(pair.base == "hand" ? pair.defined : pair.rendered);
      const auto machine = wishes_of(defined).machine;
      if (!told.contains(machine.text())) told[machine.text()] = domains->capabilities(machine);
      EXPECT_EQ(joined(told[machine.text()].lacking(defined), ", "), "") << pair.name;
      ++judged;
    } catch (const Error& error) {
      EXPECT_TRUE(lacks_package()) << error.what();
    }
    forget_all();
  }
  EXPECT_GE(judged, 100);
  try {
    domains->capabilities({"qemu", "x86_64", "pc-q35-1.0", ""});
    ADD_FAILURE() << "there is such a machine";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::refused);
    EXPECT_NE(std::string(error.what()).find("pc-q35-1.0"), std::string::npos) << error.what();
  }
}

// Says how fast it is, and asserts nothing of it.
TEST(MergeSpeed, IsSaid) {
  struct Question {
    MergePair pair;
    std::string theirs;
    std::string ours;
  };
  std::vector<Question> questions;
  for (const auto& pair : merge_pairs()) {
    questions.push_back({pair, edited(pair.defined, pair.host), edited(pair.rendered, pair.ours)});
  }
  const DomainSchema schema;
  const auto begin = std::chrono::steady_clock::now();
  for (const auto& [pair, theirs, ours] : questions) {
    const Agreement agreement{pair.rendered, pair.defined};
    const auto merged = merge(&agreement, theirs, ours, pair.keep);
    if (merged.document) schema.refusal(*merged.document);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::cout << "merge and schema: "
            << static_cast<int>(static_cast<double>(questions.size()) / took.count()) << " VMs/s\n";
}

}  // namespace
}  // namespace cluster::virt
