// gpupci on its way to hosts, step by step: who gets it, where, and what becomes of each host.

#include "frontend/hosts/agent_install.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/sha256.h"
#include "tests/support/frontend_test.h"
#include "tests/support/temp_dir.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kNewAgent = "#!/bin/sh\necho gpupci 2.0.0\n";

DeliveredFile new_agent() { return {"", "gpupci", kNewAgent, 0755, true, true}; }

// n1 has an old gpupci at /usr/bin/gpupci, n2 has none.
class AgentInstalling : public FrontendTest {
 protected:
  AgentInstalling() {
    add_host("n1");
    add_host("n2");
    tells("n1", "/usr/bin/gpupci", "checksum " + sha256_hex("old") + "\nversion 1.0.0\n");
    tells("n2", "/usr/local/bin/gpupci", "");
  }

  static std::string told(const std::string& path, const std::string& lines) {
    return "path " + path + "\nmachine x86_64\n" + lines + "whole\n";
  }

  void tells(const std::string& host, const std::string& path, const std::string& lines) {
    transport.exactly[{host, question_of_program("")}].out = told(path, lines);
  }

  static std::string is_new() { return "checksum " + sha256_hex(kNewAgent) + "\nversion 2.0.0\n"; }

  void ask() { install.ask(inventory().hosts(), ""); }

  // "HOST OUTCOME" of each that told.
  std::vector<std::string> outcomes() {
    std::vector<std::string> lines;
    for (const auto& one : install.upgrades()) {
      lines.push_back(one.host.name.str() + " " + std::string(name(one.result)));
    }
    return lines;
  }

  std::vector<std::string> failures() const {
    std::vector<std::string> lines;
    for (const auto& one : install.failures()) lines.push_back(one.who + ": " + one.error.what());
    return lines;
  }

  AgentInstall install{context, {}};
};

TEST(AgentFile, RunsThereAndKeepsTheOldOne) {
  const TempDir folder;
  const auto file = folder.path() / "gpupci-new";
  replace_file(file, kNewAgent);
  std::filesystem::permissions(file, std::filesystem::perms(0600));
  const auto delivered = gpupci_for_delivery(file);
  EXPECT_EQ(delivered.path, "") << "each host says where it goes";
  EXPECT_EQ(delivered.bytes, kNewAgent);
  EXPECT_EQ(delivered.mode, 0755U) << "whatever it is here";
  EXPECT_TRUE(delivered.keeps_old);
  EXPECT_TRUE(delivered.has_to_run);
}

TEST_F(AgentInstalling, AHostThatDoesNotAnswerIsNoneOfTheUpgrades) {
  transport.exactly[{"n1", question_of_program("")}] = {
      "", "", {ssh::End::unreachable, -1, "no route to host", {}}};
  ask();
  EXPECT_THAT(outcomes(), ElementsAre("n2 would be installed"));
  EXPECT_THAT(failures(), ElementsAre("n1: no route to host"));
  EXPECT_EQ(install.failures().at(0).error.fault(), Fault::unreachable);
}

TEST_F(AgentInstalling, APathIsAskedForWhereOneIsNamed) {
  transport.by_command[question_of_program("/opt/gpupci")] = told("/opt/gpupci", "");
  install.ask(inventory().hosts(), "/opt/gpupci");
  ASSERT_EQ(install.upgrades().size(), 2U);
  EXPECT_EQ(install.upgrades()[0].program.path, "/opt/gpupci");
}

TEST_F(AgentInstalling, EachHostGetsItWhereItSaysAndOnce) {
  ask();
  install.decide(new_agent());
  EXPECT_THAT(outcomes(), ElementsAre("n1 would be installed", "n2 would be installed"));
  for (const auto* host : {"n1", "n2"}) transport.answers[host].out = "rollcall put\n";
  install.deliver(new_agent());
  ASSERT_EQ(transport.asked_targets.size(), 2U);
  EXPECT_THAT(transport.asked_targets[0].command, HasSubstr(" /usr/bin/gpupci gpupci "));
  EXPECT_THAT(transport.asked_targets[1].command, HasSubstr(" /usr/local/bin/gpupci gpupci "));
  EXPECT_EQ(transport.asked_targets[0].input.text(), kNewAgent);
  EXPECT_THAT(outcomes(), ElementsAre("n1 installed", "n2 installed"));
  transport.asked_targets.clear();
  install.deliver(new_agent());
  EXPECT_THAT(transport.asked_targets, IsEmpty());
}

// The same bytes need no upgrade, whoever put them there.
TEST_F(AgentInstalling, TheSameProgramOfAPackageIsCurrent) {
  tells("n1", "/usr/bin/gpupci", is_new() + "packaged\n");
  ask();
  install.decide(new_agent());
  EXPECT_THAT(outcomes(), ElementsAre("n1 current", "n2 would be installed"));
  EXPECT_THAT(failures(), IsEmpty());
}

TEST_F(AgentInstalling, WhatWasDecidedBeforeStays) {
  ask();
  install.upgrades()[0].result = UpgradeResult::failed;
  install.decide(new_agent());
  EXPECT_THAT(outcomes(), ElementsAre("n1 failed", "n2 would be installed"));
}

TEST_F(AgentInstalling, AHostThatFailedIsLeftAloneByTheStepsAfter) {
  ask();
  transport.answers["n1"] = {"", "no space left\n", {ssh::End::exited, 1, "", {}}};
  transport.answers["n2"].out = "rollcall put\n";
  install.deliver(new_agent());
  EXPECT_THAT(outcomes(), ElementsAre("n1 failed", "n2 installed"));
  EXPECT_THAT(failures(), ElementsAre("n1: no space left"));
  transport.answers["n2"].out = told("/usr/local/bin/gpupci", is_new());
  install.write_units();
  ASSERT_EQ(transport.asked_targets.size(), 1U);
  EXPECT_EQ(transport.asked_targets[0].name, "n2");
}

TEST_F(AgentInstalling, OneThatDoesNotRunThereIsNoSuccess) {
  ask();
  install.upgrades()[0].result = UpgradeResult::current;
  install.upgrades()[1].result = UpgradeResult::installed;
  transport.answers["n1"].out = "unit\n" + told("/usr/bin/gpupci", is_new());
  transport.answers["n2"].out =
      told("/usr/local/bin/gpupci", "checksum " + sha256_hex(kNewAgent) + "\n");
  install.write_units();
  EXPECT_THAT(outcomes(), ElementsAre("n1 unit written", "n2 failed"));
  EXPECT_THAT(failures(), ElementsAre("n2: it does not run there"));
  EXPECT_EQ(install.upgrades()[0].program.version, "2.0.0");
}

TEST_F(AgentInstalling, AUnitThatComesWithTheProgramIsNotToldBesideIt) {
  ask();
  install.upgrades()[0].result = UpgradeResult::installed;
  install.upgrades()[1].result = UpgradeResult::installed;
  for (const auto* host : {"n1", "n2"}) {
    transport.answers[host].out = "unit\n" + told("/usr/bin/gpupci", is_new());
  }
  install.write_units();
  EXPECT_THAT(outcomes(), ElementsAre("n1 installed", "n2 installed"));
}

TEST_F(AgentInstalling, ALookAtUnitsIsForHostsThatHaveTheProgram) {
  ask();
  install.upgrades()[0].result = UpgradeResult::current;
  transport.answers["n1"].out = "unit\n" + told("/usr/bin/gpupci", is_new());
  install.look_at_units();
  ASSERT_EQ(transport.asked_targets.size(), 1U);
  EXPECT_EQ(transport.asked_targets[0].command, look_at_unit_of_program("/usr/bin/gpupci"));
  EXPECT_THAT(outcomes(), ElementsAre("n1 unit would be written", "n2 would be installed"));
}

TEST_F(AgentInstalling, SettingsAreToldWhereNothingElseIsNew) {
  ask();
  install.upgrades()[0].result = UpgradeResult::current;
  install.upgrades()[1].result = UpgradeResult::installed;
  const DeliveredFile settings{"/etc/gpupci/gpupci.yaml", "gpupci.yaml", "x: y\n"};
  for (const auto* host : {"n1", "n2"}) transport.answers[host].out = "rollcall same\n";
  install.deliver_settings(settings);
  EXPECT_THAT(outcomes(), ElementsAre("n1 current", "n2 installed"));
  for (const auto* host : {"n1", "n2"}) transport.answers[host].out = "rollcall put\n";
  install.deliver_settings(settings);
  EXPECT_THAT(outcomes(), ElementsAre("n1 settings written", "n2 installed"));
}

TEST_F(AgentInstalling, TheInventoryKeepsWhatTheHostsTold) {
  ask();
  EXPECT_EQ(install.store(), "");
  const auto agents = inventory().host_agents();
  const auto& old = agents.at(HostName("n1"));
  EXPECT_EQ(old.version, "1.0.0");
  EXPECT_EQ(old.path, "/usr/bin/gpupci");
  EXPECT_EQ(old.checksum, sha256_hex("old"));
  EXPECT_FALSE(old.seen.empty());
  const auto& none = agents.at(HostName("n2"));
  EXPECT_EQ(none.version, std::nullopt);
  EXPECT_EQ(none.checksum, std::nullopt);
}

TEST_F(AgentInstalling, RootPutsItThereAndAnybodyAsks) {
  auto host = inventory().find_host(HostName("n1")).value();
  host.sudo = true;
  inventory().set_hosts({host});
  ask();
  EXPECT_EQ(transport.asked_targets.at(0).command, question_of_program(""));
  install.deliver(new_agent());
  EXPECT_THAT(transport.asked_targets.at(0).command, ::testing::StartsWith("sudo -n sh -c '"));
}

}  // namespace
}  // namespace cluster::frontend
