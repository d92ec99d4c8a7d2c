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

  FakeSysfs fake_;
  Sysfs sysfs_ = fake_.sysfs();
};

TEST_F(Kfd, KnowsAGpuByItsPlace) {
  node(0, "cpu_cores_count 64\nlocation_id 0\ndomain 0\n", "0");
  node(1, "simd_count 440\nlocation_id 768\ndomain 0\n", "4711");
  node(2, "simd_count 440\nlocation_id 768\ndomain 65536\n", "4712");
  node(3, "simd_count 440\nlocation_id 778\ndomain 0\n", "4713");
  EXPECT_EQ(kfd_gpu(sysfs_, {0, 3, 0, 0}), "4711");
  EXPECT_EQ(kfd_gpu(sysfs_, {0x10000, 3, 0, 0}), "4712");
  EXPECT_EQ(kfd_gpu(sysfs_, {0, 3, 1, 2}), "4713");  // 3 << 8 | 1 << 3 | 2
  EXPECT_EQ(kfd_gpu(sysfs_, {0, 3, 0, 1}), std::nullopt);
}

TEST_F(Kfd, TakesNoNodeOfCpusForAGpu) {
  node(0, "location_id 0\ndomain 0\n", "0");
  EXPECT_EQ(kfd_gpu(sysfs_, {0, 0, 0, 0}), std::nullopt);
}

TEST_F(Kfd, TakesAKernelThatTellsNoDomainToMeanTheFirst) {
  node(1, "location_id 768\n", "4711");
  EXPECT_EQ(kfd_gpu(sysfs_, {0, 3, 0, 0}), "4711");
  EXPECT_EQ(kfd_gpu(sysfs_, {1, 3, 0, 0}), std::nullopt);
}

TEST_F(Kfd, HasNoGpuWhereThereIsNoKfd) { EXPECT_EQ(kfd_gpu(sysfs_, {0, 3, 0, 0}), std::nullopt); }

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
