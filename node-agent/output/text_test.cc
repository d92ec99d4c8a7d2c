#include "node-agent/output/text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>

namespace cluster::agent {
namespace {

const PciFunction kVideoFunction{{0, 2, 0, 0}, 0x0300, 0x10de, 0x1c03, "nvidia", 13};
const PciFunction kAudioFunction{{0, 2, 0, 1}, 0x0403, 0x10de, 0x10f1, std::nullopt, 13};

Card card() { return {GpuName("gpupci1"), {kVideoFunction, kAudioFunction}}; }

auto outcome(Outcome video, Outcome audio) {
  auto report = untouched(card());
  report.functions[0].outcome = video;
  report.functions[1].outcome = audio;
  report.steps = {"echo 0000:02:00.0 > unbind", "echo 0000:02:00.0 > probe"};
  return report;
}

TEST(Text, ListsACardAndASlice) {
  EXPECT_EQ(list_line(card()), "gpupci1 pci_0000_02_00_0\n");
  EXPECT_EQ(list_line({GpuName("gpupci1"), {kAudioFunction}, 3}), "gpupci1.3 pci_0000_02_00_1\n");
}

TEST(Text, SaysWhichDriverHasEachFunction) {
  EXPECT_EQ(status_lines(card()),
            "GPU card 'gpupci1' video device 0000:02:00.0 is linked to bus/pci/drivers/nvidia "
            "driver\n"
            "GPU card 'gpupci1' audio device 0000:02:00.1 is not linked to a driver\n");
}

TEST(Text, SaysWhichFunctionsOfTheSlotStayWithTheHost) {
  Card one{GpuName("gpupci1"), {kVideoFunction}};
  one.left_out = {{kAudioFunction, "it is of another vendor (1022)"}};
  EXPECT_EQ(status_lines(one),
            "GPU card 'gpupci1' video device 0000:02:00.0 is linked to bus/pci/drivers/nvidia "
            "driver\n"
            "GPU card 'gpupci1' leaves audio device 0000:02:00.1 to the host: it is of another "
            "vendor (1022)\n");
}

TEST(Text, SaysThatACardIsWedged) {
  EXPECT_EQ(wedged_line("gpupci1", {"2026-11-21T01:20:00Z", "echo 1 > unbind"}),
            "GPU card 'gpupci1' is wedged since 2026-11-21T01:20:00Z (no end of: echo 1 > unbind); "
            "reboot the host\n");
}

TEST(Text, HasTheAncestorsSentenceForEachOutcome) {
  EXPECT_EQ(outcome_lines(outcome(Outcome::detached, Outcome::already_detached), virt::Mode::act),
            "Detached GPU card 'gpupci1' video device 0000:02:00.0\n"
            "GPU card 'gpupci1' audio device 0000:02:00.1 is already detached\n");
  EXPECT_EQ(outcome_lines(outcome(Outcome::attached, Outcome::already_attached), virt::Mode::act),
            "Attached video card 0000:02:00.0 of gpupci1\n"
            "gpupci1 audio card 0000:02:00.1 is already attached\n");
  EXPECT_EQ(outcome_lines(outcome(Outcome::failed, Outcome::held_back), virt::Mode::act),
            "Not reattaching associated audio device 0000:02:00.1\n");
}

TEST(Text, SaysNothingOfWhatDidNotHappen) {
  for (const auto silent : {Outcome::would_detach, Outcome::would_attach, Outcome::rolled_back,
                            Outcome::failed, Outcome::untouched}) {
    EXPECT_EQ(outcome_lines(outcome(silent, silent), virt::Mode::act), "") << word(silent);
  }
}

// The whole output of a dry run is a shell script: steps and comments.
TEST(Text, GivesTheStepsOfADryRun) {
  EXPECT_EQ(
      outcome_lines(outcome(Outcome::would_detach, Outcome::already_detached), virt::Mode::dry_run),
      "# GPU card 'gpupci1' audio device 0000:02:00.1 is already detached\n"
      "echo 0000:02:00.0 > unbind\n"
      "echo 0000:02:00.0 > probe\n");
}

TEST(Text, SaysThatNoDriverHasTaken) {
  EXPECT_EQ(outcome_lines(outcome(Outcome::attached, Outcome::without_driver), virt::Mode::act),
            "Attached video card 0000:02:00.0 of gpupci1\n"
            "GPU card 'gpupci1' audio device 0000:02:00.1 has no driver: no host driver has taken "
            "it\n");
}

TEST(Text, CallsEachFunctionByItsKind) {
  struct Case {
    std::uint16_t device_class;
    std::string_view word;
  };
  for (const auto& one :
       {Case{0x0300, "video"}, Case{0x0302, "video"}, Case{0x0380, "video"}, Case{0x0403, "audio"},
        Case{0x0c03, "usb"}, Case{0x0c80, "serial"}, Case{0x0700, "serial"},
        Case{0x1200, "function"}, Case{0x0108, "function"}, Case{0x0401, "function"},
        Case{0xff00, "function"}}) {
    const PciFunction function{{0, 2, 0, 0}, one.device_class, 0x10de, 1, "x", 13};
    EXPECT_EQ(status_lines({GpuName("gpupci1"), {function}}),
              "GPU card 'gpupci1' " + std::string(one.word) +
                  " device 0000:02:00.0 is linked to bus/pci/drivers/x driver\n");
  }
}

// Whatever a line says, it is none that a shell runs.
TEST(Text, IsAScriptInEveryDryRun) {
  for (int i = 0; i <= static_cast<int>(Outcome::untouched); ++i) {
    auto report = outcome(static_cast<Outcome>(i), static_cast<Outcome>(i));
    report.steps.clear();
    const auto lines = outcome_lines(report, virt::Mode::dry_run);
    std::size_t begin = 0;
    while (begin < lines.size()) {
      EXPECT_EQ(lines.substr(begin, 2), "# ") << lines;
      begin = lines.find('\n', begin) + 1;
    }
  }
}

TEST(Text, ShowsNoStepOfWhatWasDone) {
  EXPECT_EQ(
      outcome_lines(outcome(Outcome::detached, Outcome::detached), virt::Mode::act).find("echo"),
      std::string::npos);
}

TEST(Text, SaysThatASavedVmHasTheCard) {
  EXPECT_EQ(saved_line("gpupci1", "it's"),
            "GPU card 'gpupci1' is in the saved memory of VM 'it\\x27s'\n");
}

TEST(Text, HasALineForEachNote) {
  auto report = untouched(card());
  EXPECT_EQ(note_lines(report), "");
  report.notes = {"a", "b"};
  EXPECT_EQ(note_lines(report), "gpupci: note: gpupci1: a\ngpupci: note: gpupci1: b\n");
}

TEST(Text, HasOneLineForWhatWasNotDone) {
  auto report = untouched(card());
  EXPECT_EQ(failure_line("detach", report), "");
  report.notes = {"only a note"};
  EXPECT_EQ(failure_line("detach", report), "");
  report.refused = {{.id = "disk", .what = "a", .fix = "b"}};
  report.errors = {{.what = "c"}};
  EXPECT_EQ(failure_line("attach", report), "gpupci: cannot attach gpupci1: disk: a; b; c\n");
}

TEST(Text, NamesASliceByItsNumber) {
  const Card slice{GpuName("gpupci1"), {kAudioFunction}, 3};
  EXPECT_EQ(status_lines(slice),
            "GPU card 'gpupci1.3' audio device 0000:02:00.1 is not linked to a driver\n");
  EXPECT_EQ(untouched(slice).name, "gpupci1.3");
}

}  // namespace
}  // namespace cluster::agent
