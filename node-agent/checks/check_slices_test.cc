#include "node-agent/cards/slices.h"
#include "node-agent/state/slice_record.h"
#include "tests/support/checked_host.h"
#include "tests/support/fake_slices.h"

namespace cluster::agent {
namespace {

using ::testing::StartsWith;

class CheckSlices : public CheckedHost {
 protected:
  CheckSlices() { slices_.add_sriov("0000:02:00.0", 4); }

  SliceRecord record() const { return SliceRecord(fake_.root() / "slices.json"); }

  FakeSlices slices_{fake_};
};

TEST_F(CheckSlices, SaysWhichKindOfVgpusItMakes) {
  EXPECT_EQ(check("G1"),
            "PASS no vGPU is asked of it, and it offers none: the driver nvidia of gpupci1 is not "
            "the vGPU manager");
  record().set_vgpu("c2177883", {.parent = "gpupci1", .type = "nvidia-63"});
  EXPECT_EQ(
      check("G1"),
      "FAIL it offers no vGPUs, and 1 are to be on it: the driver nvidia of gpupci1 is not the "
      "vGPU manager; install NVIDIA's vGPU manager, the driver for hosts of vGPUs (vgpu-kvm), "
      "then gpupci --restore");
  slices_.offer_mdev("0000:02:00.0", "nvidia-63", "GRID", 2);
  EXPECT_EQ(check("G1"), "PASS its vGPUs are mdev");
}

TEST_F(CheckSlices, ComparesItsVgpusWithThoseThatAreKept) {
  EXPECT_EQ(check("G7"), "PASS it has no vGPUs");
  slices_.offer_mdev("0000:02:00.0", "nvidia-63", "GRID", 2);
  const auto create =
      fake_.root() / "bus/pci/devices/0000:02:00.0/mdev_supported_types/nvidia-63/create";
  slices_.write(create, "c2177883");
  EXPECT_THAT(check("G7"), StartsWith("WARN vGPU c2177883 is not gpupci's: it does not come back"));
  record().set_vgpu("c2177883", {.parent = "gpupci1", .type = "nvidia-63"});
  EXPECT_EQ(check("G7"), "PASS its vGPUs are there, and come back after a reboot");
  record().set_vgpu("d3177883", {.parent = "gpupci1", .type = "nvidia-63"});
  EXPECT_EQ(check("G7"), "FAIL vGPU d3177883 is missing; gpupci --restore");
  record().set_vgpu("d3177883", {.parent = "gpupci2", .type = "nvidia-63"});
  EXPECT_THAT(check("G7"), StartsWith("PASS")) << "it is another card's";
}

TEST_F(CheckSlices, KeepTheDriverThatRunsTheirVgpus) {
  slices_.offer_vendor_vgpu("0000:02:00.0", "1145 : NVIDIA L40S-4Q\n");
  fake_.remove("0000:02:00.1");  // the first virtual function takes its address
  slices_.write(fake_.root() / "bus/pci/devices/0000:02:00.0/sriov_numvfs", "2");
  EXPECT_EQ(check("G5"), "PASS none of its slices has a driver that cannot run it");
  fake_.set_driver({0, 2, 0, 2}, "vfio-pci");
  EXPECT_EQ(check("G5"),
            "FAIL gpupci1.1 is on vfio-pci, which cannot run its vGPUs; gpupci -a gpupci1.1");
}

}  // namespace
}  // namespace cluster::agent
