#include "virt/domain_capabilities.h"

#include <gmock/gmock.h>

#include "core/error.h"

namespace cluster::virt {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Parts of what libvirt 9.0 says with QEMU 7.2 and no OVMF.
constexpr const char* kAnswer = R"xml(
<domainCapabilities>
  <path>/usr/bin/qemu-system-x86_64</path>
  <os supported='yes'>
    <enum name='firmware'/>
    <loader supported='yes'>
      <enum name='type'><value>rom</value><value>pflash</value></enum>
      <enum name='secure'><value>no</value></enum>
    </loader>
  </os>
  <cpu>
    <mode name='host-passthrough' supported='no'/>
    <mode name='maximum' supported='yes'>
      <enum name='maximumMigratable'><value>on</value><value>off</value></enum>
    </mode>
    <mode name='custom' supported='yes'>
      <model usable='yes'>qemu64</model>
      <model usable='no'>EPYC</model>
    </mode>
  </cpu>
  <devices>
    <disk supported='yes'>
      <enum name='diskDevice'><value>disk</value><value>cdrom</value></enum>
      <enum name='bus'><value>virtio</value><value>scsi</value><value>sata</value></enum>
    </disk>
    <video supported='yes'>
      <enum name='modelType'><value>vga</value><value>none</value></enum>
    </video>
    <tpm supported='no'/>
  </devices>
</domainCapabilities>)xml";

std::string whole_domain(const std::string& head, const std::string& devices = "") {
  return "<domain type='kvm'><os><type arch='x86_64' machine='q35'>hvm</type></os>" + head +
         "<devices><emulator>/usr/bin/kvm</emulator>" + devices + "</devices></domain>";
}

std::vector<std::string> lacking(const std::string& document) {
  return DomainCapabilities::of_libvirt(kAnswer).lacking(document);
}

TEST(DomainCapabilities, LackNothingThatTheyTell) {
  EXPECT_THAT(lacking(whole_domain("<cpu mode='maximum'/>",
                                   "<disk device='disk'><target dev='sda' bus='scsi'/></disk>"
                                   "<disk device='cdrom'><target dev='sdb' bus='sata'/></disk>"
                                   "<video><model type='vga'/></video>")),
              IsEmpty());
  EXPECT_THAT(lacking(whole_domain("<cpu mode='custom'><model>EPYC</model></cpu>")), IsEmpty());
}

TEST(DomainCapabilities, NameWhatTheyLackOnce) {
  EXPECT_THAT(
      lacking(whole_domain("<cpu mode='host-passthrough'/>",
                           "<video><model type='qxl'/></video><video><model type='qxl'/></video>"
                           "<disk device='lun'><target dev='sda' bus='usb'/></disk>")),
      ElementsAre("no CPU mode 'host-passthrough' (it has maximum, custom)",
                  "no disk as 'lun' (it has disk, cdrom)",
                  "no disk bus 'usb' (it has virtio, scsi, sata)",
                  "no video model 'qxl' (it has vga, none)"));
  EXPECT_THAT(lacking(whole_domain("<cpu mode='custom'><model>EPYC-Genoa</model></cpu>")),
              ElementsAre("no CPU model 'EPYC-Genoa' (it has qemu64, EPYC)"));
}

TEST(DomainCapabilities, CountWhatIsTooMuchToName) {
  std::string models = "cpu/model";
  for (int i = 0; i < 130; ++i) models += " model-" + std::to_string(i);
  const auto document = whole_domain("<cpu mode='custom'><model>EPYC</model></cpu>");
  EXPECT_THAT(DomainCapabilities::parse(models).lacking(document),
              ElementsAre("no CPU model 'EPYC' (it has 130 others)"));
}

TEST(DomainCapabilities, NameWhatThereIsNoneOf) {
  EXPECT_THAT(lacking("<domain type='kvm'><os firmware='efi'><type machine='q35'>hvm</type>"
                      "<loader secure='yes'/></os><devices><tpm model='tpm-crb'>"
                      "<backend type='emulator'/></tpm></devices></domain>"),
              ElementsAre("no firmware 'efi' (it has none)",
                          "no value of a loader's secure= 'yes' (it has no)",
                          "no TPM model 'tpm-crb' (it has none)",
                          "no TPM backend 'emulator' (it has none)"));
}

TEST(DomainCapabilities, LackNothingThatLibvirtDoesNotTellOf) {
  EXPECT_THAT(lacking(whole_domain("", "<rng model='virtio'/><graphics type='spice'/>")),
              IsEmpty());
  EXPECT_THAT(DomainCapabilities().lacking(whole_domain("<cpu mode='host-passthrough'/>")),
              IsEmpty());
}

TEST(DomainCapabilities, AreTheSameWhenTheyComeBack) {
  const auto all = DomainCapabilities::of_libvirt(kAnswer);
  EXPECT_EQ(DomainCapabilities::parse(all.text()), all);
  EXPECT_THAT(all.text(), testing::HasSubstr("\nvideo/modelType vga none\n"));
  EXPECT_EQ(DomainCapabilities::parse(""), DomainCapabilities());
}

TEST(DomainCapabilities, AreNoOtherDocument) {
  EXPECT_THROW(DomainCapabilities::of_libvirt("<domain/>"), Error);
  EXPECT_THROW(DomainCapabilities::of_libvirt("no XML"), Error);
}

TEST(DomainMachine, IsThatOfTheDocument) {
  EXPECT_EQ(wishes_of(whole_domain("")).machine.text(), "kvm x86_64 q35 /usr/bin/kvm");
}

}  // namespace
}  // namespace cluster::virt
