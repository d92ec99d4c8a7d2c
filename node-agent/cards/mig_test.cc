#include "node-agent/cards/mig.h"

#include <gmock/gmock.h>

#include "core/file.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Mig : public ::testing::Test {
 protected:
  Mig() {
    fake_.add_card("0000:07:00", 1, 1).add_card("0000:0f:00", 1, 2);
    write("gpus/0000:07:00.0/information", "Model: \t NVIDIA A100\nDevice Minor: \t 1\n");
    write("gpus/0000:0f:00.0/information", "Model: \t NVIDIA A100\nDevice Minor: \t 0\n");
  }

  void write(const std::string& file, const std::string& text) {
    replace_file(proc() / "driver/nvidia" / file, text);
  }
  std::filesystem::path proc() const { return fake_.root() / "proc"; }
  std::vector<MigInstance> read() {
    return mig_instances(find_cards(fake_.sysfs(), Settings{}), proc());
  }

  FakeSysfs fake_;
};

TEST_F(Mig, InstancesAreThoseOfTheGpuWithThatMinorNumber) {
  EXPECT_THAT(read(), IsEmpty());
  write("capabilities/mig/config", "DeviceFileMinor: 1\n");
  write("capabilities/gpu1/mig/gi13/access", "DeviceFileMinor: 120\n");
  write("capabilities/gpu1/mig/gi2/access", "DeviceFileMinor: 30\n");
  write("capabilities/gpu1/mig/gi2/ci0/access", "DeviceFileMinor: 31\n");
  write("capabilities/gpu1/mig/gi2/ci1/access", "DeviceFileMinor: 32\n");
  const auto all = read();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name(), "gpupci1-gi2");
  EXPECT_THAT(all[0].compute_instances, ElementsAre(0, 1));
  EXPECT_EQ(all[1].name(), "gpupci1-gi13");
  EXPECT_THAT(mig_nodes(all[0], proc()),
              ElementsAre("/dev/nvidia-caps/nvidia-cap30", "/dev/nvidia-caps/nvidia-cap31",
                          "/dev/nvidia-caps/nvidia-cap32"));
  EXPECT_THAT(mig_nodes(all[1], proc()), ElementsAre("/dev/nvidia-caps/nvidia-cap120"));
}

TEST_F(Mig, IsOnlyOfNvidiasDriver) {
  write("capabilities/gpu1/mig/gi2/access", "DeviceFileMinor: 30\n");
  EXPECT_EQ(read().size(), 1U);
  fake_.set_driver({0, 7, 0, 0}, "vfio-pci");
  EXPECT_THAT(read(), IsEmpty());
}

TEST(MigProfile, IsKnownByItsName) {
  for (const auto* profile : {"1g.5gb", "7g.80gb", "1g.10gb+me"})
    EXPECT_TRUE(is_mig_profile(profile));
  for (const auto* type : {"nvidia-558", "1145", "mtty-1", "g.5gb", ""}) {
    EXPECT_FALSE(is_mig_profile(type)) << type;
  }
}

}  // namespace
}  // namespace cluster::agent
