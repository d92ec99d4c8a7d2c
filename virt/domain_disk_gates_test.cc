// The gates about disks: what their buses have, and who is where on them.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/support/example_domains.h"
#include "virt/domain_gates.h"
#include "virt/domain_xml.h"

namespace cluster::virt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// "V18 reason; fix"
std::vector<std::string> disk_refusals(const DomainSpec& domain) {
  std::vector<std::string> out;
  for (const auto& refusal : gate(domain_xml(domain), {})) {
    EXPECT_FALSE(refusal.warns);
    out.push_back(refusal.id + " " + refusal.reason + "; " + refusal.fix);
  }
  return out;
}

TEST(DiskGates, IdeHasFourPlaces) {
  auto domain = example_domain("emulated");
  domain.machine = "pc";
  domain.disks.clear();
  for (const char* target : {"hda", "hdb", "hdc", "hdd"}) {
    domain.disks.push_back({DiskSource::file, "/a", "raw", target, "ide", {}});
  }
  EXPECT_THAT(disk_refusals(domain), IsEmpty());
  domain.disks.push_back({DiskSource::file, "/a", "raw", "hde", "ide", {}});
  EXPECT_THAT(disk_refusals(domain),
              ElementsAre("V16 disk 'hde' is beyond the four of IDE, hda to hdd; bus sata with "
                          "device sda, or virtio with vda"));
}

// The disks of a VM, as "sda sata".
DomainSpec with_disks(const std::vector<std::pair<const char*, const char*>>& disks) {
  auto domain = example_domain("emulated");
  domain.machine = "q35";
  domain.disks.clear();
  for (const auto& [target, bus] : disks) {
    domain.disks.push_back({DiskSource::file, "/a", "raw", target, bus, {}});
  }
  return domain;
}

TEST(DiskGates, APlaceOnABusTakesOneDisk) {
  const std::string fix = "; another letter for one of them, like ";
  EXPECT_THAT(disk_refusals(with_disks({{"sda", "sata"}, {"hda", "sata"}})),
              ElementsAre("V18 disks 'sda' and 'hda' have one place on bus sata" + fix + "hdb"));
  EXPECT_THAT(disk_refusals(with_disks({{"vda", "scsi"}, {"sdb", "scsi"}, {"sda", "scsi"}})),
              ElementsAre("V18 disks 'vda' and 'sda' have one place on bus scsi" + fix + "sdc"));
  EXPECT_THAT(disk_refusals(with_disks({{"sda", "sata"}, {"hda", "sata"}, {"vda", "sata"}})),
              ElementsAre(HasSubstr("'sda' and 'hda'"), HasSubstr("'sda' and 'vda'")));
}

TEST(DiskGates, ALetterMayBeOnSeveralBuses) {
  EXPECT_THAT(disk_refusals(with_disks({{"sda", "sata"}, {"vda", "virtio"}, {"hda", "virtio"}})),
              IsEmpty());
  EXPECT_THAT(disk_refusals(with_disks({{"sda", "sata"}, {"hda", "scsi"}, {"vda", "usb"}})),
              IsEmpty());
}

// What somebody said of the place counts, and not the letter.
TEST(DiskGates, ADiskIsWhereItsAddressSays) {
  const auto own = [](const char* unit) {
    auto domain = with_disks({{"sda", "sata"}});
    domain.fragments = {{"a", FragmentPlace::devices,
                         "<disk type='file'><source file='/b'/><target dev='sdc' bus='sata'/>"
                         "<address type='drive' controller='0' bus='0' target='0' unit='" +
                             std::string(unit) + "'/></disk>"}};
    return disk_refusals(domain);
  };
  EXPECT_THAT(own("0"), ElementsAre(HasSubstr("V18 disks 'sda' and 'sdc' have one place")));
  EXPECT_THAT(own("1"), IsEmpty());
}

}  // namespace
}  // namespace cluster::virt
