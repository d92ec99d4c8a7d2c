#include "node-agent/checks/checks.h"
#include "tests/support/checked_host.h"

namespace cluster::agent {
namespace {

using ::testing::StartsWith;

// ---- from the reasons of guards to an answer

const Reason kSeen{.what = "process 812 has it open", .fix = "stop it"};
const Reason kUnseen{.what = "3 processes cannot be looked into", .needs_root = true};

std::string said(const Reasons& reasons) {
  const auto found = answer(reasons, "nobody");
  return std::string(word(found.verdict)) + " " + message(found.reason);
}

TEST(AnswerOf, ReasonsFailsWhatIsKnown) {
  EXPECT_EQ(said({}), "PASS nobody");
  EXPECT_EQ(said({kSeen}), "FAIL process 812 has it open; stop it");
  EXPECT_EQ(said({kSeen, kSeen, kSeen}), "FAIL process 812 has it open (and 2 more); stop it");
}

TEST(AnswerOf, ReasonsIsUnknownWhereOnlyRootWouldHaveSeen) {
  EXPECT_EQ(said({kUnseen}), "UNKNOWN 3 processes cannot be looked into; run gpupci as root");
  EXPECT_EQ(said({kUnseen, kUnseen}),
            "UNKNOWN 3 processes cannot be looked into (and 1 more); run gpupci as root");
}

// A harm that was seen does not become unknown because of what was not seen.
TEST(AnswerOf, ReasonsFailsWhateverTheirOrder) {
  EXPECT_EQ(said({kSeen, kUnseen}), "FAIL process 812 has it open (and 1 more); stop it");
  EXPECT_EQ(said({kUnseen, kSeen}), "FAIL process 812 has it open (and 1 more); stop it");
}

TEST(Verdicts, HaveTheirWordAndTheirExitStatus) {
  struct Case {
    Verdict verdict;
    std::string_view word;
    int status;
  };
  for (const auto& one : {Case{Verdict::pass, "PASS", 0}, Case{Verdict::warn, "WARN", 1},
                          Case{Verdict::unknown, "UNKNOWN", 3}, Case{Verdict::fail, "FAIL", 2}}) {
    EXPECT_EQ(word(one.verdict), one.word);
    EXPECT_EQ(exit_status(one.verdict), one.status);
  }
  EXPECT_EQ(worst({}), Verdict::pass);
}

TEST(Verdicts, OfAnyOrderGiveTheSameWorst) {
  std::vector<Verdict> all{Verdict::pass, Verdict::warn, Verdict::unknown, Verdict::fail};
  do {
    std::vector<CheckResult> results;
    for (const auto verdict : all) results.push_back({"D1", {}, {verdict, {}}});
    EXPECT_EQ(worst(results), Verdict::fail);
    results.erase(std::ranges::find(results, Verdict::fail,
                                    [](const CheckResult& one) { return one.answer.verdict; }));
    EXPECT_EQ(worst(results), Verdict::unknown);
  } while (std::ranges::next_permutation(all).found);
}

TEST(ChecksJson, HasRootAsTheFixOfWhatOthersCannotSee) {
  const auto json = checks_json({{"D16", "gpupci1", unknown_to_others("not known")}});
  EXPECT_NE(json.find(R"("reason":"not known","fix":"run gpupci as root")"), std::string::npos);
  EXPECT_EQ(json.find("vms"), std::string::npos);
}

TEST(ChecksTable, WidensForALongName) {
  EXPECT_EQ(checks_table({{"D1", "gpupci1234.12", passed("a")}}),
            "ID   CARD     RESULT   REASON\n"
            "D1   gpupci1234.12 PASS     a\n");
}

// ---- of a card that does not answer

class CheckSilent : public CheckedHost {};

TEST_F(CheckSilent, CardsKeepTheVerdictsThatDoNotComeFromThem) {
  set("0000:02:00.0/config", std::string(64, '\xff'));
  set("0000:02:00.1/config", std::string(64, '\0'));
  const auto all = results();
  for (const auto& one : card_checks()) {
    const auto found = std::ranges::find(all, one.id, &CheckResult::id);
    ASSERT_NE(found, all.end()) << one.id;
    const auto& what = found->answer.reason.what;
    EXPECT_EQ(what == "0000:02:00.0 does not answer on the bus (D1)", one.asks_card)
        << one.id << ": " << what;
  }
}

// ---- of the driver

class CheckDriver : public CheckedHost {};

TEST_F(CheckDriver, ReadsEachFormOfNvidiasVersion) {
  struct Case {
    const char* line;
    const char* answer;
  };
  for (const auto& one : {
           Case{"NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19",
                "PASS NVIDIA driver 535 can be unbound"},
           Case{"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  594.99  Release Build",
                "PASS NVIDIA driver 594 can be unbound"},
           Case{"NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  595.45.04  Release",
                "WARN NVIDIA driver 595 never comes back from a busy unbind"},
           Case{"NVRM version: NVIDIA UNIX x86_64 Kernel Module  610.12  Release",
                "WARN NVIDIA driver 610 never comes back from a busy unbind"},
           Case{"NVRM version: NVIDIA UNIX x86_64 Kernel Module  TempVersion", "UNKNOWN "},
           Case{"", "UNKNOWN "},
       }) {
    proc_.file("driver/nvidia/version", std::string(one.line) + "\nGCC version:  gcc 12.2.0\n");
    EXPECT_THAT(check("D11"), StartsWith(one.answer)) << one.line;
  }
}

TEST_F(CheckDriver, WarnsOfTheOverridesOfOthers) {
  struct Case {
    std::optional<std::string> driver;
    const char* only;  // driver_override as the kernel shows it
    bool passes;
  };
  for (const auto& one : {
           Case{"nvidia", "(null)\n", true},
           Case{"nvidia", "\n", true},
           Case{"nvidia", "vfio-pci\n", false},
           Case{"nvidia", "nvidia\n", false},
           Case{"vfio-pci", "vfio-pci\n", true},
           Case{"nvgrace-gpu-vfio-pci", "nvgrace-gpu-vfio-pci\n", true},
           Case{"vfio-pci", "none\n", false},
           Case{std::nullopt, "none\n", false},
           Case{std::nullopt, "(null)\n", true},
       }) {
    fake_.set_driver(kVideo, one.driver);
    set("0000:02:00.0/driver_override", one.only);
    EXPECT_EQ(check("D12") == "PASS no other driver is prescribed", one.passes)
        << one.driver.value_or("-") << " " << one.only;
  }
}

TEST_F(CheckDriver, AsksEachFunctionForItsOverride) {
  set("0000:02:00.1/driver_override", "uio\n");
  EXPECT_THAT(check("D12"), StartsWith("WARN 0000:02:00.1 is kept for driver 'uio'; echo >"));
}

// ---- of tasks that are stuck while they bind

class CheckStuck : public CheckedHost {
 protected:
  std::string with(const std::string& command, const std::string& state,
                   const std::string& stack = "") {
    proc_.process(812, command)
        .file("812/stat", "812 (" + command + ") " + state + " 1 1")
        .file("812/stack", stack);
    return check("H9");
  }
};

TEST_F(CheckStuck, NamesWhoBindsByItsName) {
  for (const auto* daemon : {"libvirtd", "virtqemud", "virtnodedevd", "gpupci"}) {
    EXPECT_EQ(with(daemon, "D"), "FAIL process 812 ('" + std::string(daemon) +
                                     "') is stuck in the kernel; if it stays so, only a reboot "
                                     "ends it");
    EXPECT_THAT(with(daemon, "S"), StartsWith("PASS"));
  }
  EXPECT_THAT(with("rsync", "D"), StartsWith("PASS")) << "it waits for a disk";
}

TEST_F(CheckStuck, NamesWhoBindsByWhereItWaits) {
  for (const auto* step :
       {"unbind_store", "device_release_driver", "nv_pci_remove", "vfio_unregister"}) {
    const auto stack = "[<0>] wait+0x1\n[<0>] " + std::string(step) + "_group_dev+0x22\n";
    EXPECT_THAT(with("bash", "D", stack), StartsWith("FAIL process 812 ('bash')")) << step;
    EXPECT_THAT(with("bash", "S", stack), StartsWith("PASS")) << "it can be ended";
  }
  EXPECT_THAT(with("bash", "D", "[<0>] io_schedule+0x1\n"), StartsWith("PASS"));
}

TEST_F(CheckStuck, IsNotMisledByANameWithParentheses) {
  EXPECT_THAT(with("libvirtd", "S"), StartsWith("PASS"));
  proc_.process(812, "a) D 1").file("812/stat", "812 (a) D 1) S 1 1");
  EXPECT_THAT(check("H9"), StartsWith("PASS"));
}

TEST_F(CheckStuck, KnowsNothingWithoutProcesses) {
  std::filesystem::remove_all(proc_.root() / "1");
  EXPECT_THAT(check("H9"), StartsWith("UNKNOWN " + proc_.root().native() + " shows no process"));
}

// ---- of vfio

class CheckVfio : public CheckedHost {};

TEST_F(CheckVfio, WantsTheDriverAndOneOfItsTwoBackends) {
  EXPECT_THAT(check("H7"), StartsWith("FAIL neither vfio_iommu_type1 nor iommufd is loaded"));
  set_host("class/misc/iommu/dev", "10:126\n");
  EXPECT_EQ(check("H7"), "PASS vfio-pci is loaded");
  std::filesystem::remove_all(fake_.root() / "bus/pci/drivers/vfio-pci");
  EXPECT_EQ(check("H7"), "FAIL vfio-pci is not loaded; modprobe vfio-pci");
}

TEST_F(CheckVfio, ReadsTheParametersOfBothBackends) {
  struct Case {
    const char* type1;  // allow_unsafe_interrupts; "" where the module is not loaded
    const char* iommufd;
    const char* verdict;
  };
  proc_.file("interrupts", "      CPU0\n 24:  1  PCI-MSI 327680-edge  xhci_hcd\n");
  for (const auto& one : {Case{"", "", "FAIL"}, Case{"N", "", "FAIL"}, Case{"", "N", "FAIL"},
                          Case{"N", "N", "FAIL"}, Case{"Y", "", "WARN"}, Case{"", "Y", "WARN"},
                          Case{"1", "N", "WARN"}, Case{"N", "1", "WARN"}}) {
    for (const auto& [module, says] :
         {std::pair("vfio_iommu_type1", one.type1), std::pair("iommufd", one.iommufd)}) {
      const auto file = fake_.root() / "module" / module / "parameters/allow_unsafe_interrupts";
      std::filesystem::remove(file);
      if (*says != '\0') replace_file(file, std::string(says) + "\n");
    }
    EXPECT_THAT(check("H4"), StartsWith(one.verdict)) << one.type1 << " " << one.iommufd;
  }
}

}  // namespace
}  // namespace cluster::agent
