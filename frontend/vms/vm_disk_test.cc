#include "frontend/vms/vm_disk.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/refused_call.h"

namespace cluster::frontend {
namespace {

TEST(Disk, ReadsWhatRocksWrites) {
  const auto disks =
      parse_disks({"file:/vm/a b.qcow2,vda,virtio", "phy:/dev/vg0/lv1,sdb,scsi,raw"});
  ASSERT_EQ(disks.size(), 2U);
  EXPECT_EQ(disks[0].source, DiskSource::file);
  EXPECT_EQ(disks[0].path, "/vm/a b.qcow2");
  EXPECT_EQ(disks[0].format, "qcow2");
  EXPECT_EQ(disks[1].target, "sdb");
  EXPECT_EQ(disk_text(disks[0]), "file:/vm/a b.qcow2,vda,virtio,qcow2");
}

TEST(Disk, ACdromIsAnImageWithoutASize) {
  auto disks = parse_disks({"cdrom:/iso/debian.iso,sda,sata", "file:/a,vda,virtio"});
  EXPECT_EQ(disks[0].source, DiskSource::cdrom);
  EXPECT_EQ(disks[0].format, "raw");
  EXPECT_EQ(parse_disks({disk_text(disks[0])})[0], disks[0]);
  set_sizes(disks, {"", "20"});
  EXPECT_EQ(disks[0].size_gib, std::nullopt);
  EXPECT_THROW(set_sizes(disks, {"1"}), Error);
}

TEST(Disk, RefusesWhatIsNone) {
  for (const auto* bad :
       {"", "file:/a", "file:/a,vda", "file:,vda,virtio", "file:a,vda,virtio", "/a,vda,virtio",
        "file:/a,vda,virtio,vmdk", "file:/a,vda,virtio,raw,x", "file:/a,vd,virtio",
        "file:/a,vda1,virtio", "file:/a,vda,floppy", "file:/a\n,vda,virtio", "cdrom:/a,vda,virtio",
        "cdrom:/a,sda,sata,qcow2", "cdrom:,sda,sata"}) {
    EXPECT_THROW(parse_disks({bad}), Error) << bad;
  }
}

TEST(Disk, ARefusalNamesWhatThereIs) {
  const auto refused = [](const std::string& text) {
    return refused_call(Fault::usage, [&] { parse_disks({text}); });
  };
  EXPECT_EQ(refused("file:/a,vda,floppy"),
            "disk='file:/a,vda,floppy': bus 'floppy': want virtio, scsi, sata, ide or usb");
  EXPECT_EQ(refused("cdrom:/a,vda,virtio"),
            "disk='cdrom:/a,vda,virtio': a CD-ROM has no bus virtio: want scsi, sata, ide or usb");
  EXPECT_EQ(refused("file:/a,vda,virtio,vmdk"),
            "disk='file:/a,vda,virtio,vmdk': format 'vmdk': want raw or qcow2");
}

TEST(Disk, AnImageIsThatOfOneDisk) {
  try {
    parse_disks({"file:/a,vda,virtio", "file:/a,vdb,virtio"});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "disk='file:/a,vdb,virtio': the VM has /a already, as vda");
  }
  EXPECT_EQ(parse_disks({"cdrom:/a,sda,sata", "cdrom:/a,sdb,sata"}).size(), 2U);
}

TEST(Disk, KeysBehindItSayHowItIsTreated) {
  const auto disk =
      parse_disks({"file:/a,vda,virtio,raw,cache=none,io=native,discard=unmap,"
                   "serial=A 1_b.c-d,iothread=2"})[0];
  EXPECT_EQ(disk.cache, "none");
  EXPECT_EQ(disk.io, "native");
  EXPECT_EQ(disk.discard, "unmap");
  EXPECT_EQ(disk.serial, "A 1_b.c-d");
  EXPECT_EQ(disk.iothread, 2);
  EXPECT_FALSE(disk.made);
  EXPECT_EQ(parse_disks({disk_text(disk)})[0], disk);
  const auto made = parse_disks({"file:/a,vda,virtio,made=yes"})[0];
  EXPECT_TRUE(made.made);
  EXPECT_EQ(disk_text(made), "file:/a,vda,virtio,raw");
  EXPECT_EQ(parse_disks({disk_text(made, true)})[0], made);
  for (const auto* bad :
       {"file:/a,vda,virtio,cache=fast", "file:/a,vda,virtio,io=native",
        "file:/a,vda,virtio,cache=writeback,io=native",
        "file:/a,vda,virtio,serial=", "file:/a,vda,virtio,serial=<a>",
        "file:/a,vda,virtio,iothread=0", "file:/a,vda,virtio,iothread=yes",
        "file:/a,vda,virtio,iothread=65", "file:/a,sda,scsi,iothread=1", "file:/a,vda,virtio,made",
        "file:/a,vda,virtio,made=1", "cache=none,vda,virtio"}) {
    EXPECT_THROW(parse_disks({bad}), Error) << bad;
  }
}

TEST(Disk, MayBeMadeOfAnImage) {
  const auto copy = parse_disks({"file:/a,vda,virtio,raw,image=/base.img"})[0];
  EXPECT_EQ(copy.image, "/base.img");
  EXPECT_FALSE(copy.backing);
  const auto backing = parse_disks({"file:/a.qcow2,vda,virtio,image=/b,how=backing"})[0];
  EXPECT_TRUE(backing.backing);
  for (const auto& disk : {copy, backing}) EXPECT_EQ(parse_disks({disk_text(disk)})[0], disk);
  for (const auto* bad :
       {"file:/a,vda,virtio,image=b", "file:/a,vda,virtio,raw,image=/b,how=backing",
        "file:/a.qcow2,vda,virtio,how=backing", "file:/a,vda,virtio,image=/b,how=link",
        "phy:/dev/b,vda,virtio,image=/b", "cdrom:/a,sda,sata,image=/b",
        "file:/a,vda,virtio,image=/a", "file:/a,vda,virtio,image=/b\n"}) {
    EXPECT_THROW(parse_disks({bad}), Error) << bad;
  }
}

TEST(Disk, TheFirstFileGetsTheImage) {
  auto disks = parse_disks({"cdrom:/i.iso,sda,sata", "phy:/dev/b,vdb,virtio",
                            "file:/a.qcow2,vda,virtio", "file:/c,vdc,virtio"});
  set_image(disks, "/base.img", "backing");
  EXPECT_EQ(disk_text(disks[2]), "file:/a.qcow2,vda,virtio,qcow2,image=/base.img,how=backing");
  set_image(disks, {}, "copy");
  EXPECT_EQ(disk_text(disks[2]), "file:/a.qcow2,vda,virtio,qcow2,image=/base.img");
  set_image(disks, "", {});
  EXPECT_EQ(disk_text(disks[2]), "file:/a.qcow2,vda,virtio,qcow2");
  EXPECT_THROW(set_image(disks, {}, "backing"), Error);
  EXPECT_THROW(set_image(disks, "base.img", {}), Error);
  EXPECT_THROW(set_image(disks, "/a,b", {}), Error);
  disks[2].made = true;
  EXPECT_THROW(set_image(disks, "/base.img", {}), Error);
  disks.resize(2);
  EXPECT_THROW(set_image(disks, "/base.img", {}), Error);
}

TEST(Disk, ACdromIsPutInAndTakenOut) {
  auto disks = parse_disks({"file:/a,vda,virtio", "file:/b,sda,scsi"});
  set_cdrom(disks, "/iso/a.iso");
  ASSERT_EQ(disks.size(), 3U);
  EXPECT_EQ(disk_text(disks[2]), "cdrom:/iso/a.iso,sdb,sata,raw");
  set_cdrom(disks, "/iso/b.iso");
  ASSERT_EQ(disks.size(), 3U);
  EXPECT_EQ(disks[2].path, "/iso/b.iso");
  EXPECT_THROW(set_cdrom(disks, "b.iso"), Error);
  EXPECT_THROW(set_cdrom(disks, ""), Error);
  set_cdrom(disks, "none");
  set_cdrom(disks, "none");
  EXPECT_EQ(disks.size(), 2U);
}

// "sdb,sata" of a CD-ROM that is put in beside these disks, and what libvirt has.
std::string cdrom_beside(const std::vector<std::string>& texts,
                         const std::vector<virt::Drive>& there = {}) {
  auto disks = parse_disks(texts);
  set_cdrom(disks, "/iso/a.iso", there);
  return disks.back().target + "," + disks.back().bus;
}

TEST(Disk, ACdromComesWhereNoDiskIs) {
  EXPECT_EQ(cdrom_beside({}), "sda,sata");
  EXPECT_EQ(cdrom_beside({"file:/a,sda,sata"}), "sdb,sata");
  EXPECT_EQ(cdrom_beside({"file:/a,sda,virtio"}), "sdb,sata") << "the name is taken";
  EXPECT_EQ(cdrom_beside({"file:/a,hda,sata"}), "sdb,sata") << "libvirt goes by the letter";
  EXPECT_EQ(cdrom_beside({"file:/a,hda,ide"}), "sda,sata");
  EXPECT_EQ(cdrom_beside({}, {{"hda", "sata", false, virt::DrivePlace{"sata", 0, 0, 0, 0}}}),
            "sdb,sata");
  EXPECT_EQ(cdrom_beside({}, {{"sdc", "sata", false, virt::DrivePlace{"sata", 0, 0, 0, 0}}}),
            "sdb,sata")
      << "its address says where it is";
  EXPECT_EQ(cdrom_beside({}, {{"hda", "sata", false, virt::DrivePlace{"sata", 1, 0, 0, 0}}}),
            "sda,sata");
}

TEST(Disk, ACdromGoesIntoADriveThatIsEmpty) {
  const virt::Drive drive{"hdc", "ide", true, virt::drive_place("ide", "hdc")};
  EXPECT_EQ(cdrom_beside({"file:/a,vda,virtio"}, {{"sda", "sata", false, {}}, drive}), "hdc,ide");
}

TEST(Disk, ACdromWithoutAPlaceIsRefused) {
  EXPECT_THROW(cdrom_beside({"file:/a,sda,sata", "file:/b,hdb,sata", "file:/c,vdc,sata",
                             "file:/d,sdd,scsi", "file:/e,hde,sata"}),
               Error);
  EXPECT_EQ(cdrom_beside({"file:/a,sda,sata", "file:/b,hdb,sata", "file:/c,vdc,sata",
                          "file:/d,hdd,scsi", "file:/e,hde,sata"}),
            "sdd,sata");
}

TEST(Disk, SizesGoInOrder) {
  auto disks = parse_disks({"file:/a,vda,virtio", "file:/b,vdb,virtio"});
  set_sizes(disks, {"", "20"});
  EXPECT_EQ(disks[0].size_gib, std::nullopt);
  EXPECT_EQ(disks[1].size_gib, 20);
  EXPECT_THROW(set_sizes(disks, {"1", "2", "3"}), Error);
  EXPECT_THROW(set_sizes(disks, {"0"}), Error);
}

}  // namespace
}  // namespace cluster::frontend
