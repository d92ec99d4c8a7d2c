// Each line that nvidia-smi prints for a card, or in its place, and what is made of it. The card is
// at 0000:01:00.0.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "frontend/guests/guest_faults.h"

namespace cluster::frontend {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

GuestReport smi_report(const std::string& lines, const std::string& more = "") {
  return GuestReport("=== os\nDebian\n" + more + "=== nvidia-smi\n" + lines + "=== end\n");
}

GuestDevice smi_card(const std::string& address = "0000:01:00.0") {
  GuestDevice gpu;
  gpu.address = address;
  gpu.vendor = "10de";
  return gpu;
}

SmiContext smi_context() { return {"v1", "n1", false, {}}; }

// "REASON; FIX", with '?' behind one that may be no fault of the card's; "" = none.
std::string smi_words(const GuestReport& report, const GuestDevice& gpu = smi_card(),
                      const SmiContext& context = smi_context()) {
  const auto fault = smi_fault(report, gpu, context);
  return fault ? fault->reason + "; " + fault->fix + (fault->warns ? "?" : "") : "";
}

struct SmiSaid {
  const char* lines;
  const char* words;
};

constexpr const char* kHandle = "Unable to determine the device handle for GPU0: ";

const std::vector<SmiSaid> kSmiSaid{
    {"00000000:01:00.0, NVIDIA L4, 580.95.05\nstatus 0\n", ""},
    {"00000000:01:00.0, [N/A], 580.95.05\nstatus 0\n", ""},
    {"missing\n", "there is no nvidia-smi in the guest; cluster run roll guest host=v1 apply=yes"},
    {"00000000:01:00.0, [Unknown Error], 580.95.05\nstatus 0\n",
     "nvidia-smi: Unknown Error; in the guest: dmesg | grep NVRM; restart the VM"},
    {"00000000:01:00.0, [GPU requires reset], 580.95.05\nstatus 0\n",
     "nvidia-smi: GPU requires reset; stop the VM, reset or power-cycle the container, start it "
     "again"},
    {"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that "
     "the latest NVIDIA driver is installed and running.\nstatus 9\n",
     "nvidia-smi finds no NVIDIA driver; as I4 says"},
    {"Failed to initialize NVML: Driver/library version mismatch\nstatus 18\n",
     "nvidia-smi is of another version than the module that runs; restart the guest, which was "
     "updated"},
    {"Failed to initialize NVML: Insufficient Permissions\nstatus 4\n",
     "who asks there may not use the card (Insufficient Permissions); let root, or the guest's "
     "agent, run the check?"},
    {"No devices were found\nstatus 6\n",
     "nvidia-smi finds no card that its driver could start; in the guest: dmesg | grep NVRM"},
    {"No devices found.\nstatus 6\n",
     "nvidia-smi finds no card that its driver could start; in the guest: dmesg | grep NVRM"},
    {"Failed to initialize NVML: Unknown Error\nstatus 255\n",
     "Failed to initialize NVML: Unknown Error; restart the guest"},
    {"GPU is lost.  Reboot the system to recover this GPU\n",
     "the card fell off the bus: power, heat, its link, or a reset that it did not survive; stop "
     "the VM and power-cycle n1; cluster check host gpu n1 (D1, D14 to D17)"},
    {"status 124\n",
     "nvidia-smi did not end within 30 s; stop the VM, reset or power-cycle the container, start "
     "it again"},
    {"00000000:02:00.0, NVIDIA L4, 580.95.05\nstatus 0\n",
     "nvidia-smi does not list it; in the guest: dmesg | grep NVRM"},
};

TEST(GuestSmi, EachAnswerIsOneFaultOrNone) {
  for (const auto& one : kSmiSaid) EXPECT_EQ(smi_words(smi_report(one.lines)), one.words);
}

TEST(GuestSmi, WhoWasNotAskedHasNoFault) {
  EXPECT_EQ(smi_words(GuestReport("=== os\nDebian\n=== end\n")), "");
}

// nvidia-smi goes on after a card that it cannot reach.
TEST(GuestSmi, ARowOfTheCardIsMoreThanALineAboutAnother) {
  const auto report = smi_report(std::string(kHandle) +
                                 "0000:02:00.0: GPU is lost.\n"
                                 "00000000:01:00.0, NVIDIA L4, 580.95.05\nstatus 15\n");
  EXPECT_EQ(smi_line(report, smi_card()), "NVIDIA L4, 580.95.05");
  EXPECT_EQ(smi_words(report), "");
}

TEST(GuestSmi, AnAddressIsTheSameInCapitalsAndWithMoreDigits) {
  const auto report = smi_report("00000000:C1:00.0, NVIDIA L4, 580.95.05\nstatus 0\n");
  EXPECT_EQ(smi_line(report, smi_card("0000:c1:00.0")), "NVIDIA L4, 580.95.05");
  EXPECT_EQ(smi_line(report, smi_card("0000:01:00.0")), "");
}

TEST(GuestSmi, TwoRowsOfOneCardAreNoAnswer) {
  const std::string row = "00000000:01:00.0, NVIDIA L4, 580.95.05\n";
  EXPECT_EQ(smi_line(smi_report(row + row), smi_card()), "");
}

TEST(GuestSmi, TroubleInPlaceOfANameIsNoLine) {
  EXPECT_EQ(smi_line(smi_report("00000000:01:00.0, [GPU is lost], 580.95.05\n"), smi_card()), "");
}

// What the kernel's log says is nearer to the cause, where nvidia-smi knows little.
TEST(GuestSmi, TheLogOfTheKernelSaysMore) {
  auto context = smi_context();
  context.log = GuestFault{"Xid 119: its firmware (GSP) does not answer", "power-cycle n1"};
  for (const auto* lines :
       {"status 124\n", "No devices were found\nstatus 6\n",
        "Failed to initialize NVML: Unknown Error\n", "00000000:02:00.0, NVIDIA L4, 580\n",
        "00000000:01:00.0, [Unknown Error], 580\n",
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n"}) {
    const auto words = smi_words(smi_report(lines), smi_card(), context);
    EXPECT_THAT(words, ::testing::EndsWith(
                           " (Xid 119: its firmware (GSP) does not answer); power-cycle n1"));
  }
  for (const auto* lines : {"Failed to initialize NVML: Driver/library version mismatch\n",
                            "00000000:01:00.0, [GPU is lost], 580\n", "missing\n"}) {
    EXPECT_THAT(smi_words(smi_report(lines), smi_card(), context),
                ::testing::Not(HasSubstr("Xid")));
  }
}

// It has one cause after another: power, its regions, its sleep, and else nobody knows.
TEST(GuestSmi, ACardWithoutAHandleHasItsLikeliestCause) {
  const auto report = smi_report(std::string(kHandle) + "0000:01:00.0: Unknown Error\n");
  EXPECT_EQ(smi_words(report),
            "Unable to determine the device handle; restart the VM; Resizable BAR off in the "
            "firmware of n1; a newer driver in the guest");
  auto asleep = smi_card();
  asleep.power = "D3hot";
  EXPECT_EQ(smi_words(report, asleep),
            "Unable to determine the device handle: it sleeps in power state D3hot; on n1: options "
            "vfio-pci disable_idle_d3=1");
  auto context = smi_context();
  context.has_unplaced = true;
  EXPECT_EQ(smi_words(report, asleep, context),
            "Unable to determine the device handle: its BARs are not placed; as I3 says");
  EXPECT_EQ(
      smi_words(smi_report(std::string(kHandle) + "0000:01:00.0: Insufficient External Power\n"),
                asleep, context),
      "Unable to determine the device handle: its power cables do not give enough; look at "
      "the card's power connectors in n1");
}

TEST(GuestSmi, AComplaintWithoutAnAddressIsAboutAnyCard) {
  EXPECT_THAT(smi_words(smi_report("Unable to determine the device handle: Unknown Error\n")),
              StartsWith("Unable to determine the device handle; "));
}

TEST(GuestSmi, WindowsInstallsItsDriverByItself) {
  EXPECT_EQ(smi_words(smi_report("missing\n", "=== pnp\n")),
            "there is no nvidia-smi in the guest; install NVIDIA's driver in the guest");
}

}  // namespace
}  // namespace cluster::frontend
