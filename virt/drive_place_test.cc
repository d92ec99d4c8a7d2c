#include "virt/drive_place.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cluster::virt {
namespace {

std::string text(const std::optional<DrivePlace>& place) {
  if (!place) return "none";
  return place->bus + " " + std::to_string(place->controller) + ":" +
         std::to_string(place->channel) + ":" + std::to_string(place->target) + ":" +
         std::to_string(place->unit);
}

TEST(TargetNumber, CountsLettersAsLibvirtDoes) {
  struct Case {
    const char* target;
    std::optional<int> number;
  };
  const std::vector<Case> cases{
      {"sda", 0},
      {"hda", 0},
      {"vda", 0},
      {"fda", 0},
      {"xvda", 0},
      {"ubda", 0},
      {"sdb", 1},
      {"vdz", 25},
      {"vdaa", 26},
      {"sdab", 27},
      {"sdba", 52},
      {"vdzz", 701},
      {"vdaaa", 702},
      {"sda1", 0},
      {"xvdb12", 1},
      {"", {}},
      {"sd", {}},
      {"sd1", {}},
      {"sdA", {}},
      {"sd a", {}},
      {"nvme0n1", {}},
      {"a", {}},
      {"sdzzzzzzzzzzzzzzzz", {}},
  };
  for (const auto& one : cases) EXPECT_EQ(target_number(one.target), one.number) << one.target;
}

// Asked of libvirt 9.0: `virsh define` of a disk without an address.
TEST(DrivePlace, IsTheOneThatLibvirtChooses) {
  struct Case {
    const char* bus;
    const char* target;
    const char* place;
  };
  const std::vector<Case> cases{
      {"sata", "sda", "sata 0:0:0:0"},
      {"sata", "sdf", "sata 0:0:0:5"},
      {"sata", "sdg", "sata 1:0:0:0"},
      {"sata", "sdaa", "sata 4:0:0:2"},
      {"scsi", "sdg", "scsi 0:0:0:6"},
      {"scsi", "sdh", "scsi 1:0:0:0"},
      {"scsi", "sdp", "scsi 2:0:0:1"},
      {"ide", "hdb", "ide 0:0:0:1"},
      {"ide", "hdc", "ide 0:1:0:0"},
      {"ide", "hdd", "ide 0:1:0:1"},
      {"ide", "hde", "ide 1:0:0:0"},
      {"fdc", "fdb", "fdc 0:0:0:1"},
      {"virtio", "vda", "none"},
      {"usb", "sda", "none"},
      {"", "sda", "none"},
      {"sata", "nvme0", "none"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(text(drive_place(one.bus, one.target)), one.place) << one.bus << " " << one.target;
  }
}

TEST(DrivePlace, GoesByTheLettersAlone) {
  for (const char* bus : {"sata", "scsi", "ide"}) {
    EXPECT_EQ(drive_place(bus, "sdb"), drive_place(bus, "hdb")) << bus;
    EXPECT_EQ(drive_place(bus, "sdb"), drive_place(bus, "vdb")) << bus;
    EXPECT_NE(drive_place(bus, "sdb"), drive_place(bus, "sdc")) << bus;
  }
  EXPECT_NE(drive_place("sata", "sda"), drive_place("scsi", "sda"));
}

}  // namespace
}  // namespace cluster::virt
