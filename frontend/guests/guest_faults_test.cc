// What drivers say in many words: the recording of a healthy guest, with parts of it as others have
// seen them. The card is at 0000:01:00.0.
#include "frontend/guests/guest_faults.h"

#include <gmock/gmock.h>

#include <map>

#include "core/file.h"
#include "frontend/guests/guest_judgement.h"

namespace cluster::frontend {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kHealthyRow = "00000000:01:00.0, NVIDIA H100 80GB HBM3, 580.95.05\n";
constexpr const char* kNoHandle =
    "Unable to determine the device handle for GPU0: 0000:01:00.0: Unknown Error\nstatus 15\n";

// `text` with other lines in a part.
std::string with_part(std::string text, const std::string& part, const std::string& lines) {
  const auto mark = "=== " + part + "\n";
  const auto begin = text.find(mark) + mark.size();
  return text.replace(begin, text.find("=== ", begin) - begin, lines);
}

struct SeenWords {
  const char* what;
  const char* driver;  // of the card
  std::map<std::string, std::string> parts;
  const char* verdicts;  // of I3 to I6
  const char* id;
  const char* reason;  // a piece of it
};

const std::vector<SeenWords> kSeenWords{
    {"a boot tells which power states wake it up",
     "nvidia",
     {{"kernel-log", "[ 0.9] pci 0000:01:00.0: PME# supported from D0 D3hot D3cold\n"}},
     "PASS PASS PASS PASS",
     "I5",
     "says nothing against it"},
    {"it does not wake",
     "nvidia",
     {{"kernel-log",
       "[ 9.1] nvidia 0000:01:00.0: Unable to change power state from D3cold to D0, "
       "device inaccessible\n"},
      {"nvidia-smi", kNoHandle}},
     "PASS PASS FAIL FAIL",
     "I5",
     "D3cold"},
    {"an older kernel on that",
     "nvidia",
     {{"kernel-log",
       "[ 9.1] nvidia 0000:01:00.0: Refused to change power state, currently in D3\n"},
      {"nvidia-smi", kNoHandle}},
     "PASS PASS FAIL FAIL",
     "I5",
     "D3cold"},
    {"a double bit error, and what it ended",
     "nvidia",
     {{"kernel-log",
       "[1] NVRM: Xid (PCI:0000:01:00): 48, pid='<unknown>', name=<unknown>, DBE (double bit "
       "error)\n"
       "[1] NVRM: Xid (PCI:0000:01:00): 63, pid='<unknown>', Row Remapper: New row marked\n"
       "[2] NVRM: Xid (PCI:0000:01:00): 45, pid=71, name=python3, Ch 00000008\n"}},
     "PASS PASS FAIL PASS",
     "I5",
     "Xid 48: an uncorrectable memory error"},
    {"GSP that does not answer asks for a reset",
     "nvidia",
     {{"kernel-log",
       "[1] NVRM: Xid (PCI:0000:01:00): 119, pid=7, name=x, Timeout after 6s of waiting for RPC\n"
       "[2] NVRM: Xid (PCI:0000:01:00): 154, GPU recovery action changed from 0x0 (None) to 0x1 "
       "(GPU Reset Required)\n"}},
     "PASS PASS FAIL PASS",
     "I5",
     "Xid 119"},
    {"a reset that is asked for alone",
     "nvidia",
     {{"kernel-log",
       "[2] NVRM: Xid (PCI:0000:01:00): 154, GPU recovery action changed from 0x0 (None) to 0x4 "
       "(Drain and Reset)\n"}},
     "PASS PASS FAIL PASS",
     "I5",
     "it asks for recovery: Drain and Reset"},
    {"a reset that is not asked for any more",
     "nvidia",
     {{"kernel-log",
       "[2] NVRM: Xid (PCI:0000:01:00): 154, GPU recovery action changed from 0x1 (GPU Reset "
       "Required) to 0x0 (None)\n"}},
     "PASS PASS PASS PASS",
     "I5",
     "says nothing against it"},
    {"an instance of a card",
     "nvidia",
     {{"kernel-log",
       "[2] NVRM: Xid (PCI:0000:01:00 GPU-I:05): 94, Contained: CE User Channel (0x9). RST: No\n"}},
     "PASS PASS WARN PASS",
     "I5",
     "Xid 94"},
    {"another card's error",
     "nvidia",
     {{"kernel-log",
       "[2] NVRM: Xid (PCI:0000:02:00): 79, pid='<unknown>', GPU has fallen off the bus.\n"}},
     "PASS PASS PASS PASS",
     "I5",
     "says nothing against it"},
    {"it fell off before its driver came",
     "-",
     {{"kernel-log",
       "[4] NVRM: The NVIDIA GPU 0000:01:00.0\n[4] nvidia 0000:02:00.0: enabling device\n"
       "[4] NVRM: (PCI ID: 10de:2330) installed in this system has\n"
       "[4] NVRM: fallen off the bus and is not responding to commands.\n"
       "[4] nvidia: probe of 0000:01:00.0 failed with error -1\n"},
      {"nvidia-smi", "No devices were found\nstatus 6\n"}},
     "PASS FAIL FAIL FAIL",
     "I5",
     "fell off the bus"},
    {"another card wants the open modules",
     "-",
     {{"kernel-log",
       "[4] NVRM: The NVIDIA GPU 0000:02:00.0 (PCI ID: 10de:2901)\n"
       "[4] NVRM: installed in this system requires use of the NVIDIA open kernel modules.\n"},
      {"nvidia-smi", "No devices were found\nstatus 6\n"}},
     "PASS FAIL PASS FAIL",
     "I4",
     "NVIDIA's module runs, and does not hold it"},
    {"nobody loaded it",
     "-",
     {{"modules", ""}, {"nvidia-version", ""}, {"nvidia-smi", "No devices were found\nstatus 6\n"}},
     "PASS FAIL PASS FAIL",
     "I4",
     "no driver holds it, though NVIDIA's is installed"},
    {"its driver is too old",
     "-",
     {{"kernel-log",
       "[4] NVRM: The NVIDIA GPU 0000:01:00.0 (PCI ID: 10de:2b85)\n"
       "[4] NVRM: installed in this system is not supported by the\n"
       "[4] NVRM: NVIDIA 535.183.01 driver release.\n"
       "[4] NVRM: Please see 'Appendix A - Supported NVIDIA GPU Products' in this\n"},
      {"nvidia-smi", "No devices were found\nstatus 6\n"}},
     "PASS FAIL PASS FAIL",
     "I4",
     "does not know this card"},
    {"its driver is too new",
     "-",
     {{"kernel-log",
       "[4] NVRM: The NVIDIA Tesla K80 GPU installed in this system is\n"
       "[4] NVRM:  supported through the NVIDIA 470.xx Legacy drivers. Please\n"
       "[4] NVRM:  visit http://www.nvidia.com/object/unix.html for more\n"},
      {"nvidia-smi", "No devices were found\nstatus 6\n"}},
     "PASS FAIL PASS FAIL",
     "I4",
     "wants an older branch"},
    {"lockdown refuses an unsigned module",
     "-",
     {{"kernel-log",
       "[4] Lockdown: modprobe: unsigned module loading is restricted; see man "
       "kernel_lockdown.7\n"},
      {"secure-boot", "   1\n"},
      {"modules", ""},
      {"nvidia-smi", "No devices were found\nstatus 6\n"}},
     "PASS FAIL PASS FAIL",
     "I4",
     "Secure Boot refuses"},
    {"a framebuffer driver holds it",
     "nvidiafb",
     {{"nvidia-smi", "No devices were found\nstatus 6\n"}},
     "PASS FAIL PASS FAIL",
     "I4",
     "nvidiafb is in the way"},
    {"a guest of the guest has it",
     "nvgrace_gpu_vfio_pci",
     {{"nvidia-smi", "No devices were found\nstatus 6\n"}},
     "PASS WARN PASS FAIL",
     "I4",
     "for a VM in this guest"},
    {"a module that was updated and not loaded anew",
     "nvidia",
     {{"modinfo", "590.44.01\nDual MIT/GPL\n"}},
     "PASS PASS PASS PASS",
     "I4",
     "nvidia holds it, 580.95.05"},
    {"a start that failed, before one that did not",
     "nvidia",
     {{"kernel-log",
       "[4] NVRM: GPU 0000:01:00.0: RmInitAdapter failed! (0x62:0x40:2477)\n"
       "[4] NVRM: BAR1 is 0M @ 0x0 (PCI:0000:01:00.0)\n"}},
     "PASS PASS WARN PASS",
     "I5",
     "that was earlier, as it answers now"},
    {"its firmware came, and it did not start",
     "nvidia",
     {{"kernel-log",
       "[3] nvidia 0000:01:00.0: firmware: direct-loading firmware nvidia/580.95.05/gsp_ga10x.bin\n"
       "[4] NVRM: GPU 0000:01:00.0: RmInitAdapter failed! (0x62:0x40:2477)\n"},
      {"nvidia-smi", "No devices were found\nstatus 6\n"}},
     "PASS PASS FAIL FAIL",
     "I5",
     "could not start the card"},
    {"a row without a card",
     "nvidia",
     {{"nvidia-smi", "00000000:01:00.0, [GPU is lost], 580.95.05\nstatus 15\n"}},
     "PASS PASS PASS FAIL",
     "I6",
     "fell off the bus"},
    {"a row that tells no name",
     "nvidia",
     {{"nvidia-smi", "00000000:01:00.0, [Unknown Error], [Unknown Error]\nstatus 0\n"}},
     "PASS PASS PASS FAIL",
     "I6",
     "nvidia-smi: Unknown Error"},
    {"a row that wants a reset",
     "nvidia",
     {{"nvidia-smi", "00000000:01:00.0, [GPU requires reset], 580.95.05\nstatus 0\n"}},
     "PASS PASS PASS FAIL",
     "I6",
     "GPU requires reset"},
    {"two cards without a handle",
     "nvidia",
     {{"nvidia-smi",
       "Unable to determine the device handle for GPU0: 0000:01:00.0: Insufficient External "
       "Power\n"
       "Unable to determine the device handle for GPU1: 0000:02:00.0: Unknown Error\nstatus 15\n"}},
     "PASS PASS PASS FAIL",
     "I6",
     "power cables"},
    {"another card without a handle",
     "nvidia",
     {{"nvidia-smi",
       "Unable to determine the device handle for GPU 0000:0A:00.0: GPU is lost.  Reboot the "
       "system to recover this GPU\nstatus 15\n"}},
     "PASS PASS PASS WARN",
     "I6",
     "stops at another card, 0000:0A:00.0"},
    {"a driver without its libraries",
     "nvidia",
     {{"nvidia-smi",
       "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please make sure that "
       "the NVIDIA Display Driver is properly installed and present in your system.\nstatus 12\n"}},
     "PASS PASS PASS FAIL",
     "I6",
     "libnvidia-ml"},
    {"who may not ask",
     "nvidia",
     {{"nvidia-smi", "Failed to initialize NVML: Insufficient Permissions\nstatus 4\n"}},
     "PASS PASS PASS WARN",
     "I6",
     "may not use the card"},
};

std::vector<CheckAnswer> judged_as(const std::string& text) {
  return judge_guest(
      {"v1",
       "n1",
       {{"gpupci1", DeviceKind::gpu, {{"0000:c1:00.0", "00/02.0/00.0", true, "10de", "2330"}}}}},
      text);
}

TEST(GuestFaults, AreToldByManyWords) {
  const auto healthy = read_file(std::string(GUEST_DATA) + "/healthy.txt").value();
  EXPECT_THAT(healthy, HasSubstr(kHealthyRow));
  for (const auto& seen : kSeenWords) {
    const testing::ScopedTrace trace(__FILE__, __LINE__, seen.what);
    auto text = healthy;
    const std::string held = " 0x030200 nvidia D0";
    text.replace(text.find(held), held.size(), " 0x030200 " + std::string(seen.driver) + " D0");
    for (const auto& [part, lines] : seen.parts) text = with_part(text, part, lines);
    std::string verdicts;
    for (const auto& one : judged_as(text)) {
      if (one.id < "I3") continue;
      verdicts += (verdicts.empty() ? "" : " ") + std::string(name(one.result));
      if (one.id == seen.id) {
        EXPECT_THAT(one.reason, HasSubstr(seen.reason));
      }
      EXPECT_TRUE(one.result == Verdict::pass || !one.fix.empty()) << one.id;
    }
    EXPECT_EQ(verdicts, seen.verdicts);
  }
}

// A card that does not answer looks asleep to the kernel, and one asleep looks gone.
TEST(GuestFaults, OfACardWithoutAnAnswerMayBeItsSleep) {
  auto text = read_file(std::string(GUEST_DATA) + "/dead.txt").value();
  EXPECT_THAT(judged_as(text).back().reason, HasSubstr("it fell off the bus: "));
  const std::string awake = "nvidia D0 ffff";
  text.replace(text.find(awake), awake.size(), "nvidia D3cold ffff");
  const auto asleep = judged_as(text).back();
  EXPECT_THAT(asleep.reason, HasSubstr("does not wake from power state D3cold, or fell off"));
  EXPECT_THAT(asleep.fix, HasSubstr("disable_idle_d3=1"));
  EXPECT_THAT(asleep.fix, HasSubstr("power-cycle n1"));
}

// The names of two cards on Windows, of which NVIDIA's tool lists the one that works.
TEST(GuestFaults, OfOneCardAreNotTheOthersOnWindows) {
  const auto said = [](const std::string& first, const std::string& second) {
    return "=== os\nMicrosoft Windows 11 Pro\n=== pnp\n"
           "PCIROOT(0)#PCI(0200)#PCI(0000)|10DE|2330|43|32.0.15.6094|NVIDIA H100" +
           first +
           "\nPCIROOT(0)#PCI(0200)#PCI(0001)|10DE|22a3|0|1.4|High Definition Audio Controller" +
           "\nPCIROOT(0)#PCI(0300)#PCI(0000)|10DE|2331|0|32.0.15.6094|NVIDIA H100" + second +
           "\n=== nvidia-smi\n00000000:02:00.0, NVIDIA H100, 560.94\nstatus 0\n=== end\n";
  };
  const auto with = judged_as(said("|0000:01:00.0", "|0000:02:00.0"));
  EXPECT_EQ(with.back().id, "I6");
  EXPECT_EQ(with.back().result, Verdict::fail);
  const auto without = judged_as(said("", ""));
  EXPECT_EQ(without.back().id, "I6");
  EXPECT_EQ(without.back().result, Verdict::unknown);
}

// NVIDIA refused GeForce cards in VMs, and no others.
TEST(GuestFaults, ACardForServersIsNotHiddenFrom) {
  const auto code43 = read_file(std::string(GUEST_DATA) + "/code-43.txt").value();
  auto tesla = code43;
  const std::string name = "GeForce GTX 1080";
  tesla.replace(tesla.find(name), name.size(), "Tesla T4");
  for (const auto& [text, piece] :
       {std::pair(code43, "hide_hypervisor"), std::pair(tesla, "ROM")}) {
    for (const auto& one : judged_as(text)) {
      if (one.id == "I4") {
        EXPECT_THAT(one.fix, HasSubstr(piece));
      }
      EXPECT_THAT(one.fix, Not(HasSubstr("run roll guest")));  // it is for Linux
    }
  }
}

}  // namespace
}  // namespace cluster::frontend
