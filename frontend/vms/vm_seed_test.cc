// Where the CD-ROM of cloud-init goes, and when its volume is another one.

#include "frontend/vms/vm_seed.h"

#include <gmock/gmock.h>

#include <set>
#include <string>
#include <vector>

#include "core/error.h"

namespace cluster::frontend {
namespace {

using ::testing::HasSubstr;

using Disks = std::vector<std::pair<const char*, const char*>>;  // target and bus

virt::DomainSpec domain_with(const Disks& disks) {
  virt::DomainSpec domain;
  domain.name = "v1";
  for (const auto& [target, bus] : disks) {
    domain.disks.push_back({DiskSource::file, "/vm/a", "raw", target, bus, {}});
  }
  return domain;
}

// "sdf scsi"
std::string place_beside(const Disks& disks) {
  const auto disk = seed_disk({"/vm/seed.iso", ""}, domain_with(disks));
  return disk.target + " " + disk.bus;
}

TEST(SeedDisk, IsACdromThatMayBeAbsent) {
  const auto disk = seed_disk({"/vm/seed.iso", "bytes"}, domain_with({{"vda", "virtio"}}));
  EXPECT_EQ(disk.source, DiskSource::cdrom);
  EXPECT_EQ(disk.path, "/vm/seed.iso");
  EXPECT_EQ(disk.format, "raw");
  EXPECT_TRUE(disk.optional);
}

TEST(SeedDisk, IsOnABusThatTheGuestCanDrive) {
  struct Case {
    Disks disks;
    const char* place;
  };
  for (const auto& one : std::vector<Case>{
           {{}, "sdf scsi"},
           {{{"vda", "virtio"}}, "sdf scsi"},
           {{{"sda", "scsi"}}, "sdf scsi"},
           {{{"sda", "usb"}}, "sdf scsi"},
           {{{"sda", "sata"}}, "sdf sata"},
           {{{"hda", "ide"}}, "hdd ide"},
           {{{"vda", "virtio"}, {"sda", "sata"}}, "sdf scsi"},
       }) {
    EXPECT_EQ(place_beside(one.disks), one.place);
  }
  auto domain = domain_with({{"sda", "sata"}, {"vda", "virtio"}});
  domain.disks[0].source = DiskSource::cdrom;
  EXPECT_EQ(seed_disk({"/s", ""}, domain).bus, "scsi") << "a CD-ROM does not tell of drivers";
}

TEST(SeedDisk, IsInNobodysPlace) {
  struct Case {
    Disks disks;
    const char* place;
  };
  for (const auto& one : std::vector<Case>{
           {{{"sda", "sata"}, {"sdf", "sata"}}, "sde sata"},
           {{{"sda", "sata"}, {"hdf", "sata"}, {"vde", "sata"}}, "sdd sata"},
           {{{"vda", "virtio"}, {"hdf", "scsi"}}, "sde scsi"},
           {{{"vda", "virtio"}, {"sdf", "usb"}}, "sde scsi"},  // the name is taken
           {{{"hda", "ide"}, {"sdd", "ide"}}, "hdc ide"},
           {{{"hda", "ide"}, {"sdd", "sata"}}, "hdd ide"},
       }) {
    EXPECT_EQ(place_beside(one.disks), one.place);
  }
}

TEST(SeedDisk, IsRefusedWhereNoPlaceIsLeft) {
  const auto full = domain_with({{"hda", "ide"}, {"hdb", "ide"}, {"hdc", "ide"}, {"hdd", "ide"}});
  try {
    seed_disk({"/s", ""}, full);
    FAIL() << "it was placed";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::refused);
    EXPECT_STREQ(error.what(),
                 "VM 'v1' has no place left for the CD-ROM of cloud-init: vm_seed=no, or one disk "
                 "less on bus ide");
  }
}

Vm vm_with(const std::vector<VmDisk>& disks) {
  return {
      HostName("v1"), HostName("n1"), "c2177883-f1bb-47f0-914d-32a22e3a8804", 1024, 1, disks, {}};
}

ResolvedAttributes attributes_of(
    const std::vector<std::pair<const char*, const char*>>& attributes) {
  ResolvedAttributes resolved;
  for (const auto& [name, value] : attributes) resolved[name] = {value, AttributeSource::global};
  return resolved;
}

const VmDisk kPlain{DiskSource::file, "/srv/vm/a.img", "vda", "virtio", "raw", {}};

std::string path_of_seed(const std::vector<std::pair<const char*, const char*>>& attributes,
                         const std::vector<VmDisk>& disks = {kPlain},
                         const virt::DomainSpec& domain = {}) {
  const auto seed = seed_of(vm_with(disks), attributes_of(attributes), domain);
  return seed ? seed->path : "none";
}

TEST(SeedOf, AVmThatIsToldSomethingHasOne) {
  auto of_image = kPlain;
  of_image.image = "/srv/debian.qcow2";
  EXPECT_EQ(path_of_seed({}), "none");
  EXPECT_NE(path_of_seed({}, {of_image}), "none");
  EXPECT_NE(path_of_seed({{"vm_ssh_keys", "ssh-ed25519 AAAA"}}), "none");
  EXPECT_NE(path_of_seed({{"vm_user_data", "#cloud-config\n"}}), "none");
  EXPECT_EQ(path_of_seed({{"vm_ssh_keys", " \n"}, {"vm_user_data", "\n"}}), "none");
  EXPECT_NE(path_of_seed({{"vm_seed", "yes"}}), "none");
  EXPECT_EQ(path_of_seed({{"vm_seed", "no"}, {"vm_user_data", "#!/bin/sh"}}, {of_image}), "none");
}

TEST(SeedOf, LiesBesideTheFirstDiskThatIsAFile) {
  const VmDisk block{DiskSource::block, "/dev/vg/a", "vda", "virtio", "raw", {}};
  const VmDisk cdrom{DiskSource::cdrom, "/iso/a.iso", "sda", "sata", "raw", {}};
  const std::vector<std::pair<const char*, const char*>> wanted{{"vm_seed", "yes"}};
  EXPECT_THAT(path_of_seed(wanted, {block, cdrom, kPlain}), HasSubstr("/srv/vm/v1-seed-"));
  EXPECT_THAT(path_of_seed(wanted, {block, cdrom}), HasSubstr("/var/lib/libvirt/images/v1-seed-"));
  EXPECT_THAT(path_of_seed(wanted, {}), HasSubstr("/var/lib/libvirt/images/v1-seed-"));
}

TEST(SeedOf, AnotherTextIsAnotherPath) {
  virt::DomainSpec other_nic;
  auto& nic = other_nic.interfaces.emplace_back();
  nic.name = "eth0";
  nic.mac = "52:54:00:00:00:01";
  const std::vector<std::vector<std::pair<const char*, const char*>>> all{
      {{"vm_seed", "yes"}},
      {{"vm_seed", "yes"}, {"vm_ssh_keys", "ssh-ed25519 AAAA"}},
      {{"vm_seed", "yes"}, {"vm_ssh_keys", "ssh-ed25519 AAAB"}},
      {{"vm_seed", "yes"}, {"vm_user_data", "#!/bin/sh\n"}},
  };
  std::set<std::string> paths{path_of_seed(all[0], {kPlain}, other_nic)};
  for (const auto& one : all) {
    EXPECT_EQ(path_of_seed(one), path_of_seed(one));
    EXPECT_TRUE(paths.insert(path_of_seed(one)).second);
  }
}

}  // namespace
}  // namespace cluster::frontend
