#include "frontend/guests/guest_report.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The regions that have no address, of a device with these lines of `resource`.
std::vector<std::string> unplaced_of(const std::vector<std::string>& regions) {
  std::string text =
      "=== pci\ndevice /sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0 0x10de 0x2330 0x030200 "
      "nvidia D0 de10\n";
  for (const auto& region : regions) text += "region " + region + "\n";
  const GuestReport report(text);
  return report.devices.at(0).unplaced;
}

TEST(GuestReport, IsWholeWhenItsEndIsThere) {
  EXPECT_TRUE(GuestReport("=== os\nLinux\n=== end\n").whole);
  EXPECT_TRUE(GuestReport("=== os\r\nLinux\r\n=== end\r\n").whole);
  for (const char* text : {"", "\n", "=== os\nLinux\n", "=== en", "end", "== end\n"}) {
    EXPECT_FALSE(GuestReport(text).whole) << text;
  }
}

TEST(GuestReport, HasPartsOfTrimmedLines) {
  const GuestReport report("noise\n=== a\n  one  \n\n\ttwo\r\n=== b\n=== a\nthree\n");
  EXPECT_THAT(report.part("a"), ElementsAre("one", "two", "three"));
  EXPECT_THAT(report.part("b"), IsEmpty());
  EXPECT_THAT(report.part("c"), IsEmpty());
  EXPECT_EQ(report.line_with("a", {"t"}), "three");
  EXPECT_EQ(report.line_with("a", {"t", "w"}), "two");
  EXPECT_EQ(report.line_with("a", {"x"}), "");
  EXPECT_THAT(report.lines_with("a", {"t"}), ElementsAre("two", "three"));
  EXPECT_THAT(report.lines_with("a", {}), ElementsAre("one", "two", "three"));
}

TEST(GuestReport, ReadsADeviceOfLinux) {
  const GuestReport report(
      "=== pci\n"
      "device /sys/devices/pci0000:00/0000:00:02.3/0000:01:00.0 0x10DE 0x2330 0x030200 nvidia D0 "
      "de10\n"
      "device /sys/devices/pci0000:b4/0000:b4:00.0 0x1b36 0x000c 0x060400 - - -\n");
  ASSERT_EQ(report.devices.size(), 2U);
  const auto& card = report.devices[0];
  EXPECT_EQ(card.address, "0000:01:00.0");
  EXPECT_EQ(card.path, "00/02.3/00.0");
  EXPECT_EQ(card.vendor + ":" + card.device + " " + card.device_class, "10de:2330 0302");
  EXPECT_EQ(card.driver, "nvidia");
  EXPECT_EQ(card.power, "D0");
  EXPECT_FALSE(card.dead);
  EXPECT_FALSE(card.problem);
  const auto& port = report.devices[1];
  EXPECT_EQ(port.driver, "") << "'-' is none";
  EXPECT_EQ(port.power, "");
  EXPECT_FALSE(port.dead) << "nobody read its first bytes";
}

TEST(GuestReport, ADeviceThatReadsAsOnesIsDead) {
  const auto dead = [](const std::string& ids, const std::string& first) {
    return GuestReport("=== pci\ndevice /sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0 " + ids +
                       " 0x030200 - D3cold " + first + "\n")
        .devices.at(0)
        .dead;
  };
  EXPECT_TRUE(dead("0x10de 0x2330", "ffff"));
  EXPECT_TRUE(dead("0xffff 0xffff", "-"));
  EXPECT_FALSE(dead("0x10de 0x2330", "de10"));
}

TEST(GuestReport, ALineThatNoScriptOfOursWritesIsNoDevice) {
  for (const char* line : {"device", "device a b c d e f", "device a b c d e f g h",
                           "devices a b c d e f g", "region 0x0 0x1 0x2"}) {
    EXPECT_THAT(GuestReport(std::string("=== pci\n") + line + "\n").devices, IsEmpty()) << line;
  }
}

TEST(GuestReport, ARegionWithoutAPlaceKeepsItsSize) {
  EXPECT_THAT(unplaced_of({"0x00000000fc000000 0x00000000fcffffff 0x0000000000040200",
                           "0x0000000000000000 0x0000001fffffffff 0x000000000014220c",
                           "0x0000000000000000 0x0000000000000fff 0x0000000000040200"}),
              ElementsAre("region 1 of 131072 MiB", "region 2 of 4 KiB"));
}

TEST(GuestReport, ARegionThatIsNotMissed) {
  for (const char* region :
       {"0x0000000000000000 0x0000000000000000 0x0000000000000000",  // the card has none
        "0x0000000000000000 0x000000000000007f 0x0000000000040101",  // I/O ports
        "0x00000000fc000000 0x00000000fcffffff 0x0000000000040200",  // it has its place
        "0 1 2", "0x0 0x1", "x y z", ""}) {
    EXPECT_THAT(unplaced_of({region}), IsEmpty()) << region;
  }
}

TEST(GuestReport, LspciTellsOfRegionsThatLeftNoTrace) {
  const GuestReport report(
      "=== pci\ndevice /sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0 0x10de 0x2330 0x030200 - "
      "D0 de10\nregion 0x0 0x1fffffffff 0x14220c\n"
      "=== lspci\n00:02.0 PCI bridge: Red Hat\n\tRegion 0: Memory at <unassigned> [size=4K]\n"
      "01:00.0 3D controller: NVIDIA\n\tRegion 0: Memory at <ignored> [size=16M]\n"
      "\tRegion 1: Memory at <unassigned> (64-bit, prefetchable) [size=64G]\n"
      "\tRegion 3: Memory at <unassigned>\n");
  EXPECT_THAT(report.devices.at(0).unplaced,
              ElementsAre("region 0 of 131072 MiB", "region 1 of 64G", "region 3"))
      << "one that `resource` told of is not told twice";
}

GuestDevice windows_device(const std::string& line) {
  const GuestReport report("=== pnp\n" + line + "\n");
  EXPECT_TRUE(report.windows);
  return report.devices.empty() ? GuestDevice{} : report.devices[0];
}

TEST(GuestReport, ReadsADeviceOfWindows) {
  const auto card = windows_device(
      "PCIROOT(0)#PCI(0200)#PCI(0001)|10DE|1B80|43|27.21.14.5671|NVIDIA GeForce GTX "
      "1080|0000:01:00.1");
  EXPECT_EQ(card.path, "00/02.0/00.1");
  EXPECT_EQ(card.vendor + ":" + card.device, "10de:1b80");
  EXPECT_EQ(card.device_class, "");
  EXPECT_EQ(card.problem, 43);
  EXPECT_EQ(card.driver, "27.21.14.5671");
  EXPECT_EQ(card.name, "NVIDIA GeForce GTX 1080");
  EXPECT_EQ(card.address, "0000:01:00.1");
  EXPECT_EQ(windows_device("PCIROOT(0)#PCI(0200)|10DE|1B80|0||").address, "")
      << "older ones do not tell it";
}

// PowerShell writes in the code page of the guest, which is no UTF-8.
TEST(GuestReport, ReadsAWindowsOfAnyLanguage) {
  const auto card =
      windows_device("PCIROOT(0)#PCI(0200)|10DE|1B80|28||3D-Videocontroller f\x81r x");
  EXPECT_EQ(card.problem, 28);
  EXPECT_EQ(card.path, "00/02.0");
}

TEST(GuestReport, AWindowsPathIsHexadecimal) {
  for (const auto& [location, path] : std::vector<std::pair<std::string, std::string>>{
           {"PCIROOT(0)#PCI(1C02)", "00/1c.2"},
           {"PCIROOT(B4)#PCI(0000)#PCI(0A07)", "b4/00.0/0a.7"},
           {"PCIROOT(0)", "00"},
           {"PCIROOT(0)#ACPI(x)", ""},
           {"PCIROOT(0)#PCI(0200", ""},
           {"PCIROOT(x)#PCI(0200)", ""},
           {"ACPI", ""},
           {"", ""}}) {
    EXPECT_EQ(windows_device(location + "|10DE|1B80|0||x").path, path) << location;
  }
}

TEST(GuestReport, AProblemThatIsNoNumberIsNone) {
  for (const char* problem : {"", "CM_PROB_FAILED_POST_START", "-1"}) {
    EXPECT_EQ(windows_device(std::string("PCIROOT(0)|10DE|1B80|") + problem + "||x").problem, 0);
  }
}

TEST(GuestReport, ASentenceOfNvidiasDriverIsOneLine) {
  const GuestReport report(
      "=== kernel-log\n"
      "[1.0] nvidia: loading out-of-tree module\n"
      "[2.0] NVRM: The NVIDIA GPU 0000:01:00.0\n"
      "[2.0] NVRM: (PCI ID: 10de:20b0) installed in this system has\n"
      "[2.0] NVRM: fallen off the bus and is not responding to commands.\n"
      "[2.1] NVRM: loading\n"
      "[3.0] NVRM: The NVIDIA GPU 0000:02:00.0\n"
      "[3.0] NVRM: The NVIDIA GPU 0000:03:00.0 is well.\n");
  EXPECT_THAT(report.part("kernel-log"),
              ElementsAre("[1.0] nvidia: loading out-of-tree module",
                          "[2.0] NVRM: The NVIDIA GPU 0000:01:00.0 (PCI ID: 10de:20b0) installed "
                          "in this system has fallen off the bus and is not responding to "
                          "commands.",
                          "[2.1] NVRM: loading", "[3.0] NVRM: The NVIDIA GPU 0000:02:00.0",
                          "[3.0] NVRM: The NVIDIA GPU 0000:03:00.0 is well."));
}

TEST(GuestReport, ASentenceWithoutAnEndDoesNotTakeAllThatFollows) {
  std::string text = "=== kernel-log\nNVRM: The NVIDIA GPU 0000:01:00.0\n";
  for (int i = 0; i < 20; ++i) text += "NVRM: word" + std::to_string(i) + "\n";
  const GuestReport report(text);
  EXPECT_EQ(report.part("kernel-log").size(), 15U) << "six lines belong to the first";
}

TEST(AddressIn, IsTheFirstOne) {
  for (const auto& [text, address] : std::vector<std::pair<std::string, std::string>>{
           {"0000:01:00.0", "0000:01:00.0"},
           {"00000000:C1:00.0, NVIDIA H100", "00000000:C1:00.0"},
           {"GPU0 at 10000:e1:1f.7: and 0000:01:00.0", "10000:e1:1f.7"},
           {"pci 0000:01:00.0: BAR 1", "0000:01:00.0"},
           {":01:00.0", ":01:00.0"},
           {"Xid (PCI:0000:01:00): 79", ""},
           {"driver 580.95.05", ""},
           {"1.2.3.4", ""},
           {"0000:01:00.", ""},
           {"0000:01:0g.0", ""},
           {"", ""},
           {".", ""}}) {
    EXPECT_EQ(address_in(text), address) << text;
  }
}

}  // namespace
}  // namespace cluster::frontend
