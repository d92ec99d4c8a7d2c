#include "virt/domain_groups.h"

#include <gtest/gtest.h>

#include <memory>

#include "virt/domain_identity.h"
#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

class DomainGroups : public testing::Test {
 protected:
  // <devices> of a domain that has `inside` there; "" gives a null node.
  pugi::xml_node devices(const std::string& inside) {
    if (inside.empty()) return {};
    auto& document = documents_.emplace_back(std::make_unique<pugi::xml_document>());
    read_domain(*document, "<domain><devices>" + inside + "</devices></domain>");
    return document->child("domain").child("devices");
  }

  // Which of four documents have an element together: "brto rt o".
  std::string together(const std::string& rendered, const std::string& defined,
                       const std::string& theirs, const std::string& ours) {
    std::string out;
    for (const auto& quad :
         groups({devices(rendered), devices(defined), devices(theirs), devices(ours)})) {
      if (!out.empty()) out += " ";
      if (!quad.rendered.empty()) out += "b";
      if (!quad.defined.empty()) out += "r";
      if (!quad.theirs.empty()) out += "t";
      if (!quad.ours.empty()) out += "o";
    }
    return out;
  }

 private:
  std::vector<std::unique_ptr<pugi::xml_document>> documents_;
};

std::string nic(const std::string& mac, const std::string& inside = "") {
  return "<interface type='network'><mac address='" + mac + "'/>" + inside + "</interface>";
}
std::string at(const std::string& bus) {
  return "<address type='pci' domain='0x0000' bus='" + bus + "' slot='0x00' function='0x0'/>";
}

TEST_F(DomainGroups, LabelsEachKindByItsKey) {
  const std::vector<std::pair<std::string, std::string>> all{
      {"<disk><target dev='vda'/></disk>", "disk[vda]"},
      {nic("52:54:00:00:00:0A"), "interface[52:54:00:00:00:0a]"},
      {"<controller type='scsi' index='1'/>", "controller[scsi 1]"},
      {"<controller type='usb'/>", "controller[usb 0]"},
      {"<controller type='pci' index='0' model='pcie-root'/>", "controller[pci root]"},
      {"<controller type='pci' index='7' model='pcie-root-port'/>", "controller[pci 7]"},
      {"<controller type='pci' index='7' model='pcie-root-port'><alias name='ua-rp-a'/>"
       "</controller>",
       "controller[ua-rp-a]"},
      {"<controller type='pci' index='3' model='pcie-expander-bus'><target busNr='128'/>"
       "</controller>",
       "controller[pci pcie-expander-bus 128]"},
      {"<hostdev type='usb'><source><vendor id='0x1'/><product id='0x2'/></source></hostdev>",
       "hostdev[usb id=0x0001 id=0x0002]"},
      {"<hostdev type='mdev'><source><address uuid='u'/></source></hostdev>",
       "hostdev[mdev uuid=u]"},
      {"<serial><target port='1'/></serial>", "serial[port 1]"},
      {"<console/>", "console[port 0]"},
      {"<channel type='unix'><target name='org.a'/></channel>", "channel[org.a]"},
      {"<channel type='spicevmc'/>", "channel[spicevmc]"},
      {"<input type='mouse' bus='ps2'/>", "input[mouse ps2]"},
      {"<input type='evdev'><source dev='/dev/input/event1'/></input>",
       "input[evdev  /dev/input/event1]"},
      {"<controller type='usb' index='0' model='ich9-ehci1'/>", "controller[usb 0]"},
      {"<controller type='usb' index='0' model='ich9-uhci2'/>", "controller[usb 0 ich9-uhci2]"},
      {"<iommu model='smmu'><driver pciBus='3'/></iommu>", "iommu[smmu 3]"},
      {"<lease><lockspace>l</lockspace><key>k</key></lease>", "lease[l k]"},
      {"<memballoon model='virtio'/>", "memballoon"},
      {"<rng model='virtio'/>", "rng"},
  };
  for (const auto& [xml, want] : all) {
    EXPECT_EQ(label(elements(devices(xml)).front()), want) << xml;
  }
}

TEST_F(DomainGroups, FindsADeviceByItsAliasFirst) {
  const auto named = [](const std::string& mac) { return nic(mac, "<alias name='ua-eth0'/>"); };
  EXPECT_EQ(together(named("a"), named("a"), named("b"), named("c")), "brto");
  // An alias of libvirt's own is no name.
  EXPECT_EQ(together("", "", nic("a", "<alias name='net0'/>"), nic("b", "<alias name='net0'/>")),
            "t o");
}

TEST_F(DomainGroups, KnowsACardWithOneFunctionAsThatWithSeveral) {
  const auto card = [](const std::string& alias) {
    return "<hostdev type='pci'><source><address domain='0' bus='6' slot='0' function='0'/>"
           "</source><alias name='" +
           alias + "'/></hostdev>";
  };
  EXPECT_EQ(together("", "", card("ua-gpupci2"), card("ua-gpupci2-fn0")), "to");
}

TEST_F(DomainGroups, FollowsADeviceThatGotAnotherKeyWhereItIs) {
  const auto old = nic("a", at("0x01"));
  const auto moved = nic("b", at("0x01"));
  EXPECT_EQ(together(nic("a"), old, moved, nic("a")), "brto");
  // Nobody of ours wants the old one: theirs is a stranger.
  EXPECT_EQ(together(nic("a"), old, moved, nic("c")), "t o br");
  // Ours has the new one by its key.
  EXPECT_EQ(together(nic("a"), old, moved, nic("b")), "to br");
}

TEST_F(DomainGroups, PairsEqualsByTheirPlaceAndThoseAlikeFirst) {
  const std::string random =
      "<rng model='virtio'><backend model='random'>/dev/random</backend></rng>";
  const std::string builtin = "<rng model='virtio'><backend model='builtin'/></rng>";
  const auto left = elements(devices(random + builtin));
  const auto right = elements(devices(builtin + random));
  const auto found = pairs(left, right);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].second, right[1]);
  EXPECT_EQ(found[1].second, right[0]);
  // Ours is not a stranger's by place alone, but what was agreed is.
  EXPECT_EQ(together("", "", random, builtin), "t o");
  EXPECT_EQ(together(random, random, random, builtin), "brto");
  EXPECT_EQ(
      together("", "", "<video><model type='vga'/></video>", "<video><model type='qxl'/></video>"),
      "to");
}

TEST_F(DomainGroups, KeepsTwoOfOneKeyApart) {
  EXPECT_EQ(together(nic("a") + nic("a"), nic("a") + nic("a"), nic("a"), nic("a") + nic("a")),
            "brto bro");
}

}  // namespace
}  // namespace cluster::virt
