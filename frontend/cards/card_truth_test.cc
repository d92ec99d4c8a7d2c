#include "frontend/cards/card_truth.h"

#include <gtest/gtest.h>

namespace cluster::frontend {
namespace {

TEST(CardTruth, ACardIsDetachedWhenAllOfItIs) {
  EXPECT_EQ(binding_of({}, ""), Binding::unknown);
  EXPECT_EQ(binding_of("", ""), Binding::unknown);
  EXPECT_EQ(binding_of("vfio-pci vfio-pci", ""), Binding::detached);
  EXPECT_EQ(binding_of("nvgrace_gpu_vfio_pci", ""), Binding::detached);
  EXPECT_EQ(binding_of("vfio-pci snd_hda_intel", ""), Binding::partly);
  EXPECT_EQ(binding_of("vfio-pci -", ""), Binding::partly);
  EXPECT_EQ(binding_of("nvidia -", ""), Binding::host);
  EXPECT_EQ(binding_of("uio_pci_generic", ""), Binding::host);
  EXPECT_EQ(binding_of("uio_pci_generic", "uio_pci_generic"), Binding::detached);
}

TEST(CardTruth, AVmWantsItsCardDetached) {
  GpuCard card{GpuName("gpupci1"), {0, 2, 0, 0}, {}, {}, {}, {}, {}, false, {}};
  const std::vector<HeldDevice> held{
      {HostName("v1"), "gpupci1", GpuName("gpupci1"), {}, true, true, GpuName("gpupci")}};
  const std::vector<HeldDevice> slice{
      {HostName("v1"), "gpupci1.0", GpuName("gpupci1"), 0, false, true, GpuName("gpupci")}};
  EXPECT_EQ(wish_of(card, {}), std::nullopt);
  EXPECT_EQ(wish_of(card, held), GpuWish::detached);
  EXPECT_EQ(wish_of(card, slice), std::nullopt);
  card.wish = GpuWish::host;
  EXPECT_EQ(wish_of(card, {}), GpuWish::host);
  EXPECT_EQ(holder_of(card.name, held), HostName("v1"));
}

TEST(CardTruth, AgesAreInTheUnitThatOneSays) {
  const std::string now = "2026-11-21T12:00:00Z";
  EXPECT_EQ(age("2026-11-21T11:59:48Z", now), "12 s");
  EXPECT_EQ(age("2026-11-21T11:30:00Z", now), "30 min");
  EXPECT_EQ(age("2026-11-20T12:00:00Z", now), "24 h");
  EXPECT_EQ(age("2026-10-21T12:00:00Z", now), "31 d");
  EXPECT_EQ(age("2026-11-21T12:00:09Z", now), "0 s");
  EXPECT_EQ(age("yesterday", now), "");
}

}  // namespace
}  // namespace cluster::frontend
