// What gpupci answers is read as docs/gpupci.md has it. Answers of older and newer agents are, too,
// and what is no answer is refused by name.
#include "frontend/hosts/agent_json.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/support/refused_call.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

AgentAnswer answer_of(const std::string& out) {
  return {{HostName("n1"), "vm-container", {}, {}, {}, {}, {}, {}},
          {ssh::End::exited, 0, "", {}},
          out,
          ""};
}

constexpr const char* kListed = R"({"stub_driver": "vfio-pci", "cards": [
  {"name": "gpupci1", "pci": "pci_0000_02_00_0", "model": "H100", "numa_node": -1, "functions": [
    {"pci": "pci_0000_02_00_0", "class": "0302", "vendor": "10de", "device": "2330",
     "iommu_group": 7, "driver": "nvidia", "bars": [
       {"64bit": true, "prefetchable": true, "size": 1073741824},
       {"64bit": false, "prefetchable": false, "size": 16777216}]}],
   "slices": [{"name": "gpupci1.1", "pci": "pci_0000_02_00_5", "driver": "nvidia"},
              {"name": "gpupci1.0", "pci": "pci_0000_02_00_4", "driver": null}]}],
 "vgpus": [
  {"id": "gpupci1.1", "interface": "vendor-vfio", "state": "present", "type": "nvidia-1"},
  {"id": "uuid-2", "interface": "mdev", "state": "present", "parent": "p", "type": "nvidia-2"},
  {"id": "uuid-1", "interface": "mdev", "state": "present", "parent": "p", "type": "nvidia-2"},
  {"id": "uuid-0", "interface": "mdev", "state": "missing", "parent": "p", "type": "nvidia-2"}]})";

TEST(AgentJson, ReadsCardsWithTheirSlices) {
  const auto cards = cards_of(answer_of(kListed));
  ASSERT_EQ(cards.size(), 1U);
  const auto& card = cards[0];
  EXPECT_EQ(card.model, "H100");
  EXPECT_EQ(card.numa_node, std::nullopt) << "-1 is none";
  EXPECT_EQ(card.told.driver, "nvidia");
  ASSERT_EQ(card.functions.size(), 1U);
  EXPECT_EQ(card.functions[0].iommu_group, 7);
  ASSERT_EQ(card.slices.size(), 2U);
  EXPECT_EQ(card.slices[0].number, 0);
  EXPECT_EQ(card.slices[1].type, "nvidia-1");
  EXPECT_EQ(stub_driver_of(answer_of(kListed)), "vfio-pci");
}

TEST(AgentJson, ReadsDriversOfFunctionsAndSlices) {
  EXPECT_THAT(drivers_of(answer_of(kListed)),
              UnorderedElementsAre(Pair(PciAddress::parse("0000:02:00.0"), "nvidia"),
                                   Pair(PciAddress::parse("0000:02:00.4"), ""),
                                   Pair(PciAddress::parse("0000:02:00.5"), "nvidia")));
}

TEST(AgentJson, ReadsTheMediatedDevicesThatAreThere) {
  const auto told = devices_of(answer_of(kListed));
  ASSERT_TRUE(told.mdevs);
  ASSERT_EQ(told.mdevs->size(), 2U);
  EXPECT_EQ(told.mdevs->at(0).uuid, "uuid-1");
  EXPECT_EQ(told.mdevs->at(1).uuid, "uuid-2");
  EXPECT_EQ(mdevs_of(answer_of(kListed))->size(), 2U);
}

TEST(AgentJson, AnOlderAgentTellsLess) {
  const auto answer =
      answer_of(R"({"cards": [{"name": "gpupci1", "pci": "pci_0000_02_00_0", "functions": []}]})");
  EXPECT_EQ(cards_of(answer).at(0).told.driver, std::nullopt);
  EXPECT_EQ(mdevs_of(answer), std::nullopt);
  EXPECT_EQ(stub_driver_of(answer), "");
}

TEST(AgentJson, ReadsChecks) {
  const auto checks = checks_of(answer_of(R"({"checks": [
    {"id": "H2", "result": "PASS"},
    {"id": "D9", "card": "gpupci1", "result": "FAIL", "reason": "a; b", "fix": "c; d", "vms": ["v"]},
    {"id": "D77", "card": null, "result": "BETTER", "reason": null, "fix": null}]})"));
  ASSERT_EQ(checks.size(), 3U);
  EXPECT_EQ(checks[0].result, Verdict::pass);
  EXPECT_EQ(checks[0].card, "");
  EXPECT_EQ(checks[1].reason, "a; b");
  EXPECT_EQ(checks[1].fix, "c; d");
  EXPECT_THAT(checks[1].vms, ElementsAre("v"));
  EXPECT_EQ(checks[2].result, Verdict::unknown) << "a newer word never passes";
}

TEST(AgentJson, EachVerdictHasTheWordThatIsRead) {
  for (const auto verdict : {Verdict::pass, Verdict::warn, Verdict::unknown, Verdict::fail}) {
    const auto checks = checks_of(answer_of(R"({"checks": [{"id": "H1", "result": ")" +
                                            std::string(name(verdict)) + "\"}]}"));
    EXPECT_EQ(checks.at(0).result, verdict) << name(verdict);
  }
}

// Of a card whose functions have these.
CardOutcome outcome_with(const std::vector<std::string>& words) {
  std::string functions;
  for (const auto& word : words) {
    functions += (functions.empty() ? "" : ",") + std::string(R"({"outcome": ")") + word + "\"}";
  }
  return outcomes_of(answer_of(R"({"cards": [{"name": "gpupci1", "pci": "pci_0000_02_00_0",
                               "functions": [)" +
                               functions + "]}]}"))
      .at(0);
}

// The words of docs/gpupci.md.
TEST(AgentJson, KnowsEachWordOfAnOutcome) {
  std::set<CardResult> results;
  for (const auto* word :
       {"detached", "already detached", "would detach", "rolled back", "attached",
        "already attached", "no driver", "would attach", "not attached", "failed", "untouched"}) {
    const auto outcome = outcome_with({word});
    EXPECT_NE(outcome.result, CardResult::unknown) << word;
    EXPECT_EQ(outcome.word, word);
    results.insert(outcome.result);
  }
  EXPECT_EQ(results.size(), 11U) << "each has its own";
}

TEST(AgentJson, TheWordOfANewerAgentStays) {
  const auto outcome = outcome_with({"lent to the neighbour"});
  EXPECT_EQ(outcome.result, CardResult::unknown);
  EXPECT_EQ(outcome.word, "lent to the neighbour");
  EXPECT_EQ(outcome_with({"already attached", "lent"}).word, "lent");
}

TEST(AgentJson, TheFunctionThatDiffersSpeaksForItsCard) {
  EXPECT_EQ(outcome_with({"already detached", "detached"}).result, CardResult::detached);
  EXPECT_EQ(outcome_with({"detached", "already detached"}).result, CardResult::detached);
  EXPECT_EQ(outcome_with({"rolled back", "failed", "untouched"}).result, CardResult::failed);
  EXPECT_EQ(outcome_with({"attached", "no driver"}).word, "attached");
  EXPECT_EQ(outcome_with({}).word, "");
}

TEST(AgentJson, WhatIsNoAnswerIsRefused) {
  for (const auto* text : {"", "gpupci: no", "[]", "{}", R"({"cards": 3, "checks": 3})",
                           R"({"cards": [{}], "checks": [{}]})"}) {
    const auto answer = answer_of(text);
    const auto refused = [&](auto read) {
      EXPECT_THAT(refused_call(Fault::io, [&] { read(answer); }),
                  HasSubstr("is it of this version?"))
          << text;
    };
    refused(cards_of);
    refused(outcomes_of);
    refused(checks_of);
  }
}

}  // namespace
}  // namespace cluster::frontend
