#include "node-agent/cards/vgpu_parents.h"

#include <gmock/gmock.h>

#include "core/file.h"
#include "tests/support/fake_slices.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kUuid = "c2177883-f1bb-47f0-914d-32a22e3a8804";

class VgpuParents : public ::testing::Test {
 protected:
  VgpuParents() {
    fake_.add({"0000:01:00.0", "0302", "10de:2235", "nvidia", 13});
    fake_.add({"0000:02:00.0", "0302", "10de:26b9", "nvidia", 14});
    kernel_.add_sriov("0000:02:00.0", 4);
    kernel_.offer_mdev("0000:01:00.0", "nvidia-558", "NVIDIA A40-4Q", 6);
    kernel_.offer_mdev("0000:01:00.0", "nvidia-1000", "NVIDIA A40-8Q", 3);
    kernel_.offer_vendor_vgpu("0000:02:00.0", "ID : vGPU Name\n1145 : NVIDIA L40S-4Q\n");
    write(fake_.sysfs().device_path({0, 2, 0, 0}) / "sriov_numvfs", "2");
    kernel_.offer_mdev("mtty", "mtty-1", "Single port serial", 2);
  }

  void write(const std::filesystem::path& file, const std::string& text) {
    kernel_.write(file, text);
  }
  std::vector<VgpuParent> parents() const {
    return vgpu_parents(find_cards(fake_.sysfs(), Settings{}), fake_.sysfs());
  }
  VgpuParent parent(const std::string& target) const {
    return pick_parents(parents(), target).front();
  }
  std::vector<std::string> names(const std::string& target) const {
    std::vector<std::string> all;
    for (const auto& one : pick_parents(parents(), target)) {
      all.push_back(one.name + " " + std::string(name(one.interface)));
    }
    return all;
  }

  FakeSysfs fake_;
  FakeSlices kernel_{fake_};
};

TEST_F(VgpuParents, AreCardsSlicesAndDevicesThatAreNoPciDevice) {
  EXPECT_THAT(names("all"), ElementsAre("gpupci1 mdev", "gpupci2.0 vendor-vfio",
                                        "gpupci2.1 vendor-vfio", "mtty mdev"));
  EXPECT_EQ(parent("gpupci2.1").pci, (PciAddress{0, 2, 0, 2}));
  EXPECT_EQ(parent("mtty").pci, std::nullopt);
}

TEST_F(VgpuParents, ArePickedByTheirNameOrThatOfTheirCard) {
  EXPECT_THAT(names("gpupci2"), ElementsAre("gpupci2.0 vendor-vfio", "gpupci2.1 vendor-vfio"));
  EXPECT_THAT(names("gpupci2.1"), ElementsAre("gpupci2.1 vendor-vfio"));
  EXPECT_THAT(names("mtty"), ElementsAre("mtty mdev"));
  EXPECT_THAT(names("gpupci"), IsEmpty());
  EXPECT_THAT(names("gpupci3"), IsEmpty());
  EXPECT_THAT(names("mtt"), IsEmpty());
}

TEST_F(VgpuParents, HaveTypesInTheOrderOfTheirNumbers) {
  const auto types = vgpu_types(parent("gpupci1"));
  ASSERT_EQ(types.size(), 2U);
  EXPECT_EQ(types[0].id, "nvidia-558");
  EXPECT_EQ(types[0].name, "NVIDIA A40-4Q");
  EXPECT_EQ(types[0].api, "vfio-pci");
  EXPECT_EQ(types[0].available, 6);
  EXPECT_EQ(types[1].id, "nvidia-1000");
}

TEST_F(VgpuParents, OfAVendorDriverMakeOneVgpuEach) {
  auto types = vgpu_types(parent("gpupci2.0"));
  ASSERT_EQ(types.size(), 1U);
  EXPECT_EQ(types[0].id, "1145");
  EXPECT_EQ(types[0].name, "NVIDIA L40S-4Q");
  EXPECT_EQ(types[0].available, 1);
  EXPECT_THAT(vgpus_of(parent("gpupci2.0")), IsEmpty());

  write(parent("gpupci2.0").folder / "nvidia/current_vgpu_type", "1145");
  EXPECT_EQ(vgpu_types(parent("gpupci2.0")).front().available, 0);
  EXPECT_EQ(vgpu_types(parent("gpupci2.1")).front().available, 1);
  const auto vgpus = vgpus_of(parent("gpupci2.0"));
  ASSERT_EQ(vgpus.size(), 1U);
  EXPECT_EQ(vgpus[0].id, "gpupci2.0");
  EXPECT_EQ(vgpus[0].type, "1145");
}

TEST_F(VgpuParents, ListTheMediatedDevicesThatWereMade) {
  EXPECT_THAT(vgpus_of(parent("gpupci1")), IsEmpty());
  write(parent("gpupci1").folder / "mdev_supported_types/nvidia-1000/create", kUuid);
  const auto vgpus = vgpus_of(parent("gpupci1"));
  ASSERT_EQ(vgpus.size(), 1U);
  EXPECT_EQ(vgpus[0].id, kUuid);
  EXPECT_EQ(vgpus[0].type, "nvidia-1000");
  EXPECT_EQ(vgpus[0].parent.name, "gpupci1");
  EXPECT_EQ(vgpu_types(parent("gpupci1"))[1].available, 2);
}

TEST_F(VgpuParents, TellVendorVfioByTheAttributeOfTheDriver) {
  EXPECT_TRUE(is_vendor_vfio(fake_.sysfs(), {0, 2, 0, 1}));
  EXPECT_FALSE(is_vendor_vfio(fake_.sysfs(), {0, 2, 0, 0}));
  EXPECT_FALSE(is_vendor_vfio(fake_.sysfs(), {0, 9, 0, 0}));
}

TEST_F(VgpuParents, SayWhereTheirVgpusAre) {
  EXPECT_EQ(vgpu_folder(fake_.sysfs(), parent("gpupci1"), kUuid),
            fake_.root() / "bus/mdev/devices" / kUuid);
  EXPECT_EQ(vgpu_folder(fake_.sysfs(), parent("gpupci2.0"), "gpupci2.0"),
            parent("gpupci2.0").folder);
}

TEST(CreatableVgpuTypes, AreTheLinesThatBeginWithANumber) {
  const auto types =
      parse_creatable("ID    : vGPU Name\n  1145 : NVIDIA L40S: 4Q \n1146:\nx\n", true);
  ASSERT_EQ(types.size(), 2U);
  EXPECT_EQ(types[0].id, "1145");
  EXPECT_EQ(types[0].name, "NVIDIA L40S: 4Q");
  EXPECT_EQ(types[0].available, 1);
  EXPECT_EQ(types[1].id, "1146");
  EXPECT_EQ(types[1].name, "");
  EXPECT_THAT(parse_creatable("", true), IsEmpty());
}

// The list of the driver is read back as it is, whatever the names contain.
TEST(CreatableVgpuTypes, AreReadAsTheyWereListed) {
  std::string text = "ID : vGPU Name\n";
  for (int id = 0; id < 2000; id += 7) {
    text += std::to_string(id) + " : NVIDIA GRID-" + std::to_string(id * 3) + "Q\n";
  }
  const auto types = parse_creatable(text, false);
  ASSERT_EQ(types.size(), 286U);
  for (std::size_t i = 0; i < types.size(); ++i) {
    EXPECT_EQ(types[i].id, std::to_string(i * 7));
    EXPECT_EQ(types[i].name, "NVIDIA GRID-" + std::to_string(i * 21) + "Q");
    EXPECT_EQ(types[i].available, 0);
  }
}

}  // namespace
}  // namespace cluster::agent
