// Each recording in tests/data/guest is what guest_facts.sh said in a guest with one fault. The
// card was given at 0000:00:02.0/0000:01:00.0.
#include "frontend/guests/guest_judgement.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <set>

#include "core/file.h"

namespace cluster::frontend {
namespace {

using ::testing::HasSubstr;

GivenCards given() {
  return {"v1",
          "n1",
          {{"gpupci1", DeviceKind::gpu, {{"0000:c1:00.0", "00/02.0/00.0", true, "10de", "2330"}}}}};
}

std::vector<CheckAnswer> judged(const std::string& name, const GivenCards& cards = given()) {
  const auto text = read_file(std::string(GUEST_DATA) + "/" + name + ".txt");
  EXPECT_TRUE(text) << name;
  return judge_guest(cards, text.value_or(""));
}

// "I2 PASS, I3 FAIL".
std::string verdicts(const std::vector<CheckAnswer>& checks) {
  std::string text;
  for (const auto& one : checks) {
    text += (text.empty() ? "" : ", ") + one.id + " " + std::string(name(one.result));
  }
  return text;
}

struct Row {
  const char* recording;
  const char* verdicts;
  const char* id;      // the check that tells the cause
  const char* reason;  // a piece of it
  const char* fix;     // a piece of it
};

constexpr const char* kAll = "I2 PASS, I3 PASS, I4 PASS, I5 PASS, I6 PASS";

const std::vector<Row> kRows{
    {"healthy", kAll, "I6", "NVIDIA H100 80GB HBM3, 580.95.05", ""},
    {"bar-not-placed", "I2 PASS, I3 FAIL, I4 FAIL, I5 PASS, I6 FAIL", "I3",
     "region 2 of 131072 MiB, region 4 of 32 MiB of 0000:01:00.0 has no address",
     "vm_maxphysaddr passthrough"},
    {"bar-0m", "I2 PASS, I3 FAIL, I4 PASS, I5 FAIL, I6 FAIL", "I3", "region 0 of 16M",
     "Resizable BAR"},
    {"bar-0m", "I2 PASS, I3 FAIL, I4 PASS, I5 FAIL, I6 FAIL", "I5", "BAR0 is 0M @ 0x0", "I3"},
    {"handle-bar", "I2 PASS, I3 FAIL, I4 PASS, I5 PASS, I6 FAIL", "I6",
     "Unable to determine the device handle: its BARs are not placed", "I3"},
    {"handle-unknown", "I2 PASS, I3 PASS, I4 PASS, I5 PASS, I6 FAIL", "I6",
     "Unable to determine the device handle", "Resizable BAR off in the firmware of n1"},
    {"handle-power", "I2 PASS, I3 PASS, I4 PASS, I5 PASS, I6 FAIL", "I6", "power state D3cold",
     "disable_idle_d3=1"},
    {"handle-lost", "I2 PASS, I3 PASS, I4 PASS, I5 PASS, I6 FAIL", "I6", "fell off the bus",
     "power-cycle n1"},
    {"d3cold", "I2 PASS, I3 PASS, I4 FAIL, I5 FAIL, I6 FAIL", "I5", "D3cold", "d3cold_allowed"},
    {"xid-79", "I2 PASS, I3 PASS, I4 PASS, I5 FAIL, I6 FAIL", "I5",
     "Xid 79: the card fell off the bus", "power-cycle n1"},
    {"xid-31", "I2 PASS, I3 PASS, I4 PASS, I5 WARN, I6 PASS", "I5", "Xid 31: a program touched",
     "the program that ran"},
    {"gsp", "I2 PASS, I3 PASS, I4 PASS, I5 FAIL, I6 FAIL", "I6",
     "did not end within 30 s (Xid 119: its firmware (GSP) does not answer)", "power-cycle"},
    {"dead", "I2 FAIL", "I2", "reads ffff", "power-cycle n1"},
    {"no-device", "I2 FAIL", "I2", "no such device in the guest", "cluster stop host vm v1"},
    {"other-slot", "I2 FAIL", "I2", "10de:2330 is in another slot, at 0000:05:00.0",
     "cluster sync vm config v1 diff=yes"},
    {"other-card", "I2 FAIL", "I2", "10de:1eb8 is in its place, and not 10de:2330",
     "cluster discover host gpu n1"},
    {"nouveau", "I2 PASS, I3 PASS, I4 FAIL, I5 PASS, I6 FAIL", "I4", "nouveau is in the way",
     "cluster run roll guest host=v1 apply=yes"},
    {"no-driver", "I2 PASS, I3 PASS, I4 FAIL, I5 PASS, I6 FAIL", "I4",
     "no NVIDIA driver for the running kernel", "cluster run roll guest host=v1 apply=yes"},
    {"not-loaded", "I2 PASS, I3 PASS, I4 FAIL, I5 PASS, I6 FAIL", "I4", "no driver holds it",
     "modprobe nvidia"},
    {"blackwell-proprietary", "I2 PASS, I3 PASS, I4 FAIL, I5 PASS, I6 FAIL", "I4",
     "wants NVIDIA's open kernel modules", "guest_driver=open"},
    {"volta-open", "I2 PASS, I3 PASS, I4 FAIL, I5 PASS, I6 FAIL", "I4", "older than Turing",
     "guest_driver=proprietary"},
    {"secure-boot", "I2 PASS, I3 PASS, I4 FAIL, I5 PASS, I6 FAIL", "I4", "Secure Boot refuses",
     "vm_firmware efi"},
    {"mismatch", "I2 PASS, I3 PASS, I4 PASS, I5 PASS, I6 FAIL", "I6", "another version than",
     "restart the guest"},
    {"rm-init", "I2 PASS, I3 PASS, I4 PASS, I5 FAIL, I6 FAIL", "I5", "RmInitAdapter failed",
     "card is reset"},
    {"user", "I2 PASS, I3 PASS, I4 PASS, I5 UNKNOWN, I6 PASS", "I5", "cannot be read", "root"},
    {"code-43", "I2 PASS, I4 FAIL, I6 FAIL", "I4", "code 43: NVIDIA's driver 460 refuses",
     "hide_hypervisor yes"},
    {"code-43-new-driver", "I2 PASS, I4 FAIL, I6 FAIL", "I4", "code 43: its driver gave",
     "rom_file"},
    {"code-12", "I2 PASS, I3 FAIL, I4 FAIL, I6 FAIL", "I3", "code 12", "vm_maxphysaddr"},
    {"windows", "I2 PASS, I4 PASS, I6 PASS", "I6", "NVIDIA H100, 560.94", ""},
    {"cut", "I1 UNKNOWN, I2 PASS, I3 PASS, I4 PASS, I5 UNKNOWN, I6 UNKNOWN", "I1", "not whole",
     "timeout=300"},
    {"gds", "I2 PASS, I3 PASS, I4 PASS, I5 PASS, I6 PASS, S1 PASS, S2 FAIL, S7 UNKNOWN", "S2",
     "there is no NVIDIA driver", "install the open kernel modules; then again"},
};

TEST(GuestJudgement, TellsTheCauseOfEachFault) {
  for (const auto& row : kRows) {
    const testing::ScopedTrace trace(__FILE__, __LINE__, row.recording);
    const auto checks = judged(row.recording);
    EXPECT_EQ(verdicts(checks), row.verdicts);
    for (const auto& one : checks) {
      if (one.id == row.id) {
        EXPECT_THAT(one.reason, HasSubstr(row.reason));
        EXPECT_THAT(one.fix, HasSubstr(row.fix));
      }
      EXPECT_TRUE(one.result == Verdict::pass || !one.fix.empty() || one.id[0] == 'S') << one.id;
    }
  }
}

TEST(GuestJudgement, HasARowForEachRecording) {
  std::set<std::string> known;
  for (const auto& row : kRows) known.insert(row.recording);
  for (const auto& file : std::filesystem::directory_iterator(GUEST_DATA)) {
    EXPECT_TRUE(known.contains(file.path().stem())) << file.path();
  }
}

// A guest may say whatever it likes. Its card is judged, and the others' are, too.
TEST(GuestJudgement, StandsWhatNoScriptOfOursSays) {
  const std::string device =
      "device x/0000:00:02.0/0000:01:00.0 0x10de 0x2330 0x030200 nvidia D0 de10\n";
  for (const std::string& said : std::vector<std::string>{
           "=== pci\n" + device + "region 1 2 3\n=== end\n",
           "=== pci\n" + device + "region 0 0xfff 0x200\n=== end\n",
           "=== pci\n" + device + "=== kernel-log\nit is 0M @ 0000:01:00.0\n=== end\n",
           "=== pci\n" + device + "=== kernel-log\nXid (PCI:\n=== lspci\nRegion\n=== end\n",
           "=== pci\ndevice / a b c d e f\nregion\n=== end\n"}) {
    EXPECT_FALSE(judge_guest(given(), said).empty()) << said;
  }
}

TEST(GuestJudgement, LetsAGuestJudgeNothingButItsGpudirectStorage) {
  auto cards = given();
  cards.wants_gds = true;
  EXPECT_EQ(verdicts(judge_guest(cards, "=== gds\nI2 PASS yes\nS PASS a\nSx PASS a\n=== end\n")),
            "I2 FAIL, S1 UNKNOWN");
  EXPECT_EQ(verdicts(judge_guest(cards, "=== gds\nS1 PASS a\nI6 PASS a\n=== end\n")),
            "I2 FAIL, S1 PASS");
}

TEST(GuestJudgement, ReadsWhatGdsCheckReports) {
  const auto checks = judge_guest({"v1", "n1", {}, true},
                                  "=== gds\n"
                                  "S1\tFAIL\tNVMe is unsupported; all goes by the CPU\tS2; S3\n"
                                  "S4\tPASS\tthey share no bridge; it needs none\t\n"
                                  "S5\tUNKNOWN\n"
                                  "I6\tPASS\tit judges a card\t\n"
                                  "S7\tGOOD\ta word of a newer one\t\n"
                                  "status 2\n=== end\n");
  ASSERT_EQ(verdicts(checks), "S1 FAIL, S4 PASS, S5 UNKNOWN");
  EXPECT_EQ(checks[0].reason, "NVMe is unsupported; all goes by the CPU");
  EXPECT_EQ(checks[0].fix, "S2; S3");
  EXPECT_EQ(checks[1].reason, "they share no bridge; it needs none");
  EXPECT_EQ(checks[1].fix, "");
}

TEST(GuestJudgement, ACardThatTheDomainDoesNotHaveIsSaid) {
  auto cards = given();
  cards.cards[0].functions[0].path = "";
  cards.cards[0].functions[0].is_defined = false;
  const auto checks = judged("healthy", cards);
  EXPECT_EQ(verdicts(checks), "I2 FAIL");
  EXPECT_THAT(checks[0].reason, HasSubstr("defined without 0000:c1:00.0"));
}

// Something else may be at the place that it will have.
TEST(GuestJudgement, ACardThatWaitsForTheNextStartIsSaid) {
  auto cards = given();
  cards.cards[0].functions[0].path = "";
  const auto checks = judged("healthy", cards);
  EXPECT_EQ(verdicts(checks), "I2 FAIL");
  EXPECT_THAT(checks[0].reason, HasSubstr("the VM runs without 0000:c1:00.0"));
  EXPECT_THAT(checks[0].fix, HasSubstr("comes at its next start"));
}

TEST(GuestJudgement, OneOfTwoEqualCardsIsNotTakenForTheOther) {
  auto cards = given();
  cards.cards.push_back(cards.cards[0]);
  cards.cards[1].name = "gpupci2";
  cards.cards[1].functions[0].path = "00/02.6/00.0";
  const auto checks = judged("healthy", cards);
  EXPECT_EQ(verdicts(checks), std::string(kAll) + ", I2 FAIL");
  EXPECT_THAT(checks.back().reason, HasSubstr("no such device"));
}

TEST(GuestJudgement, MissesGdsCheckWhereTheRollIsOn) {
  auto cards = given();
  cards.wants_gds = true;
  EXPECT_EQ(verdicts(judged("healthy", cards)), std::string(kAll) + ", S1 UNKNOWN");
}

TEST(GuestJudgement, ReadsAnyText) {
  for (const auto* text : {"", "=== pci\ndevice\nregion\n=== pnp\n|||||\n=== lspci\nRegion", "x"}) {
    EXPECT_FALSE(judge_guest(given(), text).empty());
  }
}

}  // namespace
}  // namespace cluster::frontend
