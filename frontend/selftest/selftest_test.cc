// Which cards of which hosts are tested, by which command, and why others are not.

#include "frontend/selftest/selftest.h"

#include <gmock/gmock.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "tests/support/frontend_test.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string listed_card(int number, const std::string& driver,
                        const std::string& state = "present") {
  const auto name = std::to_string(number);
  const auto pci = R"("pci": "pci_0000_0)" + name + R"(_00_0")";
  return R"({"name": "gpupci)" + name + R"(", )" + pci + R"(, "state": ")" + state +
         R"(", "functions": [{)" + pci +
         R"(, "class": "0302", "vendor": "10de", "device": "2330", "driver": ")" + driver +
         R"("}]})";
}

std::string outcome_for(int number, const std::string& outcome) {
  const auto name = std::to_string(number);
  return R"({"name": "gpupci)" + name + R"(", "pci": "pci_0000_0)" + name +
         R"(_00_0", "error": null, "functions": [{"outcome": ")" + outcome + R"("}]})";
}

std::string card_document(const std::string& cards) {
  return R"({"stub_driver": "uio_pci_generic", "cards": [)" + cards + "]}";
}

class CardSelftest : public FrontendTest {
 protected:
  void has(const std::string& host, const std::string& cards, const std::string& dry_run) {
    add_host(host);
    listed_.push_back({inventory().find_host(HostName(host)).value(),
                       {ssh::End::exited, 0, "", {}},
                       card_document(cards),
                       ""});
    transport.exactly[{host, "gpupci -d all --json --dry-run"}].out = card_document(dry_run);
  }

  std::map<HostName, std::vector<CheckAnswer>> tested(const std::vector<Vm>& vms = {}) {
    ssh::Limits limits;
    limits.command_timeout = std::chrono::seconds(30);
    return selftest(context, listed_, vms, limits);
  }

  // "CARD REASON" of each T0 of a host.
  static std::vector<std::string> skipped(const std::vector<CheckAnswer>& checks) {
    std::vector<std::string> lines;
    for (const auto& one : checks) {
      if (one.id != "T0") continue;
      EXPECT_EQ(one.result, Verdict::unknown);
      lines.push_back(one.card + " " + one.reason);
    }
    return lines;
  }

  std::vector<AgentAnswer> listed_;
};

// A run is as long as that of the host with the most cards.
TEST_F(CardSelftest, EachHostTestsItsOwnCardsAtTheSameTime) {
  has("n1", listed_card(1, "nvidia"), outcome_for(1, "would detach"));
  has("n2", listed_card(2, "nvidia") + "," + listed_card(3, "amdgpu"),
      outcome_for(2, "would detach") + "," + outcome_for(3, "would detach"));
  const auto results = tested();
  ASSERT_EQ(transport.asked_targets.size(), 2U);
  EXPECT_EQ(transport.asked_targets[0].command, "sh -s gpupci1=0000:01:00.0");
  EXPECT_EQ(transport.asked_targets[1].command, "sh -s gpupci2=0000:02:00.0 gpupci3=0000:03:00.0");
  EXPECT_EQ(transport.asked_limits.command_timeout, std::chrono::seconds(30 + 2 * 360));
  EXPECT_EQ(results.size(), 2U);
}

TEST_F(CardSelftest, AHostWithoutACardToTestIsNotAskedAgain) {
  has("n1", listed_card(1, "vfio-pci"), "");
  const auto results = tested();
  EXPECT_THAT(transport.asked_targets, IsEmpty());
  EXPECT_THAT(skipped(results.at(HostName("n1"))),
              ElementsAre("gpupci1 not tested: it is detached (vfio-pci)"));
}

TEST_F(CardSelftest, AHostWithoutCardsHasNoChecks) {
  has("n1", "", "");
  EXPECT_THAT(tested().at(HostName("n1")), IsEmpty());
}

TEST_F(CardSelftest, ACardThatIsGoneIsNotTested) {
  has("n1", listed_card(1, "nvidia", "missing"), "");
  EXPECT_THAT(skipped(tested().at(HostName("n1"))),
              ElementsAre("gpupci1 not tested: the host does not have it"));
}

TEST_F(CardSelftest, TheDriverThatTheHostChoseForVmsHasDetachedIt) {
  has("n1", listed_card(1, "uio_pci_generic"), "");
  const auto checks = tested().at(HostName("n1"));
  EXPECT_THAT(skipped(checks), ElementsAre("gpupci1 not tested: it is detached (uio_pci_generic)"));
  EXPECT_EQ(checks.at(0).fix, "cluster attach host gpu n1 gpupci1");
}

// Cards of all hosts have the same names.
TEST_F(CardSelftest, ACardIsForTheVmOfItsOwnHost) {
  has("n1", listed_card(1, "vfio-pci"), "");
  has("n2", listed_card(1, "vfio-pci"), "");
  const auto card = PciAddress::parse("0000:01:00.0");
  const Vm vm{HostName("v1"),
              HostName("n2"),
              "u1",
              1024,
              1,
              {},
              {{GpuName("gpupci"), GpuName("gpupci1"), card}}};
  const auto results = tested({vm});
  EXPECT_THAT(skipped(results.at(HostName("n1"))),
              ElementsAre("gpupci1 not tested: it is detached (vfio-pci)"));
  EXPECT_THAT(skipped(results.at(HostName("n2"))),
              ElementsAre("gpupci1 not tested: it is detached (vfio-pci), for VM 'v1'"));
}

// Somebody else has detached it since the list came.
TEST_F(CardSelftest, OnlyWhatWouldBeDetachedNowIsIdle) {
  has("n1", listed_card(1, "nvidia") + "," + listed_card(2, "nvidia"),
      outcome_for(1, "already detached") + "," + outcome_for(2, "would detach"));
  EXPECT_THAT(skipped(tested().at(HostName("n1"))),
              ElementsAre("gpupci1 not tested: it is in use: already detached"));
  EXPECT_EQ(transport.asked_command, "sh -s gpupci2=0000:02:00.0");
}

TEST_F(CardSelftest, WhatIsNoListOfCardsIsLeftOut) {
  has("n1", listed_card(1, "vfio-pci"), "");
  has("n2", "", "");
  listed_[1].out = "gpupci: the lock is held\n";
  const auto results = tested();
  EXPECT_EQ(results.count(HostName("n1")), 1U);
  EXPECT_EQ(results.count(HostName("n2")), 0U);
}

TEST_F(CardSelftest, AScriptThatEndsEarlySaysWhy) {
  has("n1", listed_card(1, "nvidia"), outcome_for(1, "would detach"));
  auto& answer = transport.exactly[{"n1", "sh -s gpupci1=0000:01:00.0"}];
  answer.reply = {ssh::End::exited, 3, "", {}};
  const auto reason = [&] { return tested().at(HostName("n1")).at(0).reason; };
  EXPECT_THAT(reason(), HasSubstr("the test did not come so far: it ended with status 3"));
  answer.err = "mktemp: no space left\nmore\n";
  EXPECT_THAT(reason(), HasSubstr("the test did not come so far: mktemp: no space left"));
}

}  // namespace
}  // namespace cluster::frontend
