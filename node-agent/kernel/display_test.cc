#include "node-agent/kernel/display.h"

#include <gtest/gtest.h>

#include "core/file.h"
#include "tests/support/fake_proc.h"
#include "tests/support/fake_sysfs.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

TEST(PciParent, IsTheLastAddressOnThePath) {
  const auto last = [](const char* path) {
    const auto pci = last_pci(path);
    return pci ? pci->sysfs() : "none";
  };
  EXPECT_EQ(last("/sys/devices/pci0000:00/0000:00:01.0/0000:02:00.0/graphics/fb0"), "0000:02:00.0");
  EXPECT_EQ(last("/devices/pci10000:e0/10000:e0:06.0/usb1/1-1/1-1:1.0/x"), "10000:e0:06.0");
  EXPECT_EQ(last("/sys/devices/platform/efi-framebuffer.0/graphics/fb0"), "none");
  EXPECT_EQ(last("/sys/devices/pci0000:00/0000:zz:01.0"), "none");
  EXPECT_EQ(last(""), "none");
  EXPECT_FALSE(pci_parent("/nonexistent/0000:02:00.0"));
}

TEST(Framebuffers, HaveTheFunctionThatTheyAreBelow) {
  FakeSysfs fake;
  fake.add_card("0000:02:00", 1, 13);
  const auto graphics = fake.root() / "class/graphics";
  fs::create_directories(graphics / "fbcon");
  const auto add = [&](const std::string& name, const fs::path& folder) {
    fs::create_directories(folder);
    fs::create_directory_symlink(folder, graphics / name);
  };
  add("fb10", fake.root() / "bus/pci/devices/0000:02:00.0/graphics/fb10");
  add("fb2", fake.root() / "devices/platform/efi-framebuffer.0/graphics/fb2");
  fs::create_directories(graphics / "fb3");
  fs::create_directory_symlink(fake.root() / "bus/pci/devices/0000:02:00.0",
                               graphics / "fb3/device");
  const auto found = framebuffers(fake.sysfs());
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].number, 2);
  EXPECT_FALSE(found[0].pci);
  EXPECT_EQ(found[1].number, 3);
  EXPECT_EQ(found[1].pci, (PciAddress{0, 2, 0, 0}));
  EXPECT_EQ(found[2].number, 10);
  EXPECT_EQ(found[2].pci, (PciAddress{0, 2, 0, 0}));
}

TEST(MemoryRanges, AreReadWithTheirDepth) {
  FakeProc proc;
  EXPECT_TRUE(memory_ranges(proc.root()).empty());
  proc.file("iomem",
            "e0000000-efffffff : PCI Bus 0000:02\n  e0000000-e02fffff : efi : x\nno line\n");
  const auto found = memory_ranges(proc.root());
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].name, "PCI Bus 0000:02");
  EXPECT_EQ(found[0].depth, 0U);
  EXPECT_EQ(found[1].start, 0xe0000000U);
  EXPECT_EQ(found[1].end, 0xe02fffffU);
  EXPECT_EQ(found[1].name, "efi : x");
  EXPECT_EQ(found[1].depth, 2U);
}

TEST(MappedFramebuffers, AreThoseOfTheLastMapOnTheKernelsLine) {
  FakeProc proc;
  const auto mapped = [&](const std::string& line) {
    proc.file("cmdline", line + "\n");
    return mapped_framebuffers(proc.root());
  };
  EXPECT_EQ(mapped("ro quiet"), std::set<int>{});
  EXPECT_EQ(mapped("ro fbcon=map:1"), std::set<int>{1});
  EXPECT_EQ(mapped("fbcon=font:VGA8x16,map:020 fbcon=rotate:1"), (std::set<int>{0, 2}));
  EXPECT_EQ(mapped("fbcon=map:0 fbcon=map:1"), std::set<int>{1});
  EXPECT_EQ(mapped("xfbcon=map:1 fbcon=map:"), std::set<int>{});
}

}  // namespace
}  // namespace cluster::agent
