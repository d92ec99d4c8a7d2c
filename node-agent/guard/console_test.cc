#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

class GuardConsole : public GuardedCard {};

TEST_F(GuardConsole, KeepTheConsole) {
  fake_.add_card("0000:02:00", 1, 13);
  set("0000:02:00.0/boot_vga", "1");
  const auto consoles = fake_.root() / "class/vtconsole";
  replace_file(consoles / "vtcon0/name", "(S) dummy device\n");
  replace_file(consoles / "vtcon0/bind", "1\n");
  replace_file(consoles / "vtcon1/name", "(M) frame buffer device\n");
  replace_file(consoles / "vtcon1/bind", "0\n");
  EXPECT_EQ(why(), "nothing");
  replace_file(consoles / "vtcon1/bind", "1\n");
  EXPECT_EQ(why(),
            "console: 0000:02:00.0 shows the host's console (vtcon1); make another card the "
            "primary one in the firmware, or echo 0 >" +
                (consoles / "vtcon1/bind").native());
  EXPECT_EQ(why({"console"}), "nothing");
  set("0000:02:00.0/boot_vga", "0");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardConsole, FindTheFramebufferOfTheFirmware) {
  fake_.add_card("0000:02:00", 1, 13);
  set("0000:02:00.0/resource",
      "0x00000000f6000000 0x00000000f6ffffff 0x0000000000040200\n"
      "0x00000000e0000000 0x00000000efffffff 0x000000000014220c\n");
  proc_.file("iomem", "d0000000-d02fffff : BOOTFB\ne0000000-efffffff : 0000:02:00.0\n");
  EXPECT_EQ(why(), "nothing");
  proc_.file("iomem", "e0000000-efffffff : 0000:02:00.0\n  e1000000-e12fffff : BOOTFB\n");
  EXPECT_EQ(why(),
            "framebuffer: the firmware's framebuffer (BOOTFB) is in region 1 of 0000:02:00.0; boot "
            "with initcall_blacklist=sysfb_init, or unbind its driver below "
            "/sys/bus/platform/drivers");
  proc_.file("iomem", "00000000-00000000 : 0000:02:00.0\n  00000000-00000000 : efifb\n");
  EXPECT_EQ(
      why(),
      "framebuffer: only root sees in /proc/iomem whether a framebuffer is in its memory; run "
      "gpupci as root");
  EXPECT_EQ(why({"framebuffer"}), "nothing");
}

TEST_F(GuardConsole, OfADummyIsNone) {
  fake_.add_card("0000:02:00", 1, 13);
  set("0000:02:00.0/boot_vga", "1");
  EXPECT_EQ(why(), "nothing") << "no console at all";
  replace_file(fake_.root() / "class/vtconsole/vtcon0/name", "(S) dummy device\n");
  replace_file(fake_.root() / "class/vtconsole/vtcon0/bind", "1\n");
  EXPECT_EQ(why(), "nothing");
}

}  // namespace
}  // namespace cluster::agent
