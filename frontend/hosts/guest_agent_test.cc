// A program in guests, through agents that answer as they should, late, or anything at all.

#include "frontend/hosts/guest_agent.h"

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base64.h"
#include "tests/support/fake_domains.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kSilent = "QEMU guest agent is not connected";

std::string ended(const std::string& out, int status = 0) {
  return R"({"return": {"exited": true, "exitcode": )" + std::to_string(status) +
         R"(, "out-data": ")" + base64(out) + R"("}})";
}

// Two VMs, "a" and "b", on one host. The answers of each agent come one after another, the last of
// them again and again; one that has none is silent.
class GuestAgent : public ::testing::Test {
 protected:
  void SetUp() override {
    auto& host = domains.hosts["n1"];
    for (const char* name : {"a", "b"}) {
      virt::Domain domain;
      domain.name = name;
      domain.uuid = std::string("uuid-") + name;
      host.domains.push_back(domain);
    }
    host.agent = [this](const std::string& vm, const std::string& json) -> virt::AgentReply {
      asked.push_back(vm + " " + json);
      auto& rest = answers[vm];
      if (rest.empty()) return {"", Error(Fault::io, kSilent)};
      const auto answer = rest.front();
      if (rest.size() > 1) rest.erase(rest.begin());
      return {answer, {}};
    };
  }

  std::vector<GuestOutput> run(const std::vector<std::string>& uuids, const GuestProgram& program,
                               std::chrono::seconds deadline = std::chrono::seconds(60)) {
    ssh::Target target;
    target.name = "n1";
    const auto connection = domains.opener()(target, {});
    return run_in_guests(*connection, uuids, program, deadline);
  }

  GuestOutput run_in_a(std::chrono::seconds deadline = std::chrono::seconds(60)) {
    return run({"uuid-a"}, {"/bin/true", {}, ""}, deadline).at(0);
  }

  FakeDomains domains;
  std::map<std::string, std::vector<std::string>> answers;
  std::vector<std::string> asked;
};

TEST_F(GuestAgent, RunsAProgramAndTellsWhatItSaid) {
  answers["a"] = {R"({"return": {"pid": 7}})", R"({"return": {"exited": false}})",
                  ended("one\ntwo\n", 3)};
  const auto output = run({"uuid-a"}, {"/bin/sh", {"-s"}, "echo one"}).at(0);
  EXPECT_FALSE(output.failure);
  EXPECT_EQ(output.out, "one\ntwo\n");
  EXPECT_EQ(output.status, 3);
  const std::string status = R"(a {"arguments":{"pid":7},"execute":"guest-exec-status"})";
  EXPECT_THAT(asked, ElementsAre(R"(a {"arguments":{"arg":["-s"],"capture-output":true,)"
                                 R"("input-data":"ZWNobyBvbmU=","path":"/bin/sh"},)"
                                 R"("execute":"guest-exec"})",
                                 status, status));
}

TEST_F(GuestAgent, GivesNoInputWhereThereIsNone) {
  answers["a"] = {R"({"return": {"pid": 7}})", ended("")};
  run_in_a();
  EXPECT_THAT(asked.at(0), ::testing::Not(HasSubstr("input-data")));
}

TEST_F(GuestAgent, AsksAllGuestsAtOnceAndAnswersInTheirOrder) {
  answers["a"] = {R"({"return": {"pid": 1}})", R"({"return": {"exited": false}})", ended("A")};
  answers["b"] = {R"({"return": {"pid": 2}})", ended("B")};
  const auto outputs = run({"uuid-b", "uuid-a"}, {"/bin/true", {}, ""});
  EXPECT_EQ(outputs.at(0).out, "B");
  EXPECT_EQ(outputs.at(1).out, "A");
  EXPECT_EQ(asked.size(), 5U) << "who has ended is not asked again";
  EXPECT_EQ(domains.hosts["n1"].calls["ask_agents"], 3);
}

TEST_F(GuestAgent, AGuestWithoutOneHindersNobody) {
  answers["b"] = {R"({"return": {"pid": 2}})", ended("B")};
  const auto outputs = run({"uuid-a", "uuid-b"}, {"/bin/true", {}, ""});
  EXPECT_THAT(outputs.at(0).failure->what(), HasSubstr(kSilent));
  EXPECT_EQ(outputs.at(1).out, "B");
}

TEST_F(GuestAgent, ThatStartsNothingSayWhatTheyAnswered) {
  for (const std::string answer :
       {"", "x", "{", R"({"return")", R"({"return": })", "null", "[]", R"({"return": []})",
        R"({"return": {}})", R"({"return": 7})", R"({"return": {"pid": "7"}})",
        R"({"return": {"pid": null}})", R"({"error": {"class": "CommandNotFound"}})",
        R"({"return": {"pid": 7}} trailing)"}) {
    answers["a"] = {answer};
    asked.clear();
    const auto output = run_in_a();
    ASSERT_TRUE(output.failure) << answer;
    EXPECT_EQ(output.failure->fault(), Fault::io);
    EXPECT_THAT(output.failure->what(),
                HasSubstr("the agent in the guest does not say what is wanted: '" + answer + "'"));
    EXPECT_EQ(asked.size(), 1U) << answer;
  }
}

TEST_F(GuestAgent, ThatDoNotTellWhetherItEndedAreAskedOnce) {
  for (const std::string answer :
       {"", "x", R"({"return": {"exited": true)", R"({"return": {}})", R"({"return": null})",
        R"({"return": {"exited": 1}})", R"({"return": {"exited": "true"}})",
        R"({"return": {"exited": true, "exitcode": "0"}})",
        R"({"return": {"exited": true, "out-data": 7}})"}) {
    answers["a"] = {R"({"return": {"pid": 7}})", answer};
    asked.clear();
    const auto output = run_in_a();
    ASSERT_TRUE(output.failure) << answer;
    EXPECT_THAT(output.failure->what(), HasSubstr("does not say what is wanted")) << answer;
    EXPECT_EQ(asked.size(), 2U) << answer;
  }
}

TEST_F(GuestAgent, ALongLieIsToldInPart) {
  answers["a"] = {std::string(5000, 'x')};
  EXPECT_LT(std::string(run_in_a().failure->what()).size(), 200U);
}

TEST_F(GuestAgent, ThatFallSilentFailTheirGuestAlone) {
  answers["a"] = {R"({"return": {"pid": 1}})", ended("A")};
  answers["b"] = {R"({"return": {"pid": 2}})"};
  int count = 0;
  const auto as_before = domains.hosts["n1"].agent;
  domains.hosts["n1"].agent = [&](const std::string& vm,
                                  const std::string& json) -> virt::AgentReply {
    if (vm == "b" && ++count == 2) return {"", Error(Fault::io, kSilent)};
    return as_before(vm, json);
  };
  const auto outputs = run({"uuid-a", "uuid-b"}, {"/bin/true", {}, ""});
  EXPECT_EQ(outputs.at(0).out, "A");
  EXPECT_THAT(outputs.at(1).failure->what(), HasSubstr(kSilent));
}

TEST_F(GuestAgent, AProgramThatASignalEndedHasNoStatus) {
  answers["a"] = {R"({"return": {"pid": 7}})", R"({"return": {"exited": true, "signal": 9}})"};
  const auto output = run_in_a();
  EXPECT_FALSE(output.failure);
  EXPECT_EQ(output.status, -1);
  EXPECT_EQ(output.out, "");
}

TEST_F(GuestAgent, WhatIsNoBase64IsNothing) {
  answers["a"] = {R"({"return": {"pid": 7}})",
                  R"({"return": {"exited": true, "exitcode": 0, "out-data": "*"}})"};
  const auto output = run_in_a();
  EXPECT_FALSE(output.failure);
  EXPECT_EQ(output.out, "");
}

TEST_F(GuestAgent, AProgramThatDoesNotEndIsLeftBehind) {
  answers["a"] = {R"({"return": {"pid": 7}})", R"({"return": {"exited": false}})"};
  const auto output = run_in_a(std::chrono::seconds(0));
  ASSERT_TRUE(output.failure);
  EXPECT_STREQ(output.failure->what(),
               "what the agent started in the guest did not end within 0 s");
  EXPECT_EQ(asked.size(), 2U) << "it is asked once, as it may have ended at once";
}

TEST_F(GuestAgent, OfNoGuestAreNotWaitedFor) {
  EXPECT_TRUE(run({}, {"/bin/true", {}, ""}).empty());
}

}  // namespace
}  // namespace cluster::frontend
