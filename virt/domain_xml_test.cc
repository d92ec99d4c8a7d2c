#include "virt/domain_xml.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/file.h"
#include "tests/support/example_domains.h"

namespace cluster::virt {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

CardSpec address_only(const PciAddress& pci) {
  CardSpec card;
  card.name = "gpupci";
  card.functions = {pci};
  card.known = false;
  return card;
}

DomainSpec rocks_33() {
  DomainSpec domain;
  domain.name = "rocks-33";
  domain.uuid = "c2177883-f1bb-47f0-914d-32a22e3a8804";
  domain.memory_mib = 4096;
  domain.cpus = 4;
  domain.cards.push_back(address_only({0, 2, 0, 0}));
  return domain;
}

DomainSpec with_functions(const std::vector<std::string>& functions) {
  auto domain = rocks_33();
  domain.cards[0].known = true;
  domain.cards[0].functions.clear();
  for (const auto& function : functions) {
    domain.cards[0].functions.push_back(PciAddress::parse(function));
  }
  return domain;
}

// The <address> elements of the guest, in the order of the document, "bus.slot.function".
std::vector<std::string> guest_slots(const DomainSpec& domain) {
  const auto xml = domain_xml(domain);
  std::vector<std::string> slots;
  const std::string hostdevs = xml.substr(xml.find("<hostdev"));
  const std::string key = "<address type='pci' domain='0x0000' bus='0x";
  for (auto at = hostdevs.find(key); at != std::string::npos; at = hostdevs.find(key, at + 1)) {
    const auto line = hostdevs.substr(at + key.size(), hostdevs.find('\n', at) - at - key.size());
    slots.push_back(line.substr(0, 2) + "." + line.substr(12, 2) + "." + line.substr(28, 1) +
                    (line.find("multifunction='on'") == std::string::npos ? "" : "+"));
  }
  return slots;
}

std::string refusal(const DomainSpec& domain) {
  try {
    domain_xml(domain);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    return error.what();
  }
  return "rendered";
}

DomainSpec with_fragment(FragmentPlace place, const std::string& xml) {
  auto domain = rocks_33();
  domain.fragments = {{"attribute vm_xml", place, xml}};
  return domain;
}

TEST(DomainXml, RendersTheExamples) {
  for (const auto& example : example_domains()) {
    EXPECT_EQ(domain_xml(example.spec), read_file(GOLDEN "/" + example.name + ".xml"))
        << example.name;
  }
}

TEST(DomainXml, ACardKnownByAddressIsTheAncestorsHostdev) {
  EXPECT_THAT(domain_xml(rocks_33()),
              EndsWith("    <hostdev mode='subsystem' type='pci' managed='yes'>\n"
                       "      <source>\n"
                       "        <address domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>\n"
                       "      </source>\n"
                       "    </hostdev>\n"
                       "  </devices>\n"
                       "</domain>\n"));
}

TEST(DomainXml, ACardKnownByAddressHasWhatIsAskedFor) {
  auto domain = rocks_33();
  domain.cards[0].gpudirect_clique = 3;
  domain.cards[0].rom_bar = true;
  EXPECT_THAT(domain_xml(domain),
              AllOf(HasSubstr("<alias name='ua-gpupci'/>\n      <rom bar='on'/>"),
                    HasSubstr("<qemu:device alias='ua-gpupci'>"), Not(HasSubstr("<controller"))));
}

TEST(DomainXml, KeepsLongDomains) {
  auto domain = rocks_33();
  domain.cards = {address_only(PciAddress::parse("10000:e1:1f.7"))};
  EXPECT_THAT(domain_xml(domain),
              HasSubstr("<address domain='0x10000' bus='0xe1' slot='0x1f' function='0x7'/>"));
}

TEST(DomainXml, KeepsTheNumbersOfFunctions) {
  EXPECT_THAT(guest_slots(with_functions({"65:00.3", "65:00.0", "65:00.1"})),
              testing::ElementsAre("04.00.0+", "04.00.1", "04.00.3"));
  EXPECT_THAT(guest_slots(with_functions({"65:00.0"})), testing::ElementsAre("04.00.0"));
}

TEST(DomainXml, ASlotAlwaysHasAFunction0) {
  EXPECT_THAT(guest_slots(with_functions({"65:00.2", "65:00.1"})),
              testing::ElementsAre("04.00.0+", "04.00.2"));
  EXPECT_THAT(guest_slots(with_functions({"c1:00.4"})), testing::ElementsAre("04.00.0"));
}

TEST(DomainXml, NewElementsOfHostdevs) {
  auto domain = with_functions({"65:00.0", "65:00.1"});
  domain.cards[0].driver_model = "nvgrace_gpu_vfio_pci";
  domain.cards[0].acpi_nodeset = "2-9";
  domain.cards[0].iommufd = true;
  EXPECT_THAT(domain_xml(domain),
              AllOf(HasSubstr("      <driver model='nvgrace_gpu_vfio_pci' iommufd='yes'/>\n"),
                    HasSubstr("      <driver iommufd='yes'/>\n"),
                    HasSubstr("      <acpi nodeset='2-9'/>\n")));
}

TEST(DomainXml, RefusesCardsThatAreNone) {
  EXPECT_EQ(refusal(with_functions({})),
            "cards of 'rocks-33' cannot be placed: 'gpupci' has no function");
  EXPECT_EQ(refusal(with_functions({"65:00.0", "66:00.0"})),
            "cards of 'rocks-33' cannot be placed: 'gpupci' has functions of two slots, "
            "0000:65:00.0 and 0000:66:00.0");
  EXPECT_EQ(refusal(with_functions({"65:00.0", "65:00.0"})),
            "cards of 'rocks-33' cannot be placed: 'gpupci' has function 0000:65:00.0 twice");
  auto domain = with_functions({"65:00.0"});
  domain.cards[0].gpudirect_clique = 16;
  EXPECT_EQ(refusal(domain),
            "cards of 'rocks-33' cannot be placed: clique 16 of 'gpupci' (want 0 to 15)");
}

TEST(DomainXml, RefusesMoreThanAMachineHolds) {
  auto domain = with_functions({"65:00.0"});
  domain.cards.resize(25, domain.cards[0]);
  EXPECT_EQ(guest_slots(domain).size(), 25);
  domain.cards.push_back(domain.cards[0]);
  EXPECT_EQ(refusal(domain),
            "cards of 'rocks-33' cannot be placed: no slot is left for 'gpupci' on machine 'q35'");
  domain.machine = "pc-i440fx-7.2";
  domain.cards.resize(17);
  EXPECT_THAT(refusal(domain),
              HasSubstr("no slot is left for 'gpupci' on machine 'pc-i440fx-7.2'"));
  domain.pci_switch = true;
  EXPECT_EQ(
      refusal(domain),
      "cards of 'rocks-33' cannot be placed: machine 'pc-i440fx-7.2' has no PCI Express (want "
      "q35)");
}

TEST(DomainXml, RefusesATopologyOfOtherCpus) {
  auto domain = rocks_33();
  domain.topology = Topology{1, 3, 1};
  EXPECT_EQ(refusal(domain),
            "1 sockets of 3 cores of 1 threads are not the 4 CPUs of the VM (want a product of 4)");
}

TEST(DomainXml, EscapesWhatXmlWouldRead) {
  auto domain = rocks_33();
  domain.disks = {{DiskSource::file, "/vm/a'b<&\" />\n.img", "raw", "vda", "virtio", {}}};
  EXPECT_THAT(domain_xml(domain),
              HasSubstr("<source file='/vm/a&apos;b&lt;&amp;\" />&#10;.img'/>"));
}

TEST(DomainXml, PinsMemoryOnlyWithACard) {
  auto domain = rocks_33();
  EXPECT_THAT(domain_xml(domain), HasSubstr("<memballoon model='none'/>"));
  domain.cards.clear();
  EXPECT_THAT(domain_xml(domain), Not(HasSubstr("memballoon")));
}

TEST(DomainXml, IsStable) { EXPECT_EQ(domain_xml(rocks_33()), domain_xml(rocks_33())); }

TEST(DomainXml, AFragmentThatIsNoXml) {
  EXPECT_EQ(refusal(with_fragment(FragmentPlace::devices, "<rng>\n  <backend>\n</rng>")),
            "attribute vm_xml, line 3, column 3: no XML: start-end tags mismatch");
  EXPECT_EQ(refusal(with_fragment(FragmentPlace::devices, "<rng/>\n  yes")),
            "attribute vm_xml, line 1, column 7: text outside an element: 'yes'");
}

TEST(DomainXml, AFragmentIsNotEndlesslyDeep) {
  std::string deep;
  for (int i = 0; i < 140'000; ++i) deep += "<a>";
  for (int i = 0; i < 140'000; ++i) deep += "</a>";
  EXPECT_EQ(refusal(with_fragment(FragmentPlace::devices, deep)),
            "attribute vm_xml, line 1, column 301: elements in elements too deep");
}

TEST(DomainXml, AFragmentMayNotContradict) {
  EXPECT_EQ(refusal(with_fragment(FragmentPlace::domain, "<os/>\n <cpu mode='maximum'/>")),
            "attribute vm_xml, line 2, column 2: <cpu> says mode='maximum' where the VM has "
            "'host-passthrough'");
  EXPECT_EQ(
      refusal(with_fragment(FragmentPlace::domain, "<on_crash>preserve</on_crash>")),
      "attribute vm_xml, line 1, column 1: <on_crash> says 'preserve' where the VM has 'restart'");
  EXPECT_EQ(refusal(with_fragment(FragmentPlace::devices, "<memballoon model='virtio'/>")),
            "attribute vm_xml, line 1, column 1: <memballoon> says model='virtio' where the VM has "
            "'none'");
}

TEST(DomainXml, AFragmentIsMergedWithWhatIsThere) {
  EXPECT_THAT(domain_xml(with_fragment(
                  FragmentPlace::domain,
                  "<cpu mode='host-passthrough' check='none'><cache mode='passthrough'/></cpu>"
                  "<clock><timer name='hpet' present='no'/><timer name='pit' "
                  "tickpolicy='delay'/></clock>")),
              AllOf(HasSubstr("  <cpu mode='host-passthrough' check='none'>\n"
                              "    <cache mode='passthrough'/>\n"
                              "  </cpu>\n"),
                    HasSubstr("  <clock offset='utc'>\n"
                              "    <timer name='hpet' present='no'/>\n"
                              "    <timer name='pit' tickpolicy='delay'/>\n"
                              "  </clock>\n")));
}

// libvirt refuses "per-device boot elements" together with those of <os>.
TEST(DomainXml, AFragmentsBootOrderTakesThePlaceOfTheKinds) {
  auto domain = with_fragment(FragmentPlace::devices,
                              "<redirdev bus='usb' type='spicevmc'><boot order='1'/></redirdev>");
  domain.boot = {"cdrom", "hd"};
  EXPECT_THAT(domain_xml(domain),
              AllOf(HasSubstr("<boot order='1'/>"), Not(HasSubstr("<boot dev"))));
  domain.fragments.push_back(
      {"attribute vm_xml", FragmentPlace::domain, "<os><bootmenu enable='yes'/></os>"});
  EXPECT_THAT(domain_xml(domain), HasSubstr("</type>\n    <bootmenu enable='yes'/>\n  </os>"));
  domain.fragments.push_back(
      {"attribute vm_xml", FragmentPlace::domain, "<os><boot dev='network'/></os>"});
  EXPECT_EQ(refusal(domain),
            "the boot order of 'rocks-33' is said twice: <boot dev='network'/> in <os> and <boot "
            "order=...> "
            "of a device (want one of them)");
  domain.fragments.erase(domain.fragments.begin());
  EXPECT_THAT(domain_xml(domain), HasSubstr("<boot dev='cdrom'/>\n    <boot dev='hd'/>"));
}

TEST(DomainXml, AFragmentsQemuIsDeclaredOnTheRoot) {
  EXPECT_THAT(domain_xml(with_fragment(
                  FragmentPlace::domain,
                  "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
                  "<qemu:arg value='-no-hpet'/></qemu:commandline>")),
              AllOf(HasSubstr("<domain type='kvm' "
                              "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"),
                    HasSubstr("  <qemu:commandline>\n")));
  EXPECT_EQ(refusal(with_fragment(FragmentPlace::domain, "<metadata><my:note/></metadata>")),
            "attribute vm_xml, line 1, column 11: <my:note> has a prefix that is not declared "
            "(want xmlns:my='...')");
  EXPECT_THAT(domain_xml(with_fragment(FragmentPlace::domain,
                                       "<metadata><my:note xmlns:my='urn:my'/></metadata>")),
              HasSubstr("    <my:note xmlns:my='urn:my'/>\n"));
}

TEST(DomainXml, ADefineCarriesItsFingerprint) {
  const auto plain = domain_xml(rocks_33());
  const auto defined = for_define(plain);
  EXPECT_THAT(defined, HasSubstr("</uuid>\n  <metadata>\n    <rollcall:config "
                                 "xmlns:rollcall='urn:rollcall:config' fingerprint='" +
                                 fingerprint(plain) + "'/>\n  </metadata>\n"));
  EXPECT_EQ(fingerprint_in(defined), fingerprint(plain));
  EXPECT_EQ(fingerprint_in(plain), std::nullopt);
  EXPECT_EQ(fingerprint_in("<domain"), std::nullopt);
  auto other = rocks_33();
  other.cpus = 5;
  EXPECT_NE(fingerprint_in(for_define(domain_xml(other))), fingerprint(plain));
}

TEST(DomainXml, TheFingerprintIsFnv1a) {
  EXPECT_EQ(fingerprint(""), "cbf29ce484222325");
  EXPECT_EQ(fingerprint("foobar"), "85944171f73967e8");  // the example of the algorithm's authors
}

}  // namespace
}  // namespace cluster::virt
