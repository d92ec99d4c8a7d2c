#include "node-agent/kernel/block_exports.h"

#include <gmock/gmock.h>

#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace cluster::agent {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class BlockExports : public ::testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    replace_file(sys_.path() / file, text);
  }

  // "DISK by WHAT in PLACE" of each.
  std::vector<std::string> found() const {
    std::vector<std::string> texts;
    for (const auto& one : block_exports(Sysfs(sys_.path()))) {
      texts.push_back(one.disk + " by " + one.by + " in " +
                      one.place.lexically_relative(sys_.path()).native());
    }
    return texts;
  }

  TempDir sys_;
};

TEST_F(BlockExports, AreReadWhereEachPartOfTheKernelTellsThem) {
  EXPECT_THAT(found(), IsEmpty());
  struct Row {
    const char* folder;
    const char* file;
    const char* text;
    const char* expected;
  };
  for (const auto& row : {
           Row{"kernel/config/nvmet/subsystems/nqn.2026-01:a/namespaces/1", "device_path",
               "/dev/nvme0n1\n", "/dev/nvme0n1 by NVMe target (nvmet)"},
           Row{"kernel/config/nvmet/subsystems/a/passthru", "device_path", "/dev/nvme0\n",
               "/dev/nvme0 by NVMe target (nvmet)"},
           Row{"kernel/config/target/core/iblock_0/lun", "udev_path", "/dev/sdb\n",
               "/dev/sdb by SCSI target (LIO)"},
           Row{"kernel/config/target/core/fileio_1/lun", "info",
               "Status: ACTIVATED  Max Queue Depth: 0\n"
               "        TCM FILEIO ID: 0        File: /dev/sdb  Size: 1024  Mode: O_DSYNC\n",
               "/dev/sdb by SCSI target (LIO)"},
           Row{"kernel/config/target/core/fileio_1/lun", "info",
               "        TCM FILEIO ID: 0        File: /srv/my disks/lun 1.img  Size: 1024\n",
               "/srv/my disks/lun 1.img by SCSI target (LIO)"},
           Row{"kernel/config/usb_gadget/g1/functions/mass_storage.0/lun.0", "file",
               "/srv/image.img\n", "/srv/image.img by USB gadget"},
           Row{"kernel/scst_tgt/devices/disk1", "filename", "/dev/sdc\n[key]\n",
               "/dev/sdc by SCSI target (SCST)"},
           Row{"block/zram3", "backing_dev", "/dev/sdb1\n",
               "/dev/sdb1 by compressed memory (zram)"},
       }) {
    const auto file = std::string(row.folder) + "/" + row.file;
    write(file, row.text);
    EXPECT_THAT(found(), UnorderedElementsAre(std::string(row.expected) + " in " + row.folder));
    std::filesystem::remove(sys_.path() / file);
  }
}

TEST_F(BlockExports, AreNoneWhereNothingIsSetUp) {
  write("block/zram0/backing_dev", "none\n");
  write("block/sda/backing_dev", "/dev/sdb\n");  // no zram
  write("kernel/config/target/core/alua/lu_gps", "/dev/sdb\n");
  write("kernel/config/target/core/iblock_0/lun/udev_path", "\n");
  write("kernel/config/target/core/iblock_0/lun/info", "Status: DEACTIVATED\n");
  write("kernel/config/nvmet/subsystems/a/namespaces/1/device_path", "(null)\n");
  EXPECT_THAT(found(), IsEmpty());
}

// LIO tells the disk of one object in two files.
TEST_F(BlockExports, OfOnePlaceAreToldOnce) {
  const std::string core = "kernel/config/target/core/";
  write(core + "fileio_0/a/udev_path", "/dev/sdb\n");
  write(core + "fileio_0/a/info", "TCM FILEIO ID: 0        File: /dev/sdb  Size: 8\n");
  write(core + "fileio_0/b/udev_path", "/dev/sdb\n");
  write(core + "fileio_0/c/udev_path", "/dev/sdc\n");
  write(core + "fileio_0/c/info", "TCM FILEIO ID: 0        File: /dev/sdd  Size: 8\n");
  const std::string lio = " by SCSI target (LIO) in " + core + "fileio_0/";
  EXPECT_THAT(found(), UnorderedElementsAre("/dev/sdb" + lio + "a", "/dev/sdb" + lio + "b",
                                            "/dev/sdc" + lio + "c", "/dev/sdd" + lio + "c"));
}

// The host gives disks to others by a port; where those disks are does not matter.
TEST_F(BlockExports, OfAPortAreKnownByItsName) {
  const std::string device = "bus/pci/devices/0000:02:00.0/";
  const auto places = [&] {
    std::vector<std::string> texts;
    for (const auto& one : port_exports(Sysfs(sys_.path()), {0, 2, 0, 0})) {
      texts.push_back(one.by + " in " + one.place.lexically_relative(sys_.path()).native());
    }
    return texts;
  };
  const std::string lio = "kernel/config/target/qla2xxx/21:00:00:24:ff:31:4c:48/";
  write(lio + "tpgt_1/enable", "1\n");
  EXPECT_THAT(places(), IsEmpty());
  write(device + "host7/fc_host/host7/port_name", "0x21000024ff314c48\n");
  EXPECT_THAT(places(),
              UnorderedElementsAre("SCSI target (LIO) in " + lio.substr(0, lio.size() - 1)));
  write(lio + "tpgt_1/enable", "0\n");
  EXPECT_THAT(places(), IsEmpty()) << "it is off";
  write("kernel/config/target/tcm_fc/naa.21000024ff314c48/tpgt_1/enable", "1\n");
  write("kernel/config/target/tcm_fc/naa.21000024ff314c49/tpgt_1/enable", "1\n");
  EXPECT_THAT(places(),
              UnorderedElementsAre(
                  "SCSI target (LIO) in kernel/config/target/tcm_fc/naa.21000024ff314c48"));
  write("kernel/config/target/tcm_fc/naa.21000024ff314c48/tpgt_1/enable", "0\n");
  write("kernel/config/nvmet/ports/1/addr_traddr", "nn-0x20000024ff314c48:pn-0x21000024ff314c48\n");
  EXPECT_THAT(places(), IsEmpty()) << "it gives nothing";
  write("kernel/config/nvmet/ports/1/subsystems/nqn.x/x", "");
  EXPECT_THAT(places(), UnorderedElementsAre("NVMe target (nvmet) in kernel/config/nvmet/ports/1"));
  write("kernel/config/nvmet/ports/1/addr_traddr", "10.0.0.2\n");
  write(device + "infiniband/mlx4_0/ports/1/gids/0", "fe80:0000:0000:0000:0002:c903:000e:8acd\n");
  write(device + "infiniband/mlx4_0/ports/1/gids/1", "0000:0000:0000:0000:0000:0000:0000:0000\n");
  write("kernel/config/target/srpt/0xfe800000000000000002c903000e8acd/tpgt_1/enable", "1\n");
  EXPECT_THAT(places(), UnorderedElementsAre("SCSI target (LIO) in kernel/config/target/srpt/"
                                             "0xfe800000000000000002c903000e8acd"));
}

}  // namespace
}  // namespace cluster::agent
