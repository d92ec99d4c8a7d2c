#include "node-agent/kernel/kfd.h"

#include <gtest/gtest.h>

#include "core/file.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

class Kfd : public ::testing::Test {
 protected:
  void node(int number, const std::string& properties, const std::string& gpu) {
    const auto folder = kfd_folder(sysfs_) / "topology/nodes" / std::to_string(number);
    replace_file(folder / "properties", properties);
    replace_file(folder / "gpu_id", gpu + "\n");
  }
  void process(const std::string& file, const std::string& text) {
    replace_file(kfd_folder(sysfs_) / "proc/812" / file, text + "\n");
  }

  // The ids of a function's GPUs.
  std::string gpus(const PciAddress& pci) const {
    std::string ids;
    for (const auto& gpu : kfd_gpus(sysfs_, pci)) ids += (ids.empty() ? "" : " ") + gpu.id;
    return ids;
  }

  FakeSysfs fake_;
  Sysfs sysfs_ = fake_.sysfs();
};

TEST_F(Kfd, KnowsAGpuByItsPlace) {
  node(0, "cpu_cores_count 64\nlocation_id 0\ndomain 0\n", "0");
  node(1, "simd_count 440\nlocation_id 768\ndomain 0\n", "4711");
  node(2, "simd_count 440\nlocation_id 768\ndomain 65536\n", "4712");
  node(3, "simd_count 440\nlocation_id 778\ndomain 0\n", "4713");
  EXPECT_EQ(gpus({0, 3, 0, 0}), "4711");
  EXPECT_EQ(gpus({0x10000, 3, 0, 0}), "4712");
  EXPECT_EQ(gpus({0, 3, 1, 2}), "4713");  // 3 << 8 | 1 << 3 | 2
  EXPECT_EQ(gpus({0, 3, 0, 1}), "");
}

TEST_F(Kfd, ASlotHasEightFunctions) {
  node(1, "location_id 775\n", "4711");
  node(2, "location_id 776\n", "4712");
  node(3, "location_id 767\n", "4713");
  EXPECT_EQ(gpus({0, 3, 0, 7}), "4711");
  EXPECT_EQ(gpus({0, 3, 1, 0}), "4712");
  EXPECT_EQ(gpus({0, 3, 0, 0}), "4711");  // as a partition
  EXPECT_EQ(gpus({0, 2, 31, 7}), "4713");
}

TEST_F(Kfd, ANodeWithoutARenderNodeHasNone) {
  for (const auto* minor : {"0", "-1", "", "x", "128 129"}) {
    node(1, "location_id 768\ndrm_render_minor " + std::string(minor) + "\n", "4711");
    ASSERT_EQ(kfd_gpus(sysfs_, {0, 3, 0, 0}).size(), 1U);
    EXPECT_EQ(kfd_gpus(sysfs_, {0, 3, 0, 0})[0].render_minor, std::nullopt) << minor;
    EXPECT_TRUE(kfd_render_minors(sysfs_).empty()) << minor;
  }
}

TEST_F(Kfd, TakesNoNodeOfCpusForAGpu) {
  node(0, "location_id 0\ndomain 0\n", "0");
  EXPECT_EQ(gpus({0, 0, 0, 0}), "");
  node(1, "location_id 768\n", "");
  EXPECT_EQ(gpus({0, 3, 0, 0}), "");
}

TEST_F(Kfd, TakesAKernelThatTellsNoDomainToMeanTheFirst) {
  node(1, "location_id 768\n", "4711");
  EXPECT_EQ(gpus({0, 3, 0, 0}), "4711");
  EXPECT_EQ(gpus({1, 3, 0, 0}), "");
}

TEST_F(Kfd, HasNoGpuWhereThereIsNoKfd) { EXPECT_EQ(gpus({0, 3, 0, 0}), ""); }

// An MI300X in eight partitions, as newer and as older kernels tell it.
TEST_F(Kfd, KnowsThePartitionsOfAGpu) {
  fake_.add({"0000:03:00.0", "1200", "1002:74a1", "amdgpu", 3});
  node(1, "location_id 768\ndomain 0\ndrm_render_minor 128\n", "4711");
  node(2, "location_id 268436224\ndomain 0\ndrm_render_minor 129\n", "4712");  // 1 << 28 | 0x300
  node(3, "location_id 770\ndomain 0\ndrm_render_minor 130\n", "4713");        // 0x300 | 2
  node(4, "location_id 1024\ndomain 0\ndrm_render_minor 131\n", "4714");
  EXPECT_EQ(gpus({0, 3, 0, 0}), "4711 4712 4713");
  EXPECT_EQ(gpus({0, 4, 0, 0}), "4714");
  EXPECT_EQ(kfd_gpus(sysfs_, {0, 3, 0, 0})[1].render_minor, 129U);
  EXPECT_EQ(kfd_render_minors(sysfs_), (std::set<unsigned>{128, 129, 130, 131}));
  fake_.add({"0000:03:00.2", "1200", "1002:74a1", "amdgpu", 3});
  EXPECT_EQ(gpus({0, 3, 0, 0}), "4711 4712");
  EXPECT_EQ(gpus({0, 3, 0, 2}), "4713");
}

TEST_F(Kfd, TellsWhoHasMemoryOnAGpu) {
  process("vram_4711", "1048576");
  process("vram_4712", "0");
  EXPECT_EQ(uses_kfd_gpu(sysfs_, 812, "4711"), true);
  EXPECT_EQ(uses_kfd_gpu(sysfs_, 812, "4712"), false);
}

TEST_F(Kfd, TellsWhoHasAQueueOnAGpu) {
  process("vram_4711", "0");
  process("vram_4712", "0");
  process("queues/0/gpuid", "4712");
  process("queues/1/gpuid", "4711");
  EXPECT_EQ(uses_kfd_gpu(sysfs_, 812, "4711"), true);
  process("queues/1/gpuid", "4712");
  EXPECT_EQ(uses_kfd_gpu(sysfs_, 812, "4711"), false);
}

TEST_F(Kfd, DoesNotGuessWhatTheKernelDoesNotTell) {
  EXPECT_EQ(uses_kfd_gpu(sysfs_, 812, "4711"), std::nullopt);
  process("vram_4712", "0");
  EXPECT_EQ(uses_kfd_gpu(sysfs_, 812, "4711"), std::nullopt);
}

}  // namespace
}  // namespace cluster::agent
