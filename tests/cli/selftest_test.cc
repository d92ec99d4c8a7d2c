// `cluster check host gpu selftest=yes` tests the cards that are attached and idle, and no other.
// What the script says is that of tests/data/selftest: gpupci1 is NVIDIA's, gpupci2 AMD's.

#include <gmock/gmock.h>

#include "core/file.h"
#include "tests/support/story.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SelftestStory : public Story {
 protected:
  void SetUp() override {
    cluster({"add", "host", "n1"});
    has(card(1, "c1", "10de", "\"nvidia\"") + "," + card(2, "c3", "1002", "\"amdgpu\""));
    cluster({"discover", "host", "gpu"});
    transport.by_command["gpupci --check all --json"] = R"({"checks": []})";
    transport.by_command[kDryRun] = cards(outcome(1, "c1") + "," + outcome(2, "c3"));
    says(said("healthy.said"));
  }

  static constexpr const char* kList = "gpupci -l --json";
  static constexpr const char* kDryRun = "gpupci -d all --json --dry-run";
  static constexpr const char* kTest = "sh -s gpupci1=0000:c1:00.0 gpupci2=0000:c3:00.0";

  static std::string card(int number, const std::string& bus, const std::string& vendor,
                          const std::string& driver) {
    const auto pci = R"("pci": "pci_0000_)" + bus + R"(_00_0")";
    return R"({"name": "gpupci)" + std::to_string(number) + R"(", )" + pci +
           R"(, "state": "present", "functions": [{)" + pci + R"(, "class": "0302", "vendor": ")" +
           vendor + R"(", "device": "27b8", "driver": )" + driver + "}]}";
  }
  static std::string outcome(int number, const std::string& bus,
                             const std::string& error = "null") {
    return R"({"name": "gpupci)" + std::to_string(number) + R"(", "pci": "pci_0000_)" + bus +
           R"(_00_0", "error": )" + error + R"(, "functions": [{"outcome": ")" +
           (error == "null" ? "would detach" : "untouched") + "\"}]}";
  }
  static std::string cards(const std::string& list) {
    return R"({"stub_driver": "vfio-pci", "cards": [)" + list + "]}";
  }

  void has(const std::string& list) { transport.by_command[kList] = cards(list); }
  void says(const std::string& text, const std::string& command = kTest) {
    transport.by_command[command] = text;
  }
  static std::string said(const std::string& name) {
    return read_file(std::string(SELFTEST_DATA) + "/" + name).value();
  }
  static std::string with_errors() {
    auto text = said("healthy.said");
    return text.replace(text.find("Enabled, 0"), 10, "Enabled, 3");
  }

  Result test() { return run({"check", "host", "gpu", "n1", "selftest=yes", "format=csv"}); }
  std::string failing() {
    return cluster({"list", "host", "gpu", "detail=yes", "columns=gpu,failing", "format=csv"});
  }
};

TEST_F(SelftestStory, HealthyCardsPass) {
  EXPECT_EQ(cluster({"check", "host", "gpu", "n1", "selftest=yes"}), "");
  EXPECT_EQ(transport.asked_command, kTest);
  EXPECT_THAT(transport.asked_targets.at(0).input.text(), HasSubstr("nvbandwidth"));
  const auto all = cluster({"check", "host", "gpu", "selftest=yes", "all=yes", "format=csv"});
  for (const auto* row : {"n1,gpupci1,T1,PASS", "n1,gpupci1,T5,PASS", "n1,gpupci2,T4,PASS"}) {
    EXPECT_THAT(all, HasSubstr(row));
  }
}

TEST_F(SelftestStory, WithoutTheWordNothingIsTested) {
  cluster({"check", "host", "gpu", "n1"});
  EXPECT_EQ(transport.asked_command, kList);
  cluster({"check", "host", "gpu", "n1", "selftest=maybe"}, 2, "selftest='maybe': want yes or no");
}

TEST_F(SelftestStory, CardsThatAreDetachedOrInUseAreLeftAlone) {
  cluster({"add", "host", "vm", "v1", "n1"});
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci2"});
  has(card(1, "c1", "10de", "\"nvidia\"") + "," + card(2, "c3", "1002", "\"vfio-pci\"") + "," +
      card(3, "c5", "10de", "\"nouveau\"") + "," + card(4, "c7", "10de", "null"));
  cluster({"discover", "host", "gpu"});
  transport.by_command[kDryRun] =
      cards(outcome(1, "c1", R"("holder: process 812 ('python3') has /dev/nvidia0 open")"));
  const auto [out, err, status] = test();
  EXPECT_EQ(out,
            "host,gpu,check,result,reason,fix\n"
            "n1,gpupci2,T0,UNKNOWN,\"not tested: it is detached (vfio-pci), for VM 'v1'\",cluster "
            "attach host gpu n1 gpupci2\n"
            "n1,gpupci3,T0,UNKNOWN,not tested: its driver is nouveau,want nvidia or amdgpu\n"
            "n1,gpupci4,T0,UNKNOWN,not tested: no driver has it,want nvidia or amdgpu\n"
            "n1,gpupci1,T0,UNKNOWN,not tested: it is in use: holder: process 812 ('python3') has "
            "/dev/nvidia0 open,\n");
  EXPECT_EQ(err, "");
  EXPECT_EQ(status, 1);
  EXPECT_EQ(transport.asked_command, kDryRun) << "no script ran";
}

TEST_F(SelftestStory, ACardOfWhichTheAgentSaysNothingIsLeftAlone) {
  for (const auto& answer :
       {cards(outcome(2, "c3")), cards(outcome(1, "c9") + "," + outcome(2, "c3"))}) {
    transport.by_command[kDryRun] = answer;
    says(said("healthy.said"), "sh -s gpupci2=0000:c3:00.0");
    EXPECT_THAT(test().out, HasSubstr("n1,gpupci1,T0,UNKNOWN,not tested: gpupci does not say"));
    EXPECT_EQ(transport.asked_command, "sh -s gpupci2=0000:c3:00.0");
  }
  transport.by_command[kDryRun] = "gpupci: the lock is held";
  const auto out = test().out;
  EXPECT_THAT(out, HasSubstr("n1,gpupci1,T0,UNKNOWN,not tested: cannot understand what gpupci"));
  EXPECT_THAT(out, HasSubstr("n1,gpupci2,T0,UNKNOWN,not tested: cannot understand what gpupci"));
}

TEST_F(SelftestStory, AHostIsAskedBySudo) {
  cluster({"set", "host", "n1", "user=rollcall", "sudo=yes"});
  const auto by_sudo = [](const std::string& words) {
    return R"(sh -c 'PATH=$PATH:/usr/local/bin:/usr/sbin:/sbin; g=$(command -v gpupci) || exit 127; )"
           R"(exec sudo -n "$g" "$@"' gpupci )" +
           words;
  };
  for (const auto* words : {"--check all --json", "-l --json", "-d all --json --dry-run"}) {
    transport.by_command[by_sudo(words)] = transport.by_command["gpupci " + std::string(words)];
  }
  const std::string command = "sudo -n " + std::string(kTest);
  says(said("healthy.said"), command);
  EXPECT_EQ(cluster({"check", "host", "gpu", "n1", "selftest=yes"}), "");
  EXPECT_EQ(transport.asked_command, command);
  transport.exactly[{"n1", command}] = {
      "", "sudo: a password is required\n", {ssh::End::exited, 1, "", {}}};
  EXPECT_THAT(test().out, HasSubstr("the test did not come so far: sudo says"));
}

TEST_F(SelftestStory, WhatEndsEarlyLosesNoCard) {
  const auto text = said("healthy.said");
  transport.exactly[{"n1", kTest}] = {text.substr(0, text.find("card gpupci2")),
                                      "",
                                      {ssh::End::timed_out, -1, "the 780 s are over", {}}};
  const auto [out, err, status] = test();
  EXPECT_THAT(out, Not(HasSubstr("gpupci1")));
  for (const auto* id : {"T1", "T2", "T4"}) {
    EXPECT_THAT(out, HasSubstr("n1,gpupci2," + std::string(id) +
                               ",UNKNOWN,the test did not come so far: the 780 s are over"));
  }
  EXPECT_EQ(status, 1);
  EXPECT_EQ(transport.asked_limits.command_timeout, std::chrono::seconds(60 + 2 * 360));
}

TEST_F(SelftestStory, AFailureStaysUntilTheTestHasAnotherResult) {
  says(with_errors());
  EXPECT_EQ(test().status, 1);
  const auto bad =
      "gpu,failing\ngpupci1,T1: 3 uncorrected and 1 corrected errors of memory since "
      "its driver began\ngpupci2,\n";
  EXPECT_EQ(failing(), bad);
  cluster({"check", "host", "gpu", "n1"});
  EXPECT_EQ(failing(), bad) << "a check without the test does not see it";
  transport.by_command["gpupci --check all --json"] = R"({"checks": [
      {"id": "D9", "card": "gpupci1", "result": "FAIL", "reason": "in use"}]})";
  run({"check", "host", "gpu", "n1"});
  EXPECT_EQ(failing(), bad) << "what the agent finds comes and goes";
  transport.by_command["gpupci --check all --json"] = R"({"checks": []})";
  says(said("no-tools.said"));
  test();
  EXPECT_EQ(failing(), bad) << "a test that could not be made has no result";
  says(said("healthy.said"));
  test();
  EXPECT_EQ(failing(), "gpu,failing\ngpupci1,\ngpupci2,\n");
}

}  // namespace
}  // namespace cluster
