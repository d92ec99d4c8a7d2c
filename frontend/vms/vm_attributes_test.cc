// These tests are about the attributes that say how VMs are made: what each takes, what it refuses,
// and what it changes.

#include "frontend/vms/vm_attributes.h"

#include <gmock/gmock.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "frontend/vms/vm_fragments.h"
#include "tests/support/refused_call.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using virt::DomainSpec;

// A VM with a card of node 1 and a mediated device.
DomainSpec some_vm() {
  DomainSpec domain;
  domain.name = "rocks-33";
  domain.memory_mib = 4096;
  domain.cpus = 8;
  domain.cards.emplace_back().name = "gpupci1";
  domain.cards[0].functions = {{0, 2, 0, 0}};
  domain.cards[0].numa_node = 1;
  domain.mdevs.push_back({"vgpu0", "c2177883-f1bb-47f0-914d-32a22e3a8804", false, false});
  return domain;
}

ResolvedAttributes set(std::initializer_list<std::pair<const char*, const char*>> values) {
  ResolvedAttributes resolved;
  for (const auto& [name, value] : values) resolved[name] = {value, AttributeSource::global};
  return resolved;
}

// The VM with these attributes set.
DomainSpec with(std::initializer_list<std::pair<const char*, const char*>> values) {
  auto domain = some_vm();
  apply_attributes(domain, set(values));
  return domain;
}

std::string value_refusal(const std::string& name, const std::string& value) {
  return refused_call(Fault::usage, [&] { check_attribute_value(name, value); });
}

TEST(VmAttributes, TakeTheirOwnDefaults) {
  for (const auto& one : vm_attributes()) {
    EXPECT_EQ(value_refusal(std::string(one.name), std::string(one.fallback)), "taken") << one.name;
  }
}

TEST(VmAttributes, HaveEachNameOnceAndAWordOfHelp) {
  std::set<std::string_view> names;
  for (const auto& one : vm_attributes()) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_NO_THROW(check_attribute_name(std::string(one.name)));
    EXPECT_FALSE(one.values.empty()) << one.name;
    EXPECT_FALSE(one.help.empty()) << one.name;
    EXPECT_LT(one.help.size(), 100U) << one.name;
  }
}

struct Values {
  const char* name;
  std::vector<const char*> good;
  std::vector<const char*> bad;
};

TEST(VmAttributes, TakeWhatIsRightAndRefuseTheRest) {
  const std::vector<Values> all{
      {"vm_type", {"kvm", "qemu"}, {"", "KVM", "xen"}},
      {"vm_emulator", {"", "/usr/bin/qemu"}, {"qemu", "./qemu"}},
      {"vm_machine", {"q35", "pc", "pc-q35-7.2"}, {""}},
      {"vm_firmware", {"bios", "efi", "efi-secure"}, {"", "uefi", "secure"}},
      {"vm_boot", {"hd", "cdrom,hd", "network,hd,cdrom"}, {"", "hd,", "floppy", "hd;cdrom"}},
      {"vm_hugepages", {"no", "yes", "2M", "1G"}, {"", "2m", "4K"}},
      {"vm_cpu_mode", {"host-model", "maximum", "EPYC"}, {"", "hostmodel", "host"}},
      {"vm_cpu_topology", {"", "1,8,2"}, {"1,8", "1,8,2,1", "0,8,2", "a,b,c", "1,8,4097"}},
      {"vm_maxphysaddr", {"", "passthrough", "32", "64"}, {"31", "65", "all", "-1"}},
      {"vm_numa", {"no", "cards", "0", "1023", "1,0"}, {"", "1024", "-1", "yes", "0,0", "0,"}},
      {"vm_numa_memory", {"strict", "preferred"}, {"", "loose"}},
      {"vm_numa_guest", {"none", "cell", "bus"}, {"", "yes"}},
      {"vm_cpuset",
       {"", "3", "0-31,64-95", "0/1", "0-31/32-63/64"},
       {"0/", "/1", "a", "3-1", "1,", "1-", "0x3", "8192", "0-99999999999"}},
      {"vm_cpu_pin", {"", "8-15", "0-3:8-11 4:12"}, {"a", "0:", "0:a", ":1", "0:1 2", "5-1:2"}},
      {"vm_emulator_cpus", {"", "0-1,4", "8191"}, {"a", "1-0", "0-8192"}},
      {"vm_clock", {"utc", "localtime", "Europe/Berlin"}, {"", "UTC+1", "Europe/Ber lin"}},
      {"vm_on_poweroff", {"destroy", "restart"}, {"", "preserve"}},
      {"vm_on_reboot", {"destroy", "restart"}, {"", "rename-restart"}},
      {"vm_on_crash", {"preserve", "coredump-restart"}, {"", "rename-restart"}},
      {"vm_interface", {"none", "network=default", "ovs=br-int"}, {"", "br0", "bridge=", "x=y"}},
      {"vm_guest_agent", {"yes", "no"}, {"", "1"}},
      {"vm_serial", {"pty", "", "/run/a"}, {"run/a"}},
      {"vm_graphics", {"none", "vnc", "spice"}, {"", "rdp"}},
      {"vm_graphics_listen", {"127.0.0.1", "::1"}, {"", "a b"}},
      {"vm_autostart", {"yes", "no"}, {"", "on", "1"}},
      {"vm_placement", {"pack", "spread"}, {"", "random"}},
      {"vm_host_address_bits", {"", "46"}, {"31", "65", "x"}},
      {"hostdev_managed", {"yes", "no"}, {"", "maybe"}},
      {"hostdev_iommufd", {"yes", "no"}, {"", "maybe"}},
      {"hostdev_acpi_nodeset", {"", "2-9"}, {"9-2", "x"}},
      {"gpudirect_clique", {"", "0", "15"}, {"16", "-1", "a"}},
      {"rom_bar", {"", "on", "off"}, {"yes"}},
      {"rom_file", {"", "/usr/share/x.rom"}, {"x.rom"}},
      {"pci_switch", {"yes", "no"}, {"", "1"}},
      {"pci_hole64", {"", "1", "512"}, {"0", "-1", "much"}},
      {"hide_hypervisor", {"yes", "no"}, {"", "1"}},
      {"hide_hypervisor_vendor", {"a", "123456789012"}, {"", "1234567890123", "a,b"}},
      {"mdev_display", {"no", "yes", "ramfb"}, {"", "on"}},
  };
  for (const auto& one : all) {
    for (const auto* value : one.good) EXPECT_EQ(value_refusal(one.name, value), "taken") << value;
    for (const auto* value : one.bad) {
      EXPECT_THAT(
          value_refusal(one.name, value),
          ::testing::AllOf(::testing::StartsWith(std::string(one.name) + "='" + value + "': "),
                           ::testing::HasSubstr("want ")));
    }
  }
}

TEST(VmAttributes, APathIsOneLine) {
  for (const char* name : {"vm_emulator", "vm_serial", "rom_file"}) {
    for (const char* value : {"/a\n", "/a\tb", "/\x1b[2J"}) {
      EXPECT_THAT(value_refusal(name, value), HasSubstr("want an absolute path")) << name;
    }
  }
}

// A comment is no interface, nor is one that is somewhere else in the document.
TEST(VmAttributes, AVmWhoseOwnXmlSpeaksOfAnInterfaceGetsOne) {
  for (const char* name : {"vm_xml_devices", "vm_xml_domain"}) {
    EXPECT_EQ(with({{name, "<!-- no <interface> here --><rng model='virtio'/>"}}).interfaces.size(),
              1U)
        << name;
  }
  EXPECT_EQ(with({{"vm_xml_domain", "<title>&lt;interface></title>"}}).interfaces.size(), 1U);
  EXPECT_EQ(with({{"vm_xml_domain", "<metadata><a xmlns='urn:a'><interface/></a></metadata>"}})
                .interfaces.size(),
            1U);
  EXPECT_TRUE(
      with({{"vm_xml_domain", "<devices><interface type='user'/></devices>"}}).interfaces.empty());
}

TEST(VmAttributes, SayThemselvesWhichWordsTheyTake) {
  // Some attributes take one word of a list, such as "bios, efi". Each of these words is valid.
  for (const std::string name :
       {"vm_type", "vm_on_poweroff", "vm_on_reboot", "vm_on_crash", "vm_guest_agent", "vm_firmware",
        "vm_boot", "vm_hugepages", "vm_numa_memory", "vm_numa_guest", "vm_graphics", "vm_autostart",
        "vm_placement", "rom_bar", "mdev_display", "pci_switch"}) {
    for (const auto& one : vm_attributes()) {
      if (one.name != name) continue;
      std::string word;
      for (const char c : std::string(one.values) + ",") {
        if (c == ',') {
          EXPECT_EQ(value_refusal(name, word), "taken") << name << "=" << word;
          word.clear();
        } else if (c != ' ') {
          word += c;
        }
      }
    }
  }
}

TEST(VmAttributes, ChangeTheVm) {
  EXPECT_EQ(with({{"vm_firmware", "efi"}}).firmware, virt::Firmware::efi);
  EXPECT_EQ(with({{"vm_machine", "pc"}}).machine, "pc");
  EXPECT_THAT(with({{"vm_boot", "cdrom,hd"}}).boot, ::testing::ElementsAre("cdrom", "hd"));
  EXPECT_EQ(with({{"vm_hugepages", "2M"}}).hugepage_kib, 2048U);
  EXPECT_EQ(with({{"vm_hugepages", "1G"}}).hugepage_kib, 1024U * 1024U);
  EXPECT_EQ(with({{"vm_hugepages", "yes"}}).hugepage_kib, 0U);
  EXPECT_EQ(with({{"vm_cpu_mode", "EPYC"}}).cpu_model, "EPYC");
  EXPECT_EQ(with({{"vm_cpu_topology", "1,4,2"}}).topology->cores, 4);
  EXPECT_EQ(with({{"vm_maxphysaddr", "46"}}).address_bits, 46);
  EXPECT_EQ(with({{"vm_serial", "/run/a"}}).serial_file, "/run/a");
  EXPECT_EQ(with({{"vm_graphics", "spice"}}).graphics, virt::Graphics::spice);
  EXPECT_EQ(with({{"pci_hole64", "512"}}).pcihole64_gib, 512);
  EXPECT_TRUE(with({{"pci_switch", "yes"}}).pci_switch);
  EXPECT_TRUE(with({{"hide_hypervisor", "yes"}}).hide_hypervisor);
  EXPECT_EQ(with({{"vm_firmware", "efi-secure"}}).firmware, virt::Firmware::efi_secure);
  EXPECT_EQ(with({{"vm_clock", "Europe/Berlin"}}).clock, "Europe/Berlin");
  EXPECT_EQ(with({{"vm_on_crash", "preserve"}}).lifecycle.on_crash, "preserve");
  EXPECT_EQ(with({{"vm_emulator_cpus", "0-1"}}).emulator_cpus, "0-1");
  EXPECT_TRUE(with({}).guest_agent);
  EXPECT_FALSE(with({{"vm_guest_agent", "no"}}).guest_agent);
}

TEST(VmAttributes, CpusArePinnedOneByOneOrByRanges) {
  EXPECT_THAT(with({{"vm_cpu_pin", "8-11,20-23"}}).cpu_pins,
              ElementsAre("8", "9", "10", "11", "20", "21", "22", "23"));
  EXPECT_THAT(with({{"vm_cpu_pin", "0-1,4:8-11 7:3"}}).cpu_pins,
              ElementsAre("8-11", "8-11", "", "", "8-11", "", "", "3"));
  const auto wrong = [](const char* value) {
    return refused_call(Fault::refused, [&] { with({{"vm_cpu_pin", value}}); });
  };
  EXPECT_THAT(wrong("8-11"), HasSubstr("want 8 CPUs, one for each of the VM"));
  EXPECT_THAT(wrong("8:1"), HasSubstr("want CPUs of the guest from 0 to 7"));
}

TEST(VmAttributes, AVmWithoutAnInterfaceGetsOne) {
  const auto domain = with({});
  ASSERT_EQ(domain.interfaces.size(), 1U);
  EXPECT_EQ(domain.interfaces[0].kind, InterfaceKind::network);
  EXPECT_EQ(domain.interfaces[0].source, "default");
  EXPECT_EQ(domain.interfaces[0].name, "eth0");
  EXPECT_EQ(domain.interfaces[0].mac, with({}).interfaces[0].mac);
  EXPECT_EQ(with({{"vm_interface", "bridge=br0"}}).interfaces[0].source, "br0");
  EXPECT_TRUE(with({{"vm_interface", "none"}}).interfaces.empty());
  EXPECT_TRUE(with({{"vm_xml_devices", "<interface type='user'/>"}}).interfaces.empty());
  auto has_one = some_vm();
  has_one.interfaces.emplace_back().source = "br1";
  apply_attributes(has_one, {});
  EXPECT_EQ(has_one.interfaces.size(), 1U);
}

TEST(VmAttributes, CardsOfSeveralNodesGiveSeveralNodes) {
  auto domain = some_vm();
  domain.cards.emplace_back(domain.cards[0]).numa_node = 0;
  apply_attributes(domain, set({{"vm_numa", "cards"}, {"vm_cpuset", "0-31/32-63"}}));
  EXPECT_THAT(domain.numa->host_nodes, ElementsAre(0, 1));
  EXPECT_THAT(domain.numa->cpusets, ElementsAre("0-31", "32-63"));
  EXPECT_THAT(with({{"vm_numa", "1,0"}}).numa->host_nodes, ElementsAre(1, 0));
  EXPECT_THAT(refused_call(Fault::refused,
                           [&] {
                             with({{"vm_numa", "0,1,2"}, {"vm_cpuset", "0-31/32-63"}});
                           }),
              HasSubstr("want CPUs for each of 3 nodes"));
}

TEST(VmAttributes, ChangeEachCardAndEachVgpu) {
  EXPECT_FALSE(with({{"hostdev_managed", "no"}}).cards[0].managed);
  EXPECT_TRUE(with({{"hostdev_iommufd", "yes"}}).cards[0].iommufd);
  EXPECT_EQ(with({{"hostdev_driver", "nvgrace_gpu_vfio_pci"}}).cards[0].driver_model,
            "nvgrace_gpu_vfio_pci");
  EXPECT_EQ(with({{"hostdev_acpi_nodeset", "2-9"}}).cards[0].acpi_nodeset, "2-9");
  EXPECT_EQ(with({{"gpudirect_clique", "3"}}).cards[0].gpudirect_clique, 3);
  EXPECT_EQ(with({{"rom_bar", "off"}}).cards[0].rom_bar, false);
  EXPECT_EQ(with({{"rom_file", "/x.rom"}}).cards[0].rom_file, "/x.rom");
  EXPECT_TRUE(with({{"mdev_display", "ramfb"}}).mdevs[0].ramfb);
}

TEST(VmAttributes, RefineTheNumaNodeWhereThereIsOne) {
  EXPECT_FALSE(with({}).numa);
  const auto domain = with({{"vm_numa", "cards"},
                            {"vm_numa_memory", "preferred"},
                            {"vm_numa_guest", "bus"},
                            {"vm_cpuset", "0-31"}});
  ASSERT_TRUE(domain.numa);
  EXPECT_THAT(domain.numa->host_nodes, ElementsAre(1));
  EXPECT_FALSE(domain.numa->strict);
  EXPECT_TRUE(domain.numa->expander);
  EXPECT_THAT(domain.numa->cpusets, ElementsAre("0-31"));
}

TEST(VmAttributes, AVirtualFunctionStaysUnmanaged) {
  auto domain = some_vm();
  domain.cards[0].managed = false;
  apply_attributes(domain, set({{"hostdev_managed", "yes"}}));
  EXPECT_FALSE(domain.cards[0].managed);
}

TEST(VmAttributes, OwnXmlSaysWhichAttributeItIs) {
  const auto domain = with({{"vm_xml_devices", "<rng model='virtio'/>"}, {"vm_xml_domain", " \n"}});
  ASSERT_EQ(domain.fragments.size(), 1U);
  EXPECT_EQ(domain.fragments[0].origin, "attribute vm_xml_devices of VM 'rocks-33'");
  EXPECT_EQ(domain.fragments[0].place, virt::FragmentPlace::devices);
}

TEST(VmAttributes, ARefusalNamesTheAttributeAndTheVm) {
  auto domain = some_vm();
  EXPECT_EQ(refused_call(Fault::refused,
                         [&] {
                           apply_attributes(domain, set({{"vm_cpu_topology", "1,2,2"}}));
                         }),
            "attribute vm_cpu_topology of VM 'rocks-33' is '1,2,2': want SOCKETS,CORES,THREADS "
            "whose product is the VM's 8 cpus (`cluster list host attr rocks-33`)");
  domain = some_vm();
  EXPECT_THAT(refused_call(Fault::refused,
                           [&] {
                             apply_attributes(domain, set({{"vm_cpuset", "0-3"}}));
                           }),
              ::testing::HasSubstr("want vm_numa as well"));
}

TEST(VmAttributes, TheNodesOfTheCardsHaveToBeKnown) {
  const auto numa_of = [](const std::function<void(DomainSpec&)>& change) {
    return refused_call(Fault::refused, [&] {
      auto domain = some_vm();
      change(domain);
      apply_attributes(domain, set({{"vm_numa", "cards"}}));
    });
  };
  EXPECT_THAT(numa_of([](auto& vm) { vm.cards.clear(); }),
              ::testing::HasSubstr("the VM has no card"));
  EXPECT_THAT(numa_of([](auto& vm) { vm.cards[0].numa_node.reset(); }),
              ::testing::HasSubstr("that of gpupci1 is not known"));
}

TEST(VmAttributes, ANameThatLooksLikeOneAndIsNoneIsRefused) {
  EXPECT_EQ(refused_call(Fault::usage, [] { check_attribute_name("vm_firmwar"); }),
            "no attribute of VMs is called 'vm_firmwar' (did you mean 'vm_firmware'?) (`cluster "
            "help attr` lists them)");
  for (const auto* bad : {"vm_", "hostdev_x", "rom_", "pci_x", "hide_x", "gpudirect_x", "mdev_x"}) {
    EXPECT_THROW(check_attribute_name(bad), Error) << bad;
  }
  for (const auto* own : {"site", "vmware", "rack", "gpupt_mode", "rom"}) {
    EXPECT_NO_THROW(check_attribute_name(own)) << own;
    EXPECT_NO_THROW(check_attribute_value(own, "anything")) << own;
  }
}

TEST(VmAttributes, ARollMayNotBringOneThatVmsHave) {
  rolls::Roll roll;
  roll.name = "vm";
  roll.attributes.push_back({"vm_firmware", "efi", "help"});
  EXPECT_EQ(refused_call(Fault::refused, [&] { refuse_attributes_of_vms(roll); }),
            "roll 'vm' has an attribute 'vm_firmware', and VMs have one already");
  roll.attributes[0].name = "vm_else";
  EXPECT_THAT(refused_call(Fault::usage, [&] { refuse_attributes_of_vms(roll); }),
              ::testing::HasSubstr("no attribute of VMs is called 'vm_else'"));
  roll.attributes[0].name = "gpupt_mode";
  EXPECT_NO_THROW(refuse_attributes_of_vms(roll));
}

TEST(VmAttributes, TheNearestValueCountsElseTheDefault) {
  EXPECT_EQ(attribute_value(set({{"vm_machine", "pc"}}), "vm_machine"), "pc");
  EXPECT_EQ(attribute_value({}, "vm_machine"), "q35");
}

}  // namespace
}  // namespace cluster::frontend
