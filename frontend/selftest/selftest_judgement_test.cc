// The files *.said in tests/data/selftest are what selftest.sh made of the documented output of the
// tools (sources.md there): gpupci1 is NVIDIA's, gpupci2 AMD's.
#include "frontend/selftest/selftest_judgement.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "core/file.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string data(const std::string& name) {
  return read_file(std::string(SELFTEST_DATA) + "/" + name).value();
}

GpuCard tested(const std::string& name, const std::string& pci, const std::string& vendor) {
  const auto at = PciAddress::parse(pci);
  return {GpuName(name), at, {}, {}, {}, {}, {}, false, {{at, "0302", vendor, "27b8", {}, {}, {}}}};
}

const std::vector<GpuCard> kCards{tested("gpupci1", "0000:c1:00.0", "10de"),
                                  tested("gpupci2", "0000:c3:00.0", "1002")};

// "T1 PASS reason; fix" of one check.
std::string told(const std::string& said, const std::string& card, const std::string& id,
                 const std::string& why = "") {
  for (const auto& one : judge_selftest(kCards, said, why)) {
    if (one.card != card || one.id != id) continue;
    return std::string(name(one.result)) + " " + one.reason + (one.fix.empty() ? "" : "; ") +
           one.fix;
  }
  return "no such check";
}

// The healthy recording with each `from` replaced.
std::string with(const std::string& from, const std::string& to) {
  auto said = data("healthy.said");
  auto at = said.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  for (; at != std::string::npos; at = said.find(from, at + to.size())) {
    said.replace(at, from.size(), to);
  }
  return said;
}

std::string nvidia(const std::string& id, const std::string& from, const std::string& to) {
  return told(with(from, to), "gpupci1", id);
}
std::string amd(const std::string& id, const std::string& from, const std::string& to) {
  return told(with(from, to), "gpupci2", id);
}

// The document of dcgmi in the healthy recording, replaced.
std::string diagnosed(const std::string& document, const std::string& end = "done 226 dcgmi") {
  std::string lines;
  for (const auto line : split(document, '\n')) lines += "| " + std::string(line) + "\n";
  return told("card gpupci1\npart diag\n" + lines + end + "\n", "gpupci1", "T5");
}

TEST(SelftestJudgement, WhatTheToolsSayIsUnderstood) {
  const auto said = data("healthy.said");
  std::string all;
  for (const auto& one : judge_selftest(kCards, said, "")) {
    all += one.card + " " + one.id + " " + std::string(name(one.result)) + " " + one.reason + "\n";
  }
  EXPECT_EQ(all,
            R"(gpupci1 T1 PASS 0 uncorrected and 1 corrected errors of memory since its driver began
gpupci1 T2 PASS rows remapped: 0 for uncorrectable errors, 2 for correctable ones
gpupci1 T3 PASS its link has 16.0 GT/s x16 while it is used
gpupci1 T4 PASS 24.9 GB/s to it, 26.3 GB/s from it, of 31.5 GB/s, the rate of 16.0 GT/s x16
gpupci1 T5 PASS dcgmi diag -r 1 finds no error of it
gpupci2 T1 PASS 0 uncorrected and 2 corrected errors of memory since its driver began
gpupci2 T2 PASS 2 bad pages
gpupci2 T3 PASS its link has 16.0 GT/s x8 while it is used
gpupci2 T4 PASS 12.6 GB/s to it, 12.6 GB/s from it, of 15.8 GB/s, the rate of 16.0 GT/s x8
)");
}

TEST(SelftestJudgement, WithoutToolsNothingPasses) {
  const auto said = data("no-tools.said");
  for (const auto* id : {"T1", "T2", "T4", "T5"}) {
    EXPECT_EQ(told(said, "gpupci1", id),
              "UNKNOWN there is no nvidia-smi on the host; install the tools of NVIDIA's driver");
  }
  EXPECT_EQ(told(said, "gpupci2", "T4"),
            "UNKNOWN there is no rocm-bandwidth-test on the host; install rocm-bandwidth-test");
  for (const auto* card : {"gpupci1", "gpupci2"}) {
    EXPECT_EQ(told(said, card, "T3"), "UNKNOWN no tool has used its link: see T4");
  }
}

TEST(SelftestJudgement, CountsErrorsOfMemory) {
  EXPECT_THAT(nvidia("T1", "Enabled, 0, 1", "Enabled, 3, 1"),
              StartsWith("FAIL 3 uncorrected and 1 corrected errors of memory"));
  EXPECT_EQ(nvidia("T1", "Enabled, 0, 1", "[N/A], [N/A], [N/A]"), "PASS it has no ECC");
  EXPECT_EQ(nvidia("T1", "Enabled, 0, 1", "Disabled, [N/A], [N/A]"),
            "UNKNOWN its ECC is off: nobody counts errors of its memory; nvidia-smi -i "
            "0000:c1:00.0 -e 1, then reboot the host");
  EXPECT_THAT(amd("T1", "| ue: 0\n", "| ue: 0\n| ce: 1\n| ue: 5\n"),
              StartsWith("FAIL 5 uncorrected and 3 corrected errors"));
}

TEST(SelftestJudgement, SeesMemoryThatIsOutOfUse) {
  EXPECT_THAT(nvidia("T2", "2, 0, No, No", "2, 1, Yes, No"),
              StartsWith("WARN bad memory is yet to be taken out of use: rows remapped: 1"));
  EXPECT_THAT(nvidia("T2", "2, 0, No, No", "2, 1, 0, 1"),
              StartsWith("FAIL bad memory could not be taken out of use"));
  const std::string old = "| [N/A], [N/A], [N/A], [N/A]\ndone 0 nvidia-smi\npart pages\n| ";
  const std::string rows = "| 2, 0, No, No\ndone 0 nvidia-smi\npart pages\n| [N/A], [N/A], [N/A]";
  EXPECT_EQ(nvidia("T2", rows, old + "7, 1, No"),
            "PASS pages retired: 1 for uncorrectable errors, 7 for correctable ones");
  EXPECT_THAT(nvidia("T2", rows, old + "7, 1, Yes"), StartsWith("WARN bad memory is yet to be"));
  EXPECT_EQ(nvidia("T2", rows, old + "[N/A], [N/A], [N/A]"), "PASS it takes no memory out of use");
  EXPECT_THAT(amd("T2", "02 : 0x00001000 : R", "02 : 0x00001000 : P"),
              StartsWith("WARN bad memory is yet to be taken out of use: 2 bad pages"));
  EXPECT_THAT(amd("T2", "02 : 0x00001000 : R", "02 : 0x00001000 : F"), StartsWith("FAIL bad mem"));
}

TEST(SelftestJudgement, TheSlowestEndOfTheLinkSaysWhatItCan) {
  EXPECT_EQ(nvidia("T3", "|16\ncan 16.0 GT/s PCIe|16", "|16\ncan 16.0 GT/s PCIe|8"),
            "PASS its link has 16.0 GT/s x16 while it is used");
  EXPECT_EQ(nvidia("T3", "PCIe|16\ndone", "PCIe|8\ndone"),
            "WARN its link has 16.0 GT/s x8 while it is used, and could have 16.0 GT/s x16; reseat "
            "the card, check its riser");
  EXPECT_THAT(nvidia("T3", "link 16.0", "link 2.5"), StartsWith("WARN its link has 2.5 GT/s x16"));
  EXPECT_EQ(nvidia("T3", "can 16.0 GT/s PCIe|16", "can |"),
            "UNKNOWN the kernel does not show what its link can do");
}

TEST(SelftestJudgement, LittleBandwidthOnlyWarns) {
  EXPECT_EQ(
      nvidia("T4", "24.93", "3.1"),
      "WARN 3.1 GB/s to it, 26.3 GB/s from it: less than 70% of 31.5 GB/s, the rate of 16.0 GT/s "
      "x16; see T3, D16 and D17");
  EXPECT_THAT(amd("T4", "12.611", "2.26"),
              StartsWith("WARN 2.3 GB/s to it, 2.3 GB/s from it: less"));
}

TEST(SelftestJudgement, WhatIsNotAsExpectedIsUnknown) {
  const std::string strange = "UNKNOWN cannot understand what ";
  for (const auto* text :
       {"Enabled, -1, 0", "Enabled, 0", "on, x, 0", "Enabled, 0, 0\n| more", ""}) {
    EXPECT_THAT(nvidia("T1", "Enabled, 0, 1", text), StartsWith(strange + "nvidia-smi says"))
        << text;
  }
  EXPECT_THAT(nvidia("T2", "2, 0, No, No", "2, 0, maybe, No"), StartsWith(strange));
  EXPECT_THAT(amd("T1", "| ue: 0\n", "| ue: many\n"), StartsWith(strange + "grep"));
  EXPECT_THAT(amd("T1", "| ue: 0\n", ""), StartsWith(strange));
  EXPECT_THAT(amd("T2", "| 0x00000002", "| cat: \x1b[2J"), HasSubstr("\\x1b[2J"));
  EXPECT_THAT(amd("T2", "| 0x00000002", "| \xff"), HasSubstr("\\xff"));
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"\"Passed\"", "\"Waived\""},
                                                        {"\"24.93\"", "\"N/A\""},
                                                        {"\"24.93\"", "24.93"},
                                                        {"\"24.93\"", "\"24.93\", \"25.01\""},
                                                        {"host_to_device_memcpy_ce", "other"},
                                                        {"\"testcases\"", "\"tests\""},
                                                        {"| {", "| ["}}) {
    EXPECT_THAT(nvidia("T4", from, to), StartsWith(strange + "nvbandwidth says")) << to;
  }
  EXPECT_THAT(amd("T4", "128 MB ", "12.8 MB "), StartsWith(strange + "rocm-bandwidth-test says"));
  for (const auto* document : {"", "{", "{}", "[]", R"({"DCGM Diagnostic": []})",
                               R"({"DCGM Diagnostic": {"test_categories": [7]}})",
                               R"({"DCGM Diagnostic": {"test_categories": []}})"}) {
    EXPECT_THAT(diagnosed(document), StartsWith("UNKNOWN dcgmi ended with status 226")) << document;
    EXPECT_THAT(diagnosed(document, "done 0 dcgmi"), StartsWith(strange + "dcgmi")) << document;
  }
}

TEST(SelftestJudgement, AToolThatFailsOrHangsIsTold) {
  EXPECT_EQ(nvidia("T1", "| Enabled, 0, 1\ndone 0", "| No devices were found\ndone 9"),
            "UNKNOWN nvidia-smi ended with status 9: No devices were found");
  EXPECT_THAT(nvidia("T1", "| Enabled, 0, 1\ndone 0", "| GPU is lost.\ndone 15"),
              StartsWith("FAIL nvidia-smi ended with status 15: GPU is lost."));
  EXPECT_THAT(nvidia("T4", "done 0 nvbandwidth", "done 15 nvbandwidth"), StartsWith("UNKNOWN "));
  EXPECT_EQ(nvidia("T4", "done 0 nvbandwidth", "not nvbandwidth did not end in 60 s\tsee the log"),
            "UNKNOWN nvbandwidth did not end in 60 s; see the log");
  EXPECT_EQ(nvidia("T4", "done 0 nvbandwidth", "done x"), "UNKNOWN  x");
}

TEST(SelftestJudgement, AReasonMayHaveASemicolon) {
  const auto said = with("done 0 nvbandwidth", "not it is off; so are others\tswitch it on; wait");
  const auto checks = judge_selftest(kCards, said, "");
  const auto at = std::ranges::find(checks, "T4", &CheckAnswer::id);
  ASSERT_NE(at, checks.end());
  EXPECT_EQ(at->reason, "it is off; so are others");
  EXPECT_EQ(at->fix, "switch it on; wait");
  EXPECT_EQ(nvidia("T4", "done 0 nvbandwidth", "not it is off; so are others\t"),
            "UNKNOWN it is off; so are others");
}

TEST(SelftestJudgement, WhatWasCutOffIsNotLost) {
  const auto said = data("healthy.said");
  const auto cut = said.substr(0, said.find("done 226"));
  EXPECT_THAT(told(cut, "gpupci1", "T4", "60 s are over"), StartsWith("PASS"));
  EXPECT_EQ(told(cut, "gpupci1", "T5", "60 s are over"),
            "UNKNOWN the test did not come so far: 60 s are over");
  for (const auto* id : {"T1", "T2", "T4"}) {
    EXPECT_EQ(told(cut, "gpupci2", id, "60 s are over"),
              "UNKNOWN the test did not come so far: 60 s are over");
  }
  EXPECT_EQ(judge_selftest(kCards, "", "off").size(), 9U);
}

TEST(SelftestJudgement, DcgmFailsByErrorsOfTheCardAlone) {
  const auto document = data("dcgmi-diag.json");
  EXPECT_EQ(diagnosed(document), "PASS dcgmi diag -r 1 finds no error of it");
  const auto replaced = [&](const std::string& from, const std::string& to) {
    auto text = document;
    return text.replace(text.find(from), from.size(), to);
  };
  EXPECT_THAT(diagnosed(replaced("\"error_severity\": 5", "\"error_severity\": 2")),
              StartsWith("FAIL dcgmi diag -r 1: software: Persistence Mode"));
  EXPECT_THAT(diagnosed(replaced("\"Fail\"", "\"Warn\"")), StartsWith("WARN dcgmi diag"));
  EXPECT_THAT(diagnosed(replaced("\"Fail\"", "\"Not run\"")), StartsWith("UNKNOWN dcgmi diag"));
  EXPECT_THAT(diagnosed(replaced("\"Fail\"", "\"Skip\"")), StartsWith("UNKNOWN"));
  EXPECT_EQ(diagnosed(data("dcgmi-diag-3.json")),
            "FAIL dcgmi diag -r 1: Page Retirement/Row Remap: GPU 3 has uncorrectable memory "
            "errors and row remappings are pending; dcgmi diag -r 2 on the host tells more");
  EXPECT_THAT(diagnosed("WARNING: no root\n" + document + "\nbye"), StartsWith("PASS"));
}

}  // namespace
}  // namespace cluster::frontend
