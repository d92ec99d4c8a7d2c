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

}  // namespace
}  // namespace cluster::virt
