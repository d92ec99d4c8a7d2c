// What the pairs of tests/data/merge do not ask.
#include "virt/domain_merge.h"

#include <gmock/gmock.h>

#include "core/error.h"

namespace cluster::virt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string domain(const std::string& inside, const std::string& devices = "") {
  return "<domain type='kvm'><name>vm-1</name><uuid>7c1d0000-0000-4000-8000-000000000001</uuid>" +
         inside + "<devices>" + devices + "</devices></domain>";
}

TEST(DomainMerge, RefusesAnotherDomain) {
  auto other = domain("");
  other.replace(other.find("7c1d"), 4, "aaaa");
  const auto merged = merge(nullptr, other, domain(""), Keep::ours);
  EXPECT_FALSE(merged.document);
  EXPECT_THAT(merged.refusals, ElementsAre(HasSubstr("another UUID")));
}

TEST(DomainMerge, LeavesTheNameToARename) {
  auto renamed = domain("<title>a</title>");
  renamed.replace(renamed.find("vm-1"), 4, "Build_Server.01");
  const Agreement agreement{domain(""), domain("")};
  const auto merged = merge(&agreement, renamed, domain("<vcpu>2</vcpu>"), Keep::ask);
  ASSERT_TRUE(merged.document);
  EXPECT_THAT(*merged.document, HasSubstr("<name>Build_Server.01</name>"));
}

TEST(DomainMerge, TakesOurFingerprintForNoDifference) {
  const auto marked = domain(
      "<metadata><rollcall:config xmlns:rollcall='urn:rollcall:config' "
      "fingerprint='1'/></metadata>");
  const Agreement agreement{domain(""), marked};
  const auto merged = merge(&agreement, marked, domain("<vcpu>2</vcpu>"), Keep::ask);
  ASSERT_EQ(merged.differences.size(), 1U);
  EXPECT_EQ(merged.differences[0].path, "domain/vcpu");
  EXPECT_THAT(*merged.document, Not(HasSubstr("metadata")));
}

TEST(DomainMerge, ToldWhatWasAgreedWhereBothChangedIt) {
  const Agreement agreement{domain("<vcpu>4</vcpu>"), domain("<vcpu>4</vcpu>")};
  const auto merged =
      merge(&agreement, domain("<vcpu>2</vcpu>"), domain("<vcpu>8</vcpu>"), Keep::ask);
  ASSERT_EQ(merged.differences.size(), 1U);
  const auto& drift = merged.differences[0];
  EXPECT_EQ(drift.kind, MergeDifference::Kind::drift);
  EXPECT_EQ(drift.who, MergeDifference::Who::both);
  EXPECT_EQ(drift.old, "8");
  EXPECT_EQ(drift.now, "2");
  EXPECT_EQ(drift.agreed, "4");
  EXPECT_FALSE(merged.document);
  EXPECT_TRUE(merged.drifted());
}

TEST(DomainMerge, DoesNotSetBackWhatLibvirtDropped) {
  const auto said = domain("", "<panic model='isa'/>");
  const Agreement agreement{said, domain("")};
  const auto merged = merge(&agreement, domain("<title>a</title>"), said, Keep::ask);
  EXPECT_TRUE(merged.document);
  EXPECT_FALSE(merged.changes());
}

std::string disk_with(const std::string& target, const std::string& thread) {
  return "<disk type='file' device='disk'><driver name='qemu' type='raw'" + thread +
         "/><source file='/" + target + "'/><target dev='" + target + "' bus='virtio'/></disk>";
}

TEST(DomainMerge, KeepsTheThreadsThatADiskOfTheHostHas) {
  const auto ours = domain("<vcpu>1</vcpu>", disk_with("vda", ""));
  const auto before =
      domain("<vcpu>1</vcpu><iothreads>1</iothreads>", disk_with("vda", " iothread='1'"));
  const auto theirs = domain("<vcpu>1</vcpu><iothreads>3</iothreads>",
                             disk_with("vda", " iothread='1'") + disk_with("vdb", " iothread='3'"));
  const Agreement agreement{before, theirs};
  const auto merged = merge(&agreement, theirs, ours, Keep::ask);
  ASSERT_TRUE(merged.document);
  EXPECT_THAT(*merged.document, HasSubstr("<iothreads>3</iothreads>"));
  EXPECT_THAT(*merged.document, Not(HasSubstr("iothread='1'")));
  const Agreement alone{before, before};
  const auto gone = merge(&alone, before, ours, Keep::ask);
  ASSERT_TRUE(gone.document);
  EXPECT_THAT(*gone.document, Not(HasSubstr("iothread")));
}

TEST(DomainMerge, KeepsTheThreadsThatWereAgreedOnBeyondWhatIsSaid) {
  const auto with = [](int threads, int of_disk) {
    return domain("<iothreads>" + std::to_string(threads) + "</iothreads>",
                  disk_with("vda", " iothread='" + std::to_string(of_disk) + "'"));
  };
  const auto theirs = with(4, 2);
  const Agreement agreement{with(2, 2), theirs};
  for (const auto& [said, becomes] : {std::pair(3, 4), std::pair(5, 5)}) {
    const auto merged = merge(&agreement, theirs, with(said, said), Keep::ask);
    ASSERT_TRUE(merged.document);
    EXPECT_THAT(*merged.document, HasSubstr("<iothreads>" + std::to_string(becomes) + "<"));
  }
}

// A disk of the host alone, which the inventory says now as well.
TEST(DomainMerge, AsksBeforeADeviceOfTheHostBecomesAnother) {
  const std::string rbd =
      "<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='rbd' "
      "name='p/i'/><target dev='vda' bus='virtio'/></disk>";
  const auto theirs = domain("", rbd);
  const Agreement agreement{domain(""), theirs};
  const auto ours = domain("", disk_with("vda", ""));
  const auto asked = merge(&agreement, theirs, ours, Keep::ask);
  EXPECT_FALSE(asked.document);
  EXPECT_TRUE(asked.drifted());
  EXPECT_THAT(merge(&agreement, theirs, ours, Keep::ours).document.value_or(""),
              HasSubstr("file='/vda'"));
  EXPECT_THAT(merge(&agreement, theirs, ours, Keep::theirs).document.value_or(""),
              HasSubstr("name='p/i'"));
  EXPECT_THAT(merge(&agreement, theirs, ours, Keep::theirs).document.value_or(""),
              Not(HasSubstr("file=")));
  // Who says the same, or more, is not asked.
  auto more = rbd;
  more.insert(more.find("/><source"), " cache='none'");
  const auto quiet = merge(&agreement, theirs, domain("", more), Keep::ask);
  ASSERT_TRUE(quiet.document);
  EXPECT_THAT(*quiet.document, HasSubstr("cache='none'"));
}

TEST(DomainMerge, LeavesTheControllerOfTheHostsDisksAsItIs) {
  const auto controller = [](const std::string& model) {
    return "<controller type='scsi' index='0' model='" + model + "'";
  };
  const auto theirs = domain("", controller("lsilogic") + "/>");
  const Agreement agreement{domain(""), theirs};
  const auto ours =
      domain("", controller("virtio-scsi") + "><alias name='ua-scsi0'/></controller>");
  const auto merged = merge(&agreement, theirs, ours, Keep::ask);
  EXPECT_TRUE(merged.document);
  EXPECT_FALSE(merged.changes());
  // Who says it in XML of their own means it.
  const auto said =
      merge(&agreement, theirs, domain("", controller("virtio-scsi") + "/>"), Keep::ask);
  EXPECT_TRUE(said.changes());
}

std::string function(const std::string& number, const std::string& slot,
                     const std::string& managed = "yes") {
  return "<hostdev mode='subsystem' type='pci' managed='" + managed +
         "'><source><address domain='0' bus='9' slot='0' function='" + number +
         "'/></source><alias name='ua-gpupci1-fn" + number +
         "'/><address type='pci' bus='0' slot='" + slot + "' function='" + number + "'/></hostdev>";
}

// Somebody made the VM with one function of the card, and it was taken in so.
TEST(DomainMerge, AFunctionThatIsAgreedToBeAbsentStaysAbsent) {
  const auto theirs = domain("", function("0", "4"));
  const Agreement agreement{domain("", function("0", "1") + function("1", "1")), theirs};
  for (const auto& said : {function("0", "2") + function("1", "2"),
                           function("0", "1", "no") + function("1", "1", "no")}) {
    const auto merged = merge(&agreement, theirs, domain("<title>a</title>", said), Keep::ask);
    ASSERT_TRUE(merged.document);
    EXPECT_THAT(*merged.document, Not(HasSubstr("function='0x1'")));
  }
  const auto other = function("0", "1") + disk_with("vda", "");
  const Agreement without_disk{domain("", other), domain("", function("0", "4"))};
  const auto changed = domain("", function("0", "1") + disk_with("vda", " cache='none'"));
  EXPECT_THAT(merge(&without_disk, theirs, changed, Keep::ask).document.value_or(""),
              HasSubstr("cache='none'"));
}

TEST(DomainMerge, TheHoleOfTheRootBusComesLaterAndGoes) {
  const std::string root = "<controller type='pci' index='0' model='pcie-root'";
  const std::string port = "<controller type='pci' index='1' model='pcie-root-port'/>";
  const auto theirs = domain("", root + "/>" + port);
  const Agreement agreement{domain(""), theirs};
  const auto ours = domain("", root + "><pcihole64 unit='GiB'>64</pcihole64></controller>");
  const auto merged = merge(&agreement, theirs, ours, Keep::ask);
  ASSERT_TRUE(merged.document);
  EXPECT_THAT(*merged.document, HasSubstr("<pcihole64 unit='KiB'>67108864</pcihole64>"));
  const Agreement agreed{ours, *merged.document};
  EXPECT_THAT(merge(&agreed, *merged.document, domain(""), Keep::ask).document.value_or(""),
              Not(HasSubstr("pcihole64")));
}

TEST(DomainMerge, APortOfOwnXmlComesBehindAllOthersAndGoesAgain) {
  const auto port = [](const std::string& index, const std::string& slot) {
    return "<controller type='pci' index='" + index +
           "' model='pcie-root-port'><address type='pci' domain='0' bus='0' slot='" + slot +
           "' function='0'/></controller>";
  };
  const auto theirs = domain(
      "", "<controller type='pci' index='0' model='pcie-root'/>" + port("1", "1") + port("2", "4"));
  const Agreement agreement{domain(""), theirs};
  const auto ours = domain("",
                           "<controller type='pci' model='pcie-root-port'><alias "
                           "name='ua-own-port1'/></controller><controller type='pci' index='9' "
                           "model='pcie-root-port'><alias name='ua-own-port2'/></controller>");
  const auto merged = merge(&agreement, theirs, ours, Keep::ask);
  ASSERT_TRUE(merged.document);
  EXPECT_THAT(*merged.document, HasSubstr("index='3'"));
  EXPECT_THAT(*merged.document, HasSubstr("index='4'"));
  EXPECT_THAT(*merged.document, HasSubstr("slot='0x05'"));
  EXPECT_THAT(*merged.document, HasSubstr("slot='0x06'"));
  const Agreement agreed{ours, *merged.document};
  EXPECT_FALSE(merge(&agreed, *merged.document, ours, Keep::ask).changes());
  const auto gone = merge(&agreed, *merged.document, domain(""), Keep::ask).document.value_or("");
  EXPECT_THAT(gone, Not(HasSubstr("index='3'")));
  EXPECT_THAT(gone, HasSubstr("index='2'"));
}

// libxml2 wants <driver> beside <source>, whatever is between them in libvirt's schema.
TEST(DomainMerge, PutsADriverThatComesBesideTheSource) {
  const auto device = [](const std::string& driver) {
    return "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x0000' "
           "bus='0x09' slot='0x00' function='0x0'/></source><alias name='ua-gpupci1'/>" +
           driver + "</hostdev>";
  };
  const auto said = domain("", device(""));
  const Agreement agreement{said, said};
  const auto ours = domain("", device("<driver name='vfio'/>"));
  const auto merged = merge(&agreement, said, ours, Keep::ask);
  ASSERT_TRUE(merged.document);
  EXPECT_THAT(*merged.document, HasSubstr("<driver name='vfio'/>\n      <source>"));
}

std::string expander(int index, int cell, int bus, const std::string& node) {
  return "<controller type='pci' index='" + std::to_string(index) +
         "' model='pcie-expander-bus'><target busNr='" + std::to_string(bus) + "'>" + node +
         "</target><alias name='ua-pxb" + std::to_string(cell) + "'/></controller>";
}

std::string node(int number) { return "<node>" + std::to_string(number) + "</node>"; }

// A card behind a port of its own, behind the expander with that index.
std::string card_of_expander(int index, const std::string& name, int port) {
  return "<controller type='pci' index='" + std::to_string(port) +
         "' model='pcie-root-port'><alias name='ua-rp-" + name +
         "'/><address type='pci' domain='0' bus='" + std::to_string(index) +
         "' slot='0' function='0'/></controller><hostdev mode='subsystem' type='pci' "
         "managed='yes'><source><address domain='0' bus='" +
         std::to_string(0x10 + port) + "' slot='0' function='0'/></source><alias name='ua-" + name +
         "'/><address type='pci' domain='0' bus='" + std::to_string(port) +
         "' slot='0' function='0'/></hostdev>";
}

std::string cells(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += "<cell id='" + std::to_string(i) + "' memory='1024'/>";
  return count == 0 ? "" : "<cpu><numa>" + out + "</numa></cpu>";
}

// Its last card goes, and the guest's node with it.
TEST(DomainMerge, AnExpanderThatStaysHasNoNodeThatTheGuestHasNot) {
  const std::string root = "<controller type='pci' index='0' model='pcie-root'/>";
  const auto both =
      domain(cells(2), root + expander(1, 0, 128, node(0)) + expander(2, 1, 192, node(1)) +
                           card_of_expander(1, "a", 3) + card_of_expander(2, "b", 4));
  const auto one =
      domain(cells(1), root + expander(1, 0, 128, node(0)) + card_of_expander(1, "a", 2));
  const Agreement agreement{both, both};
  const auto merged = merge(&agreement, both, one, Keep::ask);
  ASSERT_TRUE(merged.document);
  EXPECT_THAT(*merged.document, HasSubstr("<node>0</node>"));
  EXPECT_THAT(*merged.document, HasSubstr("busNr='192'"));
  EXPECT_THAT(*merged.document, Not(HasSubstr("<node>1</node>")));
  // And it comes back with it.
  const Agreement agreed{one, *merged.document};
  const auto again = merge(&agreed, *merged.document, both, Keep::ask);
  ASSERT_TRUE(again.document);
  EXPECT_THAT(*again.document, HasSubstr("<node>1</node>"));
}

// With three nodes we would number the buses behind them 128, 160 and 192.
TEST(DomainMerge, ExpandersKeepTheirNumbersWhenThereAreMore) {
  const std::string root = "<controller type='pci' index='0' model='pcie-root'/>";
  const auto two =
      domain(cells(2), root + expander(1, 0, 128, node(0)) + expander(2, 1, 192, node(1)) +
                           card_of_expander(1, "a", 3) + card_of_expander(2, "b", 4));
  const auto three =
      domain(cells(3), root + expander(1, 0, 128, node(0)) + expander(2, 1, 160, node(1)) +
                           expander(3, 2, 192, node(2)) + card_of_expander(1, "a", 4) +
                           card_of_expander(2, "b", 5) + card_of_expander(3, "c", 6));
  const Agreement agreement{two, two};
  const auto merged = merge(&agreement, two, three, Keep::ask);
  ASSERT_TRUE(merged.document);
  EXPECT_THAT(*merged.document, HasSubstr("busNr='128'"));
  EXPECT_THAT(*merged.document, HasSubstr("busNr='192'"));
  EXPECT_THAT(*merged.document, HasSubstr("busNr='224'"));
  EXPECT_THAT(*merged.document, Not(HasSubstr("busNr='160'")));
  const Agreement agreed{three, *merged.document};
  EXPECT_FALSE(merge(&agreed, *merged.document, three, Keep::ask).changes());
}

// An address in XML of one's own is asked for; before, libvirt chose it.
TEST(DomainMerge, ADeviceGoesToThePlaceThatOwnXmlGivesIt) {
  const auto at = [](const std::string& bus, const std::string& slot) {
    return "<address type='pci' domain='0' bus='" + bus + "' slot='" + slot + "' function='0'/>";
  };
  const auto nic = [](const std::string& address) {
    return "<interface type='network'><mac address='52:54:00:00:00:01'/><model type='virtio'/>" +
           address + "</interface>";
  };
  std::string ports = "<controller type='pci' index='0' model='pcie-root'/>";
  for (const char* index : {"1", "2"}) {
    ports += "<controller type='pci' index='" + std::string(index) + "' model='pcie-root-port'>" +
             at("0", index) + "</controller>";
  }
  const auto theirs = domain("", ports + nic(at("1", "0")));
  const Agreement agreement{domain("", nic("")), theirs};
  // Bus 2 is in libvirt's document alone.
  const auto moved = merge(&agreement, theirs, domain("", nic(at("2", "0"))), Keep::ask);
  ASSERT_TRUE(moved.document);
  EXPECT_TRUE(moved.changes());
  EXPECT_THAT(*moved.document, HasSubstr("bus='0x02' slot='0x00'"));
  EXPECT_THAT(*moved.document, Not(HasSubstr("bus='0x01' slot='0x00'")));
  EXPECT_FALSE(merge(&agreement, theirs, domain("", nic(at("1", "0"))), Keep::ask).changes());
  const auto nowhere = merge(&agreement, theirs, domain("", nic(at("9", "0"))), Keep::ask);
  EXPECT_THAT(nowhere.refusals, testing::ElementsAre("no controller has bus 9"));
}

std::string overridden(const std::string& alias) {
  return "<override xmlns='http://libvirt.org/schemas/domain/qemu/1.0'><device alias='" + alias +
         "'><frontend><property name='x-p' type='bool' "
         "value='true'/></frontend></device></override>";
}

std::string card(const std::string& inside) {
  return "<hostdev type='pci'><source><address domain='0' bus='6' slot='0' "
         "function='0'/></source>" +
         inside + "</hostdev>";
}

TEST(DomainMerge, GivesACardTheAliasThatAnOverrideSpeaksOf) {
  const auto theirs = domain("", card(""));
  const auto ours = domain("", card("<alias name='ua-gpupci1'/>"));
  const Agreement agreement{ours, theirs};
  auto with = ours;
  with.replace(with.find("<devices>"), 0, overridden("ua-gpupci1"));
  const auto merged = merge(&agreement, theirs, with, Keep::ask);
  ASSERT_TRUE(merged.document);
  EXPECT_THAT(*merged.document, HasSubstr("<alias name='ua-gpupci1'/>"));
  EXPECT_THAT(*merged.document, HasSubstr("xmlns:qemu="));
}

TEST(DomainMerge, RefusesAnOverrideOfNoDevice) {
  auto ours = domain("");
  ours.replace(ours.find("<devices>"), 0, overridden("ua-gpupci9"));
  const Agreement agreement{domain(""), domain("")};
  EXPECT_THAT(merge(&agreement, domain(""), ours, Keep::ask).refusals,
              ElementsAre(HasSubstr("ua-gpupci9")));
}

TEST(DomainMerge, KeepsWhatIsNoXmlOutOfIt) {
  EXPECT_THROW(merge(nullptr, "<domain", domain(""), Keep::ask), Error);
  EXPECT_THROW(merge(nullptr, domain(""), "", Keep::ask), Error);
}

TEST(Unheard, IsWhatThisLibvirtDoesNotKnow) {
  const auto ours = domain("<memory unit='GiB'>1</memory><cpu mode='host-passthrough' new='yes'/>",
                           "<panic model='isa'/><disk><target dev='vda' bus='virtio'/>"
                           "<address type='pci' bus='1' slot='0' function='0'/></disk>");
  const auto defined = domain("<memory unit='KiB'>1048576</memory><cpu mode='host-passthrough'/>",
                              "<disk><target dev='vda' bus='virtio'/></disk>");
  EXPECT_THAT(unheard(ours, defined), ElementsAre("domain/cpu@new", "domain/devices/panic[isa]"));
  EXPECT_THAT(unheard(ours, ours), ElementsAre());
}

TEST(Unheard, IsNoNumberThatLibvirtWritesInItsOwnWay) {
  const auto said = [](const std::string& number) {
    return domain("<iothreads>" + number + "</iothreads><a b='" + number + "'/>");
  };
  for (const char* same : {"10", "010", "012", "0xA", "0x0a", " 10 "}) {
    EXPECT_THAT(unheard(said(same), said("10")), ElementsAre()) << same;
    EXPECT_THAT(unheard(said(same), said("0xa")), ElementsAre()) << same;
  }
  for (const char* other : {"11", "0x10", "ten", "10a", "-10", "0x", ""}) {
    EXPECT_THAT(unheard(said(other), said("10")), Not(ElementsAre())) << other;
  }
  EXPECT_THAT(unheard(said("007"), said("")), Not(ElementsAre()));
}

}  // namespace
}  // namespace cluster::virt
