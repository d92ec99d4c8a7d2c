// These tests run domain_diff() on VMs that are made at random: a VM does not differ from itself,
// and it differs from a changed VM in exactly the lines of the change.

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/generated_domains.h"
#include "virt/domain_diff.h"
#include "virt/domain_xml.h"

namespace cluster::virt {
namespace {

constexpr int kPairs = 150;

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The lines of a diff with this sign, without it.
std::vector<std::string> signed_lines(const std::string& diff, char sign) {
  std::vector<std::string> lines;
  for (const auto& line : lines_of(diff)) {
    if (line.starts_with(sign)) lines.push_back(line.substr(1));
  }
  return lines;
}

// One change of a VM, and a text that its line in the diff has. The change returns false when this
// VM cannot have it.
struct Change {
  const char* name;
  std::function<bool(DomainSpec&)> make;
  const char* shown;
};

template <typename List, typename Make>
bool first(List& list, const Make& make) {
  if (list.empty()) return false;
  make(list.front());
  return true;
}

const std::vector<Change>& changes() {
  static const std::vector<Change> all{
      {"memory", [](auto& vm) { return vm.memory_mib += 1; }, "<memory "},
      {"cpus",
       [](auto& vm) {
         vm.topology.reset();
         return vm.cpus += 1;
       },
       "<vcpu "},
      {"type",
       [](auto& vm) {
         vm.type = vm.type == DomainType::kvm ? DomainType::qemu : DomainType::kvm;
         return true;
       },
       "<domain type="},
      {"machine",
       [](auto& vm) {
         vm.machine += "-rhel";
         return vm.machine.starts_with("pc-");
       },
       "machine="},
      {"firmware",
       [](auto& vm) {
         vm.firmware = vm.firmware == Firmware::efi ? Firmware::bios : Firmware::efi;
         return true;
       },
       "<os"},
      {"huge pages",
       [](auto& vm) {
         vm.hugepage_kib = vm.hugepage_kib == 2048U ? 1024U * 1024U : 2048U;
         return true;
       },
       "<page "},
      {"CPU mode",
       [](auto& vm) {
         vm.cpu_mode = vm.cpu_mode == CpuMode::maximum ? CpuMode::host_model : CpuMode::maximum;
         return true;
       },
       "<cpu mode="},
      {"CPU model",
       [](auto& vm) {
         vm.cpu_model += "-v2";
         return vm.cpu_mode == CpuMode::named;
       },
       "<model fallback="},
      {"address bits",
       [](auto& vm) {
         vm.maxphysaddr = AddressBits::emulate;
         return vm.address_bits = vm.address_bits == 52 ? 51 : 52;
       },
       "<maxphysaddr "},
      {"host node",
       [](auto& vm) {
         if (vm.numa) vm.numa->host_nodes[0] += 2;
         return vm.numa.has_value();
       },
       "nodeset="},
      {"CPUs of the host",
       [](auto& vm) {
         if (vm.numa)
           vm.numa->cpusets = {vm.numa->cpusets == std::vector<std::string>{"3"} ? "4" : "3"};
         return vm.numa.has_value();
       },
       "cpuset="},
      {"strict memory",
       [](auto& vm) {
         if (vm.numa) vm.numa->strict = !vm.numa->strict;
         return vm.numa.has_value();
       },
       "<memory mode="},
      {"hidden hypervisor",
       [](auto& vm) {
         vm.hide_hypervisor = !vm.hide_hypervisor;
         return true;
       },
       "<hidden state='on'/>"},
      {"path of a disk",
       [](auto& vm) { return first(vm.disks, [](auto& disk) { disk.path += "x"; }); }, "<source "},
      {"format of a disk",
       [](auto& vm) {
         return first(vm.disks,
                      [](auto& disk) { disk.format = disk.format == "raw" ? "qcow2" : "raw"; });
       },
       "<driver name='qemu'"},
      {"bus of a disk",
       [](auto& vm) { return first(vm.disks, [](auto& disk) { disk.bus = "usb"; }); }, "bus='usb'"},
      {"a disk less",
       [](auto& vm) { return first(vm.disks, [&](auto&) { vm.disks.erase(vm.disks.begin()); }); },
       "<disk "},
      {"source of an interface",
       [](auto& vm) { return first(vm.interfaces, [](auto& nic) { nic.source += "x"; }); },
       "<source "},
      {"model of an interface",
       [](auto& vm) {
         return first(vm.interfaces,
                      [](auto& nic) { nic.model = nic.model == "virtio" ? "e1000e" : "virtio"; });
       },
       "<model type="},
      {"MAC of an interface",
       [](auto& vm) { return first(vm.interfaces, [](auto& nic) { nic.mac[0] = 'a'; }); },
       "<mac address='a2:54:00:"},
      {"an interface less",
       [](auto& vm) {
         return first(vm.interfaces, [&](auto&) { vm.interfaces.erase(vm.interfaces.begin()); });
       },
       "<interface "},
      {"function of a card",
       [](auto& vm) {
         return first(vm.cards, [](auto& card) {
           for (auto& function : card.functions) function.slot ^= 1U;
         });
       },
       "<address domain="},
      {"management of a card",
       [](auto& vm) { return first(vm.cards, [](auto& card) { card.managed = !card.managed; }); },
       "managed="},
      {"ROM of a card",
       [](auto& vm) { return first(vm.cards, [](auto& card) { card.rom_file += "2"; }); }, "<rom "},
      {"clique of a card",
       [](auto& vm) {
         return first(vm.cards, [](auto& card) {
           card.gpudirect_clique = (card.gpudirect_clique.value_or(0) + 1) % 16;
         });
       },
       "x-nv-gpudirect-clique"},
      {"UUID of a vGPU",
       [](auto& vm) {
         return first(vm.mdevs, [](auto& mdev) { mdev.uuid[0] = mdev.uuid[0] == 'a' ? 'b' : 'a'; });
       },
       "<address uuid="},
      {"a vGPU less",
       [](auto& vm) { return first(vm.mdevs, [&](auto&) { vm.mdevs.erase(vm.mdevs.begin()); }); },
       "<hostdev mode='subsystem' type='mdev'"},
      {"graphics",
       [](auto& vm) {
         vm.graphics = vm.graphics == Graphics::vnc ? Graphics::spice : Graphics::vnc;
         return true;
       },
       "<graphics type="},
      {"address of the graphics",
       [](auto& vm) {
         vm.listen = "192.0.2.1";
         return vm.graphics != Graphics::none;
       },
       "<listen type="},
      {"serial console",
       [](auto& vm) {
         vm.serial_file += "/var/log/x";
         return true;
       },
       "<source path="},
      {"no topology",
       [](auto& vm) {
         const bool had = vm.topology.has_value();
         vm.topology.reset();
         return had;
       },
       "<topology "},
      {"no huge pages",
       [](auto& vm) {
         const bool had = vm.hugepage_kib.has_value();
         vm.hugepage_kib.reset();
         return had;
       },
       "<hugepages"},
      {"no NUMA",
       [](auto& vm) {
         const bool had = vm.numa.has_value();
         vm.numa.reset();
         return had;
       },
       "<numatune>"},
      {"no VLAN",
       [](auto& vm) {
         return !vm.interfaces.empty() && std::exchange(vm.interfaces[0].vlan, std::nullopt);
       },
       "<vlan>"},
      {"own XML",
       [](auto& vm) {
         vm.fragments.push_back({"attribute vm_xml_domain", FragmentPlace::domain,
                                 "<memtune><hard_limit unit='KiB'>1</hard_limit></memtune>"});
         return true;
       },
       "<memtune>"},
  };
  return all;
}

bool has(const std::vector<std::string>& lines, const char* text) {
  return std::ranges::any_of(
      lines, [&](const auto& line) { return line.find(text) != std::string::npos; });
}

TEST(DomainDiffProperty, AVmDiffersFromItselfInNothing) {
  GeneratedDomains generated(21);
  for (int i = 0; i < kPairs; ++i) {
    const auto domain = generated.next();
    const auto xml = domain_xml(domain);
    EXPECT_EQ(domain_diff(xml, xml), "") << xml;
    EXPECT_EQ(domain_diff(xml, domain_xml_for_define(domain)), "") << xml;
  }
}

TEST(DomainDiffProperty, EachChangeIsShownByItsLine) {
  GeneratedDomains generated(22);
  std::set<std::string> seen;
  for (int i = 0; i < kPairs / 4; ++i) {
    const auto before = generated.next();
    for (const auto& change : changes()) {
      auto after = before;
      if (!change.make(after)) continue;
      seen.insert(change.name);
      for (const bool forth : {true, false}) {
        const auto ours = domain_xml(forth ? after : before);
        const auto theirs = domain_xml(forth ? before : after);
        const auto diff = domain_diff(ours, theirs);
        EXPECT_TRUE(has(signed_lines(diff, '+'), change.shown) ||
                    has(signed_lines(diff, '-'), change.shown))
            << change.name << (forth ? "" : " taken back") << "\n"
            << diff;
      }
    }
    if (HasFailure()) break;
  }
  EXPECT_EQ(seen.size(), changes().size()) << "the VMs cannot have all changes";
}

TEST(DomainDiffProperty, ItsLinesAreThoseOfTheTwoDocuments) {
  GeneratedDomains generated(23);
  for (int i = 0; i < kPairs; ++i) {
    const auto before = generated.next();
    auto after = before;
    for (int k = 0; k < 3; ++k) {
      changes()[generated.below(static_cast<unsigned>(changes().size()))].make(after);
    }
    const auto ours = domain_xml(after);
    const auto diff = domain_diff(ours, domain_xml(before));
    const auto lines = lines_of(ours);
    const std::multiset<std::string> known(lines.begin(), lines.end());
    for (const char sign : {'+', ' '}) {
      for (const auto& line : signed_lines(diff, sign)) {
        EXPECT_TRUE(known.contains(line)) << sign << line;
      }
    }
    // A line that is taken away and added again would be no difference.
    const auto added = signed_lines(diff, '+');
    EXPECT_LE(added.size(), lines.size());
    EXPECT_EQ(diff.empty(), added.empty() && signed_lines(diff, '-').empty());
  }
}

TEST(DomainDiffProperty, TheOrderOfDevicesAndOfFunctionsDoesNotMatter) {
  GeneratedDomains generated(24);
  for (int i = 0; i < kPairs; ++i) {
    const auto before = generated.next();
    auto after = before;
    std::ranges::reverse(after.disks);
    std::ranges::reverse(after.interfaces);
    for (auto& card : after.cards) std::ranges::reverse(card.functions);
    EXPECT_EQ(domain_diff(domain_xml(after), domain_xml(before)), "") << domain_xml(before);
  }
}

TEST(DomainDiffProperty, ABrokenDocumentIsNeverTheSame) {
  GeneratedDomains generated(25);
  for (int i = 0; i < kPairs; ++i) {
    const auto xml = domain_xml(generated.next());
    const auto cut = xml.substr(0, generated.below(static_cast<unsigned>(xml.size() - 1)));
    EXPECT_ANY_THROW(domain_diff(xml, cut)) << cut;
  }
}

}  // namespace
}  // namespace cluster::virt
