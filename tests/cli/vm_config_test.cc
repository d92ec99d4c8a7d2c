
#include <fstream>

#include "tests/support/story.h"

namespace cluster {
namespace {

class VmConfig : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "vm-container-0-15"});
    cluster({"add", "host", "gpu", "vm-container-0-15", "gpupci1", "pci_0000_02_00_0"});
    cluster({"add", "host", "gpu", "vm-container-0-15", "gpupci2", "pci_10000_e1_00_0"});
    cluster({"add", "host", "vm", "rocks-33", "vm-container-0-15", "mem=4096", "cpus=4",
             "disk=file:/vm/rocks-33.img,vda,virtio", "uuid=c2177883-f1bb-47f0-914d-32a22e3a8804"});
    cluster({"add", "host", "vm", "rocks-34", "vm-container-0-15",
             "disk=phy:/dev/vg0/<&'\">,sda,scsi", "disk=file:/vm/b.qcow2,sdb,sata",
             "uuid=00000000-0000-4000-8000-000000000034"});
  }

  static std::string golden(const std::string& name) {
    std::ifstream file(std::string(GOLDEN) + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

TEST_F(VmConfig, TheAncestorsHostdev) {
  cluster({"add", "host", "gpu", "rocks-33", "gpupci", "pci_0000_02_00_0"});
  const auto config = cluster({"report", "vm", "config", "rocks-33"});
  EXPECT_EQ(config, golden("one_card.xml"));
  EXPECT_EQ(cluster({"report", "host", "vm", "config", "rocks-33"}), config);
}

TEST_F(VmConfig, WithoutACardAndWithOddDisks) {
  EXPECT_EQ(cluster({"report", "vm", "config", "rocks-34"}), golden("odd_disks.xml"));
}

TEST_F(VmConfig, SeveralCardsInTheOrderOfTheirNames) {
  cluster({"add", "host", "gpu", "rocks-33", "gpupci2", "gpupci1"});
  cluster({"add", "host", "gpu", "rocks-33", "gpupci1", "gpupci2"});
  EXPECT_EQ(cluster({"report", "vm", "config", "rocks-33"}), golden("two_cards.xml"));
}

TEST_F(VmConfig, AllVmsOneAfterAnother) {
  EXPECT_EQ(cluster({"report", "vm", "config"}),
            cluster({"report", "vm", "config", "rocks-33"}) +
                cluster({"report", "vm", "config", "rocks-34"}));
  EXPECT_EQ(cluster({"report", "vm", "config", "vm-container-0-15"}),
            cluster({"report", "vm", "config"}));
}

TEST_F(VmConfig, AnUnknownVmIsSaid) {
  cluster({"report", "vm", "config", "rocks-35"}, 1,
          "host 'rocks-35' is not in the inventory (did you mean 'rocks-33'?)");
}

}  // namespace
}  // namespace cluster
