// These tests merge XML of the operator and of rolls into a document.

#include <gmock/gmock.h>

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "virt/domain_parts.h"
#include "virt/domain_xml.h"

namespace cluster::virt {
namespace {

using ::testing::HasSubstr;

constexpr const char* kDomain =
    "<domain type='kvm'><memory unit='MiB'>4096</memory><os firmware='efi'><type>hvm</type></os>"
    "<features><acpi/><kvm><hidden state='on'/></kvm></features><cpu mode='maximum'/>"
    "<on_crash>restart</on_crash><devices><emulator>/usr/bin/qemu</emulator></devices></domain>";

// The document above with the fragments in it.
std::string merged(const std::vector<Fragment>& fragments) {
  pugi::xml_document document;
  EXPECT_TRUE(document.load_string(kDomain));
  for (const auto& fragment : fragments) merge_fragment(document.child("domain"), fragment);
  return document_text(document);
}

Fragment on(FragmentPlace place, const std::string& xml) {
  return {"attribute vm_xml", place, xml};
}
Fragment on_domain(const std::string& xml) { return on(FragmentPlace::domain, xml); }

template <typename Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    return error.what();
  }
  return "taken";
}

std::string refusal_of(const Fragment& fragment) {
  return refusal([&] { merged({fragment}); });
}

std::string checked(const std::string& xml) {
  return refusal([&] { check_fragment(on_domain(xml)); });
}

TEST(DomainFragment, GoesToItsPlace) {
  EXPECT_THAT(merged({on(FragmentPlace::devices, "<rng model='virtio'/>")}),
              HasSubstr("    <emulator>/usr/bin/qemu</emulator>\n"
                        "    <rng model='virtio'/>\n"
                        "  </devices>\n"));
  EXPECT_THAT(merged({on(FragmentPlace::features, "<pmu state='off'/>")}),
              HasSubstr("    </kvm>\n"
                        "    <pmu state='off'/>\n"
                        "  </features>\n"));
  EXPECT_THAT(merged({on_domain("<cputune/>")}),
              HasSubstr("  </devices>\n  <cputune/>\n</domain>"));
}

TEST(DomainFragment, AddsToAnElementThatADomainHasOnce) {
  EXPECT_THAT(merged({on_domain("<cpu check='none'><topology sockets='1'/></cpu>")}),
              HasSubstr("  <cpu mode='maximum' check='none'>\n"
                        "    <topology sockets='1'/>\n"
                        "  </cpu>\n"));
  EXPECT_THAT(merged({on(FragmentPlace::features, "<kvm><poll-control state='on'/></kvm>")}),
              HasSubstr("    <kvm>\n"
                        "      <hidden state='on'/>\n"
                        "      <poll-control state='on'/>\n"
                        "    </kvm>\n"));
}

TEST(DomainFragment, MayRepeatWhatIsSaidAlready) {
  const auto before = merged({});
  for (const auto* xml :
       {"<cpu mode='maximum'/>", "<on_crash>restart</on_crash>", "<on_crash> </on_crash>",
        "<os firmware='efi'><type>hvm</type></os>", "<memory unit='MiB'>4096</memory>", ""}) {
    EXPECT_EQ(merged({on_domain(xml)}), before) << xml;
  }
}

TEST(DomainFragment, ListsGrow) {
  const auto xml =
      merged({on_domain("<cpu><feature name='a'/></cpu><cpu><feature name='b'/></cpu>"),
              on_domain("<seclabel type='dynamic'/><seclabel type='dynamic'/>")});
  EXPECT_THAT(xml, HasSubstr("    <feature name='a'/>\n    <feature name='b'/>\n"));
  EXPECT_THAT(xml, HasSubstr("  <seclabel type='dynamic'/>\n  <seclabel type='dynamic'/>\n"));
}

TEST(DomainFragment, AContradictionIsNamedWithBothSides) {
  EXPECT_EQ(refusal_of(on_domain("<cputune/>\n  <cpu mode='host-model'/>")),
            "attribute vm_xml, line 2, column 3: <cpu> says mode='host-model' where the VM has "
            "'maximum'");
  EXPECT_EQ(refusal_of(on(FragmentPlace::features, "<kvm><hidden state='off'/></kvm>")),
            "attribute vm_xml, line 1, column 6: <hidden> says state='off' where the VM has 'on'");
  EXPECT_EQ(refusal_of(on_domain("<memory unit='MiB'>1</memory>")),
            "attribute vm_xml, line 1, column 1: <memory> says '1' where the VM has '4096'");
  EXPECT_EQ(refusal_of(on(FragmentPlace::devices, "<emulator>/bin/x</emulator>")),
            "attribute vm_xml, line 1, column 1: <emulator> says '/bin/x' where the VM has "
            "'/usr/bin/qemu'");
}

TEST(DomainFragment, APrefixIsLibvirtsOrDeclared) {
  EXPECT_THAT(merged({on_domain("<qemu:commandline/>")}),
              HasSubstr("<domain type='kvm' "
                        "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"));
  EXPECT_EQ(refusal_of(on_domain("<metadata>\n<my:a/></metadata>")),
            "attribute vm_xml, line 2, column 1: <my:a> has a prefix that is not declared (want "
            "xmlns:my='...')");
  EXPECT_THAT(merged({on_domain("<metadata xmlns:my='urn:my'><my:a><my:b/></my:a></metadata>")}),
              HasSubstr("<my:b/>"));
}

TEST(DomainFragment, IsElementsAndNothingElse) {
  EXPECT_EQ(refusal_of(on_domain("text")),
            "attribute vm_xml, line 1, column 1: text outside an element: 'text'");
  EXPECT_THAT(refusal_of(on_domain("<a>")), HasSubstr("attribute vm_xml, line 1, column "));
  EXPECT_THAT(refusal_of(on_domain("<a b=c/>")), HasSubstr(": no XML: "));
  EXPECT_EQ(refusal_of(on_domain("<!-- a note --><cputune/>")), "taken");
}

TEST(DomainFragment, IsCheckedAloneBeforeAnyVmHasIt) {
  EXPECT_EQ(checked("<cpu mode='maximum'/><devices><rng model='virtio'/></devices>"), "taken");
  EXPECT_EQ(checked("<cpu mode='maximum'/>\n<cpu mode='host-model'/>"),
            "attribute vm_xml, line 2, column 1: <cpu> says mode='host-model' where the VM has "
            "'maximum'");
  EXPECT_THAT(checked("<metadata><x:y/></metadata>"), HasSubstr("not declared"));
  EXPECT_THAT(checked("<cpu"), HasSubstr("no XML"));
}

TEST(DomainFragment, MayBeNestedOneHundredDeep) {
  const auto nested = [](int depth) {
    std::string xml;
    for (int i = 0; i < depth; ++i) xml += "<a>";
    for (int i = 0; i < depth; ++i) xml += "</a>";
    return xml;
  };
  EXPECT_EQ(checked(nested(100)), "taken");
  EXPECT_THAT(checked(nested(101)), HasSubstr("elements in elements too deep"));
}

// A domain with devices of the inventory.
class OwnXmlOfDevices : public ::testing::Test {
 protected:
  OwnXmlOfDevices() {
    domain_.name = "v1";
    domain_.memory_mib = 512;
    domain_.cpus = 1;
    domain_.disks = {{DiskSource::file, "/srv/a.qcow2", "qcow2", "vda", "virtio", {}}};
    domain_.interfaces = {
        {InterfaceKind::bridge, "br0", "52:54:00:00:00:0a", "virtio", {}, {}, "eth0"}};
    for (const char* name : {"gpupci1", "gpupci2"}) {
      auto& card = domain_.cards.emplace_back();
      card.name = name;
      const auto bus = static_cast<std::uint8_t>(0x10 * domain_.cards.size());
      card.functions = {{0, bus, 0, 0}, {0, bus, 0, 1}};
    }
  }

  std::string with(const std::string& xml) {
    auto domain = domain_;
    domain.fragments = {{"attribute vm_xml", FragmentPlace::devices, xml}};
    return domain_xml(domain);
  }

  std::string refused(const std::string& xml) {
    auto why = refusal([&] { with(xml); });
    return why.substr(why.find(": ") + 2);
  }

  static int count(const std::string& text, const std::string& what) {
    int found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
  }

  DomainSpec domain_;
};

TEST_F(OwnXmlOfDevices, SaysMoreOfADiskByItsTarget) {
  const auto xml = with(
      "<disk><driver cache='none' io='native' discard='unmap' iothread='1'/><target dev='vda'/>"
      "<serial>abc</serial></disk>");
  EXPECT_EQ(count(xml, "<disk "), 1);
  EXPECT_THAT(xml, HasSubstr("<driver name='qemu' type='qcow2' cache='none' io='native' "
                             "discard='unmap' iothread='1'/>"));
  EXPECT_THAT(xml, HasSubstr("<serial>abc</serial>"));
  EXPECT_THAT(xml, HasSubstr("</vcpu>\n  <iothreads>1</iothreads>\n"));
  const auto same = with(
      "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source "
      "file='/srv/a.qcow2'/><target dev='vda' bus='virtio'/></disk>");
  EXPECT_EQ(same, with(""));
}

TEST_F(OwnXmlOfDevices, AContradictionOfADeviceIsRefusedWithBothValues) {
  EXPECT_EQ(refused("<disk><driver type='raw'/><target dev='vda'/></disk>"),
            "<driver> of disk[ua-vda] says type='raw' where the VM has 'qcow2'");
  EXPECT_EQ(refused("<disk type='network'><source protocol='rbd' name='p/i'/><target "
                    "dev='vda'/></disk>"),
            "<disk> says type='network' where the VM has 'file'");
  EXPECT_EQ(refused("<interface><mac address='52:54:00:00:00:0A'/><model "
                    "type='e1000e'/></interface>"),
            "<model> of interface[ua-eth0] says type='e1000e' where the VM has 'virtio'");
}

TEST_F(OwnXmlOfDevices, SaysMoreOfAnInterfaceByItsMac) {
  const auto xml = with(
      "<interface><mac address='52:54:00:00:00:0A'/><driver queues='4'/><mtu "
      "size='9000'/></interface>");
  EXPECT_EQ(count(xml, "<interface "), 1);
  EXPECT_THAT(xml, HasSubstr("<driver queues='4'/>"));
  EXPECT_THAT(xml, HasSubstr("<mtu size='9000'/>"));
}

TEST_F(OwnXmlOfDevices, SaysMoreOfACardOrOneFunctionOfItByName) {
  const std::string file = "<rom file='/x.rom'/>";
  EXPECT_EQ(count(with("<hostdev><alias name='ua-gpupci2'/>" + file + "</hostdev>"), file), 2);
  const auto one = with("<hostdev><alias name='ua-gpupci2-fn0'/>" + file + "</hostdev>");
  EXPECT_EQ(count(one, file), 1);
  EXPECT_EQ(count(one, "<hostdev "), 4);
  EXPECT_THAT(one.substr(one.find("ua-gpupci2-fn0")), HasSubstr(file));
  const auto by_address = with(
      "<hostdev mode='subsystem' type='pci'><source><address domain='0' bus='0x10' slot='0' "
      "function='1'/></source><rom bar='off'/></hostdev>");
  EXPECT_EQ(count(by_address, "<hostdev "), 4);
  EXPECT_EQ(count(by_address, "<rom bar='off'/>"), 1);
}

TEST_F(OwnXmlOfDevices, ADriverOfACardComesBesideItsSource) {
  const auto xml = with("<hostdev><alias name='ua-gpupci2'/><driver name='vfio'/></hostdev>");
  EXPECT_EQ(count(xml, "<driver name='vfio'/>\n      <source>"), 2);
  const auto other = with(
      "<hostdev mode='subsystem' type='pci' managed='yes'><driver name='vfio'/><boot order='1'/>"
      "<source><address domain='0' bus='9' slot='0' function='0'/></source><rom bar='off'/>"
      "<teaming type='transient' persistent='ua-eth0'/></hostdev>");
  EXPECT_THAT(other, HasSubstr("<driver name='vfio'/>\n      <source>"));
  EXPECT_THAT(other, HasSubstr("</source>\n      <teaming "));
}

TEST_F(OwnXmlOfDevices, OfADeviceThatIsNotThereIsRefused) {
  EXPECT_EQ(refused("<hostdev><alias name='ua-gpupci3'/><rom bar='off'/></hostdev>"),
            "<hostdev> speaks of 'ua-gpupci3', which the VM does not have");
  EXPECT_EQ(refused("<disk><driver cache='none'/><target dev='vdb'/></disk>"),
            "<disk> speaks of 'vdb', which the VM does not have");
  EXPECT_EQ(refused("<interface><mac address='52:54:00:00:00:0b'/><mtu size='9000'/></interface>"),
            "<interface> speaks of '52:54:00:00:00:0b', which the VM does not have");
}

TEST_F(OwnXmlOfDevices, AnotherDeviceIsAdded) {
  const auto xml = with(
      "<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='rbd' "
      "name='pool/image'><host name='mon1' port='6789'/></source><target dev='vdb' "
      "bus='virtio'/></disk><serial type='pty'/><rng model='virtio'><backend "
      "model='random'>/dev/urandom</backend></rng><rng model='virtio'><backend "
      "model='random'>/dev/random</backend></rng><disk type='file' device='cdrom'><target "
      "dev='sda' bus='sata'/></disk>");
  EXPECT_EQ(count(xml, "<disk "), 3);
  EXPECT_EQ(count(xml, "<serial "), 2);
  EXPECT_EQ(count(xml, "<rng "), 2);
}

// libvirt would make another MAC at each define.
TEST_F(OwnXmlOfDevices, AnInterfaceWithoutMacGetsOneThatStays) {
  const std::string nic = "<interface type='user'><model type='virtio'/></interface>";
  const auto xml = with(nic + nic);
  EXPECT_EQ(xml, with(nic + nic));
  EXPECT_EQ(count(xml, "<interface "), count(xml, "<mac address='52:54:00:"));
  const auto first = xml.rfind("<mac address=");
  const auto mac = xml.substr(first, xml.find("/>", first) - first);
  EXPECT_EQ(count(xml, mac), 1);
}

// libvirt takes the first PCI controller without a number for the root.
TEST_F(OwnXmlOfDevices, PortsFollowTheRootBusAndHaveNames) {
  domain_.cards.clear();
  const auto xml = with("<controller type='pci' model='pcie-root-port'/>");
  EXPECT_EQ(count(xml,
                  "<controller type='pci' index='0' model='pcie-root'/>\n"
                  "    <controller type='pci' model='pcie-root-port'>\n"
                  "      <alias name='ua-own-port1'/>"),
            1);
}

TEST_F(OwnXmlOfDevices, TakesTheCompanionsOfAUsbControllerAndTwoInputsOfTheHost) {
  const auto xml = with(
      "<controller type='usb' index='0' model='ich9-ehci1'/><controller type='usb' index='0' "
      "model='ich9-uhci1'><master startport='0'/></controller><input type='evdev'><source "
      "dev='/dev/input/event1'/></input><input type='evdev'><source dev='/dev/input/event2'/>"
      "</input>");
  EXPECT_EQ(count(xml, "<controller type='usb'"), 2);
  EXPECT_EQ(count(xml, "<input "), 2);
}

TEST_F(OwnXmlOfDevices, PinsAndTimersAreFoundByWhatTheyAreOf) {
  domain_.cpu_pins = {"3"};
  const auto on_all = [&](const std::string& xml) {
    auto domain = domain_;
    domain.fragments = {{"attribute vm_xml", FragmentPlace::domain, xml}};
    return domain_xml(domain);
  };
  EXPECT_EQ(refusal([&] { on_all("<cputune><vcpupin vcpu='0' cpuset='4'/></cputune>"); }),
            "attribute vm_xml, line 1, column 10: <vcpupin> says cpuset='4' where the VM has '3'");
  EXPECT_EQ(
      count(on_all("<cputune><iothreadpin iothread='1' cpuset='4'/></cputune>"
                   "<devices><disk><driver cache='none'/><target dev='vda'/></disk></devices>"),
            "cache='none'"),
      1);
}

TEST_F(OwnXmlOfDevices, CanBeCheckedBeforeThereIsAVm) {
  EXPECT_EQ(refusal([&] {
              check_fragment({"a", FragmentPlace::devices,
                              "<disk><driver cache='none'/><target dev='vda'/></disk>"});
            }),
            "taken");
}

TEST(DomainFragment, SaysWhichMachineOfAFamily) {
  const auto family = on_domain("<os><type machine='q35'/></os>");
  const auto one = on_domain("<os><type machine='pc-q35-6.2'/></os>");
  EXPECT_THAT(merged({family, one}), HasSubstr("<type machine='pc-q35-6.2'>"));
  EXPECT_EQ(merged({family, one}), merged({one, family}));
}

TEST(DomainFragment, HasNoEntitiesButThoseOfXml) {
  EXPECT_EQ(checked("<title>&amp; &lt;&#233;&#xe9; a&b; <!-- &c; --><![CDATA[&d;]]></title>"),
            "attribute vm_xml, line 1, column 32: no XML: an entity that nobody declared "
            "(want &amp; for &)");
  EXPECT_EQ(checked("<title>&amp; &lt;&#233;&#xe9; a&b <!-- &c; --><![CDATA[&d;]]></title>"),
            "taken");
  EXPECT_EQ(checked("<!DOCTYPE a [<!ENTITY b 'c'>]><title>x</title>"),
            "attribute vm_xml: it has a <!DOCTYPE>: want elements alone");
}

// Elements that a domain has once, with contents that do not contradict each other.
std::string some_elements(std::mt19937& random) {
  static constexpr std::array<const char*, 7> kElements{
      "<cputune><shares>5</shares></cputune>",
      "<cpu check='none'/>",
      "<cpu><cache mode='passthrough'/></cpu>",
      "<clock offset='utc'/>",
      "<memoryBacking><locked/></memoryBacking>",
      "<features><kvm><hint-dedicated state='on'/></kvm></features>",
      "<pm><suspend-to-mem enabled='no'/></pm>",
  };
  std::string xml;
  for (auto left = 1 + random() % 4; left > 0; --left) xml += kElements.at(random() % 7);
  return xml;
}

TEST(DomainFragment, ThatIsMergedAgainChangesNothing) {
  std::mt19937 random(31);
  for (int i = 0; i < 200; ++i) {
    const auto xml = some_elements(random);
    const auto once = merged({on_domain(xml)});
    EXPECT_EQ(merged({on_domain(xml), on_domain(xml)}), once) << xml;
    EXPECT_EQ(checked(xml), "taken") << xml;
  }
}

TEST(DomainFragment, InTwoPiecesIsTheSameAsInOne) {
  std::mt19937 random(32);
  for (int i = 0; i < 200; ++i) {
    const auto left = some_elements(random);
    const auto right = some_elements(random);
    EXPECT_EQ(merged({on_domain(left), on_domain(right)}), merged({on_domain(left + right)}))
        << left << right;
  }
}

}  // namespace
}  // namespace cluster::virt
