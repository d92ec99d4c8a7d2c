#include "virt/domain_view.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "core/error.h"

namespace cluster::virt {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

DomainView viewed(const std::string& devices, const std::string& rest = "") {
  return DomainView("<domain type='kvm'>" + rest + "<devices>" + devices + "</devices></domain>");
}

std::string passed(const std::string& type, const std::string& more, const std::string& source) {
  return "<hostdev mode='subsystem' type='" + type + "' " + more + "><source><address " + source +
         "/></source></hostdev>";
}

TEST(DomainView, SeesTheDevicesOfTheContainer) {
  const auto view = viewed(
      "<hostdev mode='subsystem' type='pci' managed='yes'><driver iommufd='yes'/><source><address "
      "domain='0x10000' bus='0xc1' slot='0x1f' function='0x7'/></source><alias "
      "name='ua-gpupci1-fn7'/><address type='pci' bus='0x07' slot='0x00' function='0x1'/></hostdev>"
      "<interface type='hostdev'><mac address='52:54:00:AA:00:01'/><source><address type='pci' "
      "domain='0' bus='5' slot='0' function='2'/></source></interface>" +
      passed("usb", "", "bus='1' device='2'") + passed("scsi", "", "bus='0' target='0' unit='1'"));
  ASSERT_EQ(view.passed.size(), 2U);
  EXPECT_EQ(view.passed[0].pci, (PciAddress{0x10000, 0xc1, 0x1f, 7}));
  EXPECT_EQ(view.passed[0].guest, (PciAddress{0, 7, 0, 1}));
  EXPECT_EQ(view.passed[0].alias, "ua-gpupci1-fn7");
  EXPECT_TRUE(view.passed[0].managed);
  EXPECT_TRUE(view.passed[0].iommufd);
  EXPECT_EQ(view.passed[1].pci, (PciAddress{0, 5, 0, 2}));
  EXPECT_EQ(view.passed[1].guest, std::nullopt);
  EXPECT_FALSE(view.passed[1].managed);
  EXPECT_FALSE(view.passed[1].iommufd);
}

TEST(DomainView, LeavesOutAnAddressThatNoDeviceHas) {
  for (const char* source : {"bus='0x100' slot='0' function='0'", "bus='0' slot='32' function='0'",
                             "bus='0' slot='0' function='8'", "bus='-1' slot='0' function='0'",
                             "bus='x' slot='0' function='0'", "domain='-1' bus='1' slot='0'"}) {
    EXPECT_THAT(viewed(passed("pci", "", source)).passed, IsEmpty()) << source;
  }
  EXPECT_THAT(viewed("<hostdev type='pci'><source/></hostdev>").passed, IsEmpty());
}

TEST(DomainView, IommufdMayBeSaidForAll) {
  const auto card = passed("pci", "", "bus='1' slot='0' function='0'");
  EXPECT_TRUE(viewed(card, "<iommufd enabled='yes'/>").passed.at(0).iommufd);
  EXPECT_FALSE(viewed(card, "<iommufd enabled='no'/>").passed.at(0).iommufd);
}

TEST(DomainView, SeesMediatedDevices) {
  const auto view =
      viewed(passed("mdev", "display='on'", "uuid='C2177883-F1BB-47F0-914D-32A22E3A8804'") +
             "<hostdev type='mdev'><source><address uuid='u'/></source><alias name='mine'/>"
             "<address type='ccw' cssid='0xfe'/></hostdev>");
  ASSERT_EQ(view.mdevs.size(), 2U);
  EXPECT_EQ(view.mdevs[0].uuid, "c2177883-f1bb-47f0-914d-32a22e3a8804");
  EXPECT_TRUE(view.mdevs[0].display);
  EXPECT_FALSE(view.mdevs[1].display);
  EXPECT_EQ(view.mdevs[1].alias, "") << "libvirt keeps none but ua-";
  EXPECT_EQ(view.mdevs[1].guest, std::nullopt);
}

TEST(DomainView, CountsOneMacOfATeam) {
  const auto nic = [](const std::string& mac, const std::string& more) {
    return "<interface type='bridge'><mac address='" + mac + "'/>" + more + "</interface>";
  };
  EXPECT_THAT(viewed(nic("52:54:00:AA:00:01", "<teaming type='persistent'/>") +
                     nic("52:54:00:aa:00:01", "<teaming type='transient' persistent='ua-a'/>") +
                     nic("52:54:00:aa:00:02", "") + "<interface type='user'/>")
                  .macs,
              ElementsAre("52:54:00:aa:00:01", "52:54:00:aa:00:02"));
}

TEST(DomainView, KnowsTheSwitchAndWhoseItIs) {
  const auto port = [](const std::string& index, const std::string& model,
                       const std::string& name) {
    return "<controller type='pci' index='" + index + "' model='" + model + "'>" +
           (name.empty() ? "" : "<alias name='" + name + "'/>") + "</controller>";
  };
  const auto none = viewed(port("1", "pcie-root-port", ""));
  EXPECT_FALSE(none.has_switch);
  EXPECT_THAT(none.switched, IsEmpty());
  const auto foreign = viewed(port("2", "pcie-switch-upstream-port", "ua-mine") +
                              port("3", "pcie-switch-downstream-port", "") +
                              port("4", "pcie-switch-downstream-port", ""));
  EXPECT_TRUE(foreign.has_switch);
  EXPECT_FALSE(foreign.own_switch);
  EXPECT_THAT(foreign.switched, ElementsAre(3, 4));
  EXPECT_TRUE(viewed(port("2", "pcie-switch-upstream-port", "ua-up-switch0")).own_switch);
}

TEST(DomainView, KnowsTheMachineAndItsFirmware) {
  struct Case {
    const char* os;
    bool q35;
    bool uefi;
  };
  for (const auto& one : std::vector<Case>{
           {"", false, false},
           {"<os><type machine='q35'>hvm</type></os>", true, false},
           {"<os><type machine='pc-q35-rhel9.4.0'>hvm</type></os>", true, false},
           {"<os><type machine='pc-i440fx-8.1'>hvm</type></os>", false, false},
           {"<os firmware='efi'><type machine='pc'>hvm</type></os>", false, true},
           {"<os firmware='bios'><type machine='pc'>hvm</type></os>", false, false},
           {"<os><type machine='q35'>hvm</type><loader type='pflash'>/a</loader></os>", true, true},
       }) {
    const auto view = viewed("", one.os);
    EXPECT_EQ(view.q35, one.q35) << one.os;
    EXPECT_EQ(view.uefi, one.uefi) << one.os;
  }
}

TEST(DomainView, KnowsSizesInMib) {
  const auto view = viewed(
      "<controller type='pci' index='0' model='pcie-root'><pcihole64 "
      "unit='GiB'>512</pcihole64></controller>",
      "<memory unit='GiB'>4</memory>");
  EXPECT_EQ(view.memory_mib, 4096U);
  EXPECT_EQ(view.hole_mib, 512U * 1024U);
  EXPECT_EQ(viewed("", "<memory>2097152</memory>").memory_mib, 2048U);
  EXPECT_EQ(viewed("").hole_mib, std::nullopt);
}

TEST(DomainView, KnowsTheWindowThatOvmfIsAskedFor) {
  const auto window = [](const std::string& argument) {
    return viewed("",
                  "<commandline xmlns='http://libvirt.org/schemas/domain/qemu/1.0'><arg "
                  "value='-fw_cfg'/><arg value='" +
                      argument + "'/></commandline>")
        .window_mib;
  };
  EXPECT_EQ(window("name=opt/ovmf/X-PciMmio64Mb,string=262144"), 262144U);
  for (const char* other :
       {"name=opt/ovmf/X-PciMmio64Mb,string=", "name=opt/ovmf/X-PciMmio64Mb,string=0",
        "name=opt/ovmf/X-PciMmio64Mb,string=much", "name=opt/x,string=262144", ""}) {
    EXPECT_EQ(window(other), std::nullopt) << other;
  }
}

TEST(DomainView, KnowsWhoHasAClique) {
  const auto view = viewed(
      "",
      "<q:override xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:device "
      "alias='ua-gpupci1'><q:frontend><q:property name='x-nv-gpudirect-clique' type='unsigned' "
      "value='0'/></q:frontend></q:device><q:device alias='ua-gpupci2'><q:frontend><q:property "
      "name='x-pci-vendor-id' type='unsigned' value='1'/></q:frontend></q:device></q:override>");
  EXPECT_THAT(view.cliques, ElementsAre("ua-gpupci1"));
}

TEST(DomainView, FindsAttributesAndElements) {
  const auto view = viewed("<hostdev type='pci'><acpi nodeset='2-9'/></hostdev>",
                           "<os><type machine='q35'>hvm</type></os>");
  EXPECT_EQ(view.at("os/type@machine"), "q35");
  EXPECT_EQ(view.at("os/type@arch"), "");
  EXPECT_EQ(view.at("cpu@mode"), "");
  EXPECT_TRUE(view.any("acpi"));
  EXPECT_TRUE(view.any("acpi", "nodeset"));
  EXPECT_FALSE(view.any("acpi", "index"));
  EXPECT_FALSE(view.any("maxphysaddr"));
}

TEST(DomainView, IsOfNoOtherDocument) {
  for (const char* text : {"", "<network/>", "<domain>", "x"}) {
    EXPECT_THROW(DomainView{text}, Error) << text;
  }
}

TEST(NameInAlias, IsThatOfTheCard) {
  for (const auto& [alias, name] :
       std::vector<std::pair<std::string, std::string>>{{"ua-gpupci1", "gpupci1"},
                                                        {"ua-gpupci1-fn0", "gpupci1"},
                                                        {"ua-gpupci12-fn63", "gpupci12"},
                                                        {"ua-", ""},
                                                        {"ua--fn0", ""},
                                                        {"hostdev0", ""},
                                                        {"", ""},
                                                        {"ua-a-fn-b-fn1", "a-fn-b"}}) {
    EXPECT_EQ(name_in_alias(alias), name) << alias;
  }
}

}  // namespace
}  // namespace cluster::virt
