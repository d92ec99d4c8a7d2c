#include "core/stub_driver.h"

#include <gtest/gtest.h>

namespace cluster {
namespace {

TEST(StubDriver, IsKnownByItsName) {
  for (const auto* stub : {"vfio-pci", "pci-stub", "nvgrace-gpu-vfio-pci", "mlx5_vfio_pci"}) {
    EXPECT_TRUE(is_stub_driver(stub)) << stub;
    EXPECT_TRUE(is_stub_driver(stub, "")) << stub;
    EXPECT_TRUE(is_stub_driver(stub, "ours")) << stub;
  }
  for (const auto* host : {"nvidia", "snd_hda_intel", "vfio", ""}) {
    EXPECT_FALSE(is_stub_driver(host)) << host;
    EXPECT_FALSE(is_stub_driver(host, "ours")) << host;
  }
}

TEST(StubDriver, IsTheOneOfTheSettings) {
  EXPECT_TRUE(is_stub_driver("ours", "ours"));
  EXPECT_FALSE(is_stub_driver("our", "ours"));
  EXPECT_FALSE(is_stub_driver("", "")) << "no driver, and none that is known";
}

}  // namespace
}  // namespace cluster
