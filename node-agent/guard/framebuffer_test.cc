#include "node-agent/guard/framebuffer.h"

#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

using ::testing::HasSubstr;

// A card with registers in region 0 and 256 MiB in region 1.
class GuardFramebuffer : public GuardedCard {
 protected:
  GuardFramebuffer() {
    fake_.add_card("0000:02:00", 1, 13);
    set("0000:02:00.0/resource",
        "0x00000000f6000000 0x00000000f6ffffff 0x0000000000040200\n"
        "0x00000000e0000000 0x00000000efffffff 0x000000000014220c\n");
  }

  // With `name` in the memory of region 1.
  std::string why_with(const std::string& name) {
    proc_.file("iomem",
               "c0000000-ffffffff : PCI Bus 0000:02\n  e0000000-efffffff : 0000:02:00.0\n"
               "    e0000000-efffffff : " +
                   name + "\n");
    return why();
  }
};

// Each name is one that the kernel gives such a region, with the driver of the function.
TEST_F(GuardFramebuffer, LeavesTheMemoryThatTheDriverOfTheCardHas) {
  struct Case {
    const char* driver;
    const char* region;
  };
  for (const auto& one : {
           Case{"nvidia", "nvidia"},
           Case{"nvidia", "nvidiafb"},
           Case{"mgag200", "mgadrmfb_vram"},
           Case{"vmwgfx", "vmwgfx probe"},
           Case{"NovaCore", "nova-core/bar0"},
           Case{"vfio-pci", "vfio-pci"},
           Case{"vfio-pci", "vfio sub-page reserved"},
           Case{"nvgrace-gpu-vfio-pci", "vfio-pci"},
           Case{"nvgrace-gpu-vfio-pci", "vfio"},
           Case{"xe-vfio-pci", "vfio-pci"},
           Case{"xe", "xe"},
       }) {
    fake_.set_driver(kVideo, one.driver);
    EXPECT_EQ(why_with(one.region), "nothing") << one.driver << ", " << one.region;
  }
}

TEST_F(GuardFramebuffer, FindsWhatIsNotOfTheDriver) {
  struct Case {
    const char* driver;
    const char* region;
  };
  for (const auto& one : {
           Case{"nvidia", "vfio-pci"},
           Case{"nvidia", "nova-core/bar0"},
           Case{"NovaCore", "nvidia"},
           Case{"amdgpu", "efifb"},
           Case{"vfio-pci", "simpledrm"},
           Case{"nvgrace-gpu-vfio-pci", "efidrm"},
       }) {
    fake_.set_driver(kVideo, one.driver);
    EXPECT_THAT(why_with(one.region), HasSubstr("the firmware's framebuffer (" +
                                                std::string(one.region) + ") is in region 1 of"))
        << one.driver;
  }
}

// Only a display is watched so: elsewhere other drivers have good reasons.
TEST_F(GuardFramebuffer, LeavesStrangersInTheMemoryOfOtherFunctions) {
  set("0000:02:00.0/class", "0x120000");
  EXPECT_EQ(why_with("habanalabs"), "nothing");
  EXPECT_THAT(why_with("efifb"), HasSubstr("(efifb) is in region 1"));
}

TEST_F(GuardFramebuffer, FindsAFrameThatOnlyReachesIntoARegion) {
  const auto with = [&](const std::string& range) {
    proc_.file("iomem", range + " : BOOTFB\n");
    return why();
  };
  EXPECT_THAT(with("dfff0000-e000ffff"), HasSubstr("(BOOTFB) is in region 1"));
  EXPECT_THAT(with("effff000-f0000fff"), HasSubstr("(BOOTFB) is in region 1"));
  EXPECT_THAT(with("d0000000-efffffff"), HasSubstr("(BOOTFB) is in region 1"));
  EXPECT_THAT(with("efffffff-efffffff"), HasSubstr("(BOOTFB) is in region 1")) << "its last byte";
  EXPECT_EQ(with("dffff000-dfffffff"), "nothing") << "ends before the region";
  EXPECT_EQ(with("f0000000-f0ffffff"), "nothing") << "begins behind the region";
  EXPECT_THAT(with("f6000000-f602ffff"), HasSubstr("(BOOTFB) is in region 0"));
}

TEST_F(GuardFramebuffer, SaysWhatOnlyRootSees) {
  const auto hidden =
      "framebuffer: only root sees in /proc/iomem whether a framebuffer is in its "
      "memory; run gpupci as root";
  for (const auto* name :
       {"BOOTFB", "efifb", "vesafb", "simplefb", "simpledrm", "efidrm", "vesadrm", "ofdrm", "offb",
        "simple-framebuffer", "vga16fb", "efi-framebuffer"}) {
    proc_.file("iomem", "00000000-00000000 : " + std::string(name) + "\n");
    EXPECT_EQ(why(), hidden) << name;
  }
  proc_.file("iomem", "00000000-00000000 : 0000:02:00.0\n00000000-00000000 : nvidia\n");
  EXPECT_EQ(why(), "nothing") << "no framebuffer on this host";
}

TEST(FirmwareNames, AreThoseOfDriversThatKnowNothingOfTheCard) {
  for (const auto* other : {"", "nvidia", "nouveau", "System RAM", "efifb ", "EFIFB", "bootfb"}) {
    EXPECT_FALSE(is_firmware_name(other)) << other;
  }
  EXPECT_TRUE(is_firmware_name("BOOTFB"));
}

}  // namespace
}  // namespace cluster::agent
