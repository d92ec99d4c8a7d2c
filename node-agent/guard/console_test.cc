#include "tests/support/guarded_card.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class GuardConsole : public GuardedCard {
 protected:
  GuardConsole() { fake_.add_card("0000:02:00", 1, 13); }

  void bind(const std::string& console, const std::string& name, const std::string& bound = "1") {
    replace_file(fake_.root() / "class/vtconsole" / console / "name", name + "\n");
    replace_file(fake_.root() / "class/vtconsole" / console / "bind", bound + "\n");
  }
  void bind_framebuffers() { bind("vtcon1", "(M) frame buffer device"); }

  // A framebuffer below a device of sysfs, "bus/pci/devices/0000:02:00.0/graphics".
  void add_framebuffer(int number, const std::string& below) {
    const auto name = "fb" + std::to_string(number);
    const auto folder = fake_.root() / below / name;
    fs::create_directories(folder);
    fs::create_directories(fake_.root() / "class/graphics");
    fs::create_directory_symlink(folder, fake_.root() / "class/graphics" / name);
  }

  void set_regions() {
    set("0000:02:00.0/resource",
        "0x00000000f6000000 0x00000000f6ffffff 0x0000000000040200\n"
        "0x00000000e0000000 0x00000000efffffff 0x000000000014220c\n");
  }

  static constexpr const char* kBelowCard = "bus/pci/devices/0000:02:00.0/graphics";
  static constexpr const char* kElsewhere = "devices/platform/simple-framebuffer.0/graphics";
};

TEST_F(GuardConsole, KeepTheSerialLineOfTheKernelsConsole) {
  const auto line = fs::path("bus/pci/devices/0000:02:00.0/tty/ttyS4");
  fs::create_directories(fake_.root() / line);
  fs::create_directories(fake_.root() / "class/tty/console");
  fs::create_directory_symlink(fake_.root() / line, fake_.root() / "class/tty/ttyS4");
  replace_file(fake_.root() / "class/tty/console/active", "tty0 ttyS0\n");
  EXPECT_EQ(why(), "nothing");
  replace_file(fake_.root() / "class/tty/console/active", "tty0 ttyS4\n");
  EXPECT_EQ(why(),
            "console: the kernel writes its console on 'ttyS4' of 0000:02:00.0; boot without "
            "console=ttyS4");
}

TEST_F(GuardConsole, KeepTheConsoleThatIsDrawnOnItsFramebuffer) {
  bind_framebuffers();
  add_framebuffer(0, kBelowCard);
  const auto fix = "; make another card the primary one in the firmware, or echo 0 >" +
                   (fake_.root() / "class/vtconsole/vtcon1/bind").native();
  EXPECT_EQ(why(), "console: 0000:02:00.0 shows the host's console (vtcon1, fb0)" + fix);
  EXPECT_EQ(why({"console"}), "nothing");
  bind("vtcon1", "(M) frame buffer device", "0");
  EXPECT_EQ(why(), "nothing");
}

// The firmware may start with one display and the kernel draw on another one.
TEST_F(GuardConsole, LeaveTheDisplayOfTheFirmwareThatDrawsNone) {
  fake_.add({"0000:01:00.0", "0300", "1a03:2000", "ast", 5});
  set("0000:02:00.0/boot_vga", "1");
  bind_framebuffers();
  add_framebuffer(0, "bus/pci/devices/0000:01:00.0/graphics");
  EXPECT_EQ(why(), "nothing");
  // With a framebuffer of its own the kernel prefers it.
  add_framebuffer(1, kBelowCard);
  EXPECT_THAT(why(), HasSubstr("0000:02:00.0 shows the host's console (vtcon1, fb1)"));
  set("0000:02:00.0/boot_vga", "0");
  EXPECT_EQ(why(), "nothing");
}

// fbcon=map: has the last word, where the framebuffer that it names exists.
TEST_F(GuardConsole, KeepTheCardToWhichTheConsolesAreMapped) {
  fake_.add({"0000:01:00.0", "0300", "1a03:2000", "ast", 5});
  bind_framebuffers();
  add_framebuffer(0, "bus/pci/devices/0000:01:00.0/graphics");
  add_framebuffer(1, kBelowCard);
  EXPECT_EQ(why(), "nothing");
  proc_.file("cmdline", "ro fbcon=map:1\n");
  EXPECT_THAT(why(), HasSubstr("0000:02:00.0 shows the host's console (vtcon1, fb1)"));
  set("0000:02:00.0/boot_vga", "1");
  proc_.file("cmdline", "ro fbcon=map:0\n");
  EXPECT_EQ(why(), "nothing");
  proc_.file("cmdline", "ro fbcon=map:7\n");
  EXPECT_THAT(why(), HasSubstr("(vtcon1, fb1)"));
}

TEST_F(GuardConsole, GoByTheFirmwareWhereNoFramebufferIsKnown) {
  set("0000:02:00.0/boot_vga", "1");
  bind("vtcon0", "(S) dummy device");
  bind("vtcon1", "(M) frame buffer device", "0");
  EXPECT_EQ(why(), "nothing");
  bind_framebuffers();
  EXPECT_THAT(why(), HasSubstr("console: 0000:02:00.0 shows the host's console (vtcon1); "));
  set("0000:02:00.0/boot_vga", "0");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardConsole, KeepTheTextModeOfVga) {
  bind("vtcon0", "(S) VGA+");
  EXPECT_EQ(why(), "nothing");
  set("0000:02:00.0/boot_vga", "1");
  EXPECT_EQ(
      why(),
      "console: 0000:02:00.0 shows the host's console (vtcon0); make another card the primary "
      "one in the firmware");
}

// The framebuffer of another card shows nothing of that console.
TEST_F(GuardConsole, KeepTheTextModeOfVgaBesideAFramebuffer) {
  fake_.add({"0000:01:00.0", "0300", "1a03:2000", "ast", 5});
  bind("vtcon0", "(S) VGA+");
  add_framebuffer(0, "bus/pci/devices/0000:01:00.0/graphics");
  EXPECT_EQ(why(), "nothing");
  set("0000:02:00.0/boot_vga", "1");
  EXPECT_THAT(why(), HasSubstr("0000:02:00.0 shows the host's console (vtcon0); "));
}

TEST_F(GuardConsole, LeaveTheFramebufferOfTheFirmwareThatIsNotTheFirst) {
  fake_.add({"0000:01:00.0", "0300", "1a03:2000", "ast", 5});
  set_regions();
  bind_framebuffers();
  add_framebuffer(0, "bus/pci/devices/0000:01:00.0/graphics");
  add_framebuffer(1, kElsewhere);
  proc_.file("iomem", "e0000000-efffffff : 0000:02:00.0\n  e0000000-e02fffff : BOOTFB\n");
  EXPECT_EQ(why({"framebuffer"}), "nothing");
  proc_.file("cmdline", "ro fbcon=map:1\n");
  EXPECT_THAT(why({"framebuffer"}), HasSubstr("shows the host's console (vtcon1, fb1)"));
}

// A platform device has the framebuffer: its place in memory tells the card.
TEST_F(GuardConsole, FindTheCardOfAFramebufferOfTheFirmware) {
  set("0000:02:00.0/boot_vga", "1");
  set_regions();
  bind_framebuffers();
  add_framebuffer(0, kElsewhere);
  EXPECT_EQ(why({"framebuffer"}).substr(0, 8), "console:") << "nothing tells its place";
  proc_.file("iomem", "d0000000-d02fffff : BOOTFB\n");
  EXPECT_EQ(why(), "nothing");
  set("0000:02:00.0/boot_vga", "0");
  proc_.file("iomem", "e0000000-efffffff : 0000:02:00.0\n  e0000000-e02fffff : BOOTFB\n");
  EXPECT_THAT(why({"framebuffer"}), HasSubstr("shows the host's console (vtcon1, fb0)"));
}

TEST_F(GuardConsole, KeepTheKeyboardOfTheConsole) {
  fake_.add({"0000:02:00.2", "0c03", "10de:1ad6", "xhci_hcd", 13});
  const auto plugged = [&](const std::string& handlers, const std::string& place) {
    proc_.file("bus/input/devices",
               "I: Bus=0019 Vendor=0000\nN: Name=\"Power Button\"\nS: Sysfs=/devices/LNXSYSTM:00/"
               "LNXPWRBN:00/input/input0\nH: Handlers=kbd event0 \n\nI: Bus=0003 Vendor=046d\n"
               "N: Name=\"Acme K1\"\nS: Sysfs=/devices/pci0000:00/0000:00:01.0/" +
                   place + "/usb1/1-2/1-2:1.0/0003:046D.1/input/input5\nH: Handlers=" + handlers +
                   " \nB: EV=120013\n\n");
    return why();
  };
  EXPECT_EQ(plugged("sysrq kbd leds event3", "0000:02:00.2"),
            "console: the host's keyboard ('Acme K1') is on 0000:02:00.2; plug it into a port that "
            "stays with the host");
  EXPECT_THAT(plugged("kbd leds event3", "0000:02:00.2"), HasSubstr("keyboard"));
  EXPECT_EQ(plugged("sysrq kbd leds event3", "0000:05:00.2"), "nothing");
  EXPECT_EQ(plugged("kbd event3", "0000:02:00.2"), "nothing") << "the buttons of a headset";
  EXPECT_EQ(plugged("mouse0 event3", "0000:02:00.2"), "nothing");
  EXPECT_EQ(plugged("sysrq leds event3", "0000:02:00.2"), "nothing") << "a panel with lamps";
  EXPECT_THAT(plugged("sysrq kbd event3", "0000:02:00.2"), HasSubstr("keyboard"));
}

TEST_F(GuardConsole, FindTheFramebufferOfTheFirmware) {
  set_regions();
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

// Drivers get new names: the place tells, and that it is not the driver of the card.
TEST_F(GuardConsole, FindTheFramebufferOfTheFirmwareWhateverItsName) {
  set_regions();
  const auto in_region = [&](const std::string& names) {
    proc_.file("iomem",
               "c0000000-ffffffff : PCI Bus 0000:02\n  e0000000-efffffff : 0000:02:00.0\n" + names +
                   "  f6000000-f6ffffff : 0000:02:00.0\n    f6000000-f6ffffff : nvidia\n");
    return why();
  };
  EXPECT_THAT(in_region("    e0000000-e02fffff : newfwdrm\n"),
              HasSubstr("(newfwdrm) is in region 1"));
  EXPECT_THAT(in_region("    e0000000-efffffff : nvidia\n      e0000000-e02fffff : efidrm\n"),
              HasSubstr("(efidrm) is in region 1"));
  EXPECT_EQ(in_region("    e0000000-efffffff : nvidia\n"), "nothing");
  EXPECT_EQ(in_region(""), "nothing");
  EXPECT_EQ(in_region("  f0000000-f0ffffff : 0000:02:00.1\n    f0000000-f0ffffff : snd\n"),
            "nothing")
      << "in a region of another function";
  EXPECT_EQ(in_region("  f1000000-f1ffffff : newfwdrm\n"), "nothing") << "behind the region";
  EXPECT_EQ(in_region("  f1000000-f1ffffff : BOOTFB\n"), "nothing") << "behind the region";
  fake_.set_driver({0, 2, 0, 0}, std::nullopt);
  EXPECT_THAT(in_region(""), HasSubstr("(nvidia) is in region 0"));
}

TEST_F(GuardConsole, LeaveTheMemoryOfOtherFunctionsToTheirDrivers) {
  fake_.add({"0000:02:00.1", "0403", "10de:10f7", "snd_hda_intel", 13});
  set("0000:02:00.1/resource", "0x00000000f7000000 0x00000000f7003fff 0x0000000000040200\n");
  proc_.file("iomem", "f7000000-f7003fff : 0000:02:00.1\n  f7000000-f7003fff : ICH HD audio\n");
  EXPECT_EQ(why(), "nothing");
}

TEST_F(GuardConsole, FindTheDeviceOfTheFirmwareBelowTheFunction) {
  const auto device = fake_.root() / "bus/pci/devices/0000:02:00.0/simple-framebuffer.0";
  fs::create_directories(device);
  EXPECT_EQ(why(), "nothing") << "no driver has it";
  fs::create_directory_symlink(fake_.root(), device / "driver");
  EXPECT_THAT(why(), HasSubstr("(simple-framebuffer.0) is on 0000:02:00.0; boot with"));
  fs::rename(device, device.parent_path() / "nvidia_wmi.0");
  EXPECT_EQ(why(), "nothing") << "another device";
}

TEST_F(GuardConsole, OfADummyIsNone) {
  set("0000:02:00.0/boot_vga", "1");
  EXPECT_EQ(why(), "nothing") << "no console at all";
  bind("vtcon0", "(S) dummy device");
  EXPECT_EQ(why(), "nothing");
}

// drm_log is one for each display, and no terminal: /proc/consoles alone tells that it is there.
TEST_F(GuardConsole, KeepTheDisplayOfTheKernelsLog) {
  const std::filesystem::path output = "0000:02:00.0/drm/card0/card0-DP-1/status";
  set(output, "connected");
  proc_.file("consoles", "tty0                 -WU (EC  p  )    4:1\n");
  EXPECT_EQ(why(), "nothing");
  proc_.file("consoles", "ttyS0   -W- (E    p a)    4:64\ndrm_log0  -W- (EC   N  )\n");
  EXPECT_EQ(why(),
            "console: the kernel writes its log on a display of 0000:02:00.0 (drm_log); unplug "
            "that display, or boot without drm_client_lib.active=log");
  EXPECT_EQ(why({"console"}), "nothing");
  set(output, "disconnected");
  EXPECT_EQ(why(), "nothing") << "nobody sees it";
}

}  // namespace
}  // namespace cluster::agent
