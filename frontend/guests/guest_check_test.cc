// Who is asked in which way, and what is said of those that cannot be. The judgement of what guests
// say is in guest_judgement_test.cc.

#include "frontend/guests/guest_check.h"

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base64.h"
#include "core/file.h"
#include "tests/support/frontend_test.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GuestCheck : public FrontendTest {
 protected:
  GuestCheck() {
    add_host("n1");
    domains.hosts["n1"].agent = [this](const std::string& vm,
                                       const std::string& json) -> virt::AgentReply {
      const auto text = said.find(vm);
      if (text == said.end()) return {"", Error(Fault::io, "QEMU guest agent is not connected")};
      if (json.find("\"guest-exec\"") != std::string::npos) {
        programs.push_back(vm +
                           (json.find("/bin/sh") != std::string::npos ? " sh" : " powershell"));
        return {R"({"return": {"pid": 7}})", {}};
      }
      return {R"({"return": {"exited": true, "exitcode": 2, "out-data": ")" + base64(text->second) +
                  R"("}})",
              {}};
    };
  }

  static std::string healthy() {
    return read_file(std::string(GUEST_DATA) + "/healthy.txt").value();
  }

  // "VM ID: REASON" of the first check of each VM.
  std::vector<std::string> told(VmBatch all) {
    std::vector<std::string> lines;
    for (const auto& one : check_guests(context, all, {})) {
      const auto& check = one.checks.at(0);
      lines.push_back(one.vm.name.str() + " " + check.id + ": " + check.reason);
    }
    return lines;
  }

  std::vector<std::string> told() { return told(look_at(context, inventory().vms(), {})); }

  std::map<std::string, std::string> said;  // by the agent of a VM
  std::vector<std::string> programs;        // that agents were told to run
};

TEST_F(GuestCheck, GuestsAreToldInTheOrderOfTheirNames) {
  for (const auto* name : {"v10", "v2", "v1"}) add_vm(name, "n1");
  add_domain("n1", "v10", "", true);
  add_domain("n1", "v2");
  said["v10"] = healthy();
  EXPECT_THAT(told(), ElementsAre("v1 I1: libvirt on n1 does not have it", "v2 I1: it is shut off",
                                  "v10 I1: the guest answers over its agent"));
}

TEST_F(GuestCheck, AGuestThatHasAnsweredIsNotAskedInAnotherWay) {
  add_vm("v1", "n1");
  add_domain("n1", "v1", "", true);
  said["v1"] = healthy();
  told();
  EXPECT_THAT(programs, ElementsAre("v1 sh"));
  EXPECT_THAT(transport.asked_targets, IsEmpty());
}

TEST_F(GuestCheck, OnlyGuestsThatAreSilentAreAskedOverSsh) {
  for (const auto* name : {"v1", "v2"}) {
    add_vm(name, "n1");
    add_domain("n1", name, "", true);
  }
  said["v1"] = healthy();
  transport.answers["v2"].out = healthy();
  EXPECT_THAT(told(), ElementsAre("v1 I1: the guest answers over its agent",
                                  "v2 I1: the guest answers over ssh"));
  ASSERT_EQ(transport.asked_targets.size(), 1U);
  EXPECT_EQ(transport.asked_targets[0].name, "v2");
}

// The login works, and its shell is none.
TEST_F(GuestCheck, EachWayThatFailedIsToldWithItsReason) {
  add_vm("v1", "n1");
  add_domain("n1", "v1", "", true);
  transport.answers["v1"].err = "sh: not found\n";
  EXPECT_THAT(told(), ElementsAre("v1 I1: the guest cannot be asked: QEMU guest agent is not "
                                  "connected; over ssh: sh: not found"));
}

TEST_F(GuestCheck, VmsOfAContainerThatFailedAreLeftOut) {
  add_host("n2");
  add_vm("v1", "n1");
  add_vm("v2", "n2");
  domains.hosts["n2"].failure = Error(Fault::unreachable, "no route to host");
  EXPECT_THAT(told(), ElementsAre("v1 I1: libvirt on n1 does not have it"));
}

TEST_F(GuestCheck, AVmThatFailedItselfIsLeftOut) {
  add_vm("v1", "n1");
  auto all = look_at(context, inventory().vms(), {});
  all.at(0).tasks.at(0).failure = Error(Fault::exists, "another VM has its name");
  EXPECT_THAT(told(std::move(all)), IsEmpty());
}

TEST_F(GuestCheck, AGuestOfTheGdsRollHasItsChecks) {
  add_vm("v1", "n1");
  add_domain("n1", "v1", "", true);
  said["v1"] = "=== end\n";
  const auto ids = [this] {
    auto all = look_at(context, inventory().vms(), {});
    const auto guests = check_guests(context, all, {});
    std::string text;
    for (const auto& one : guests.at(0).checks) text += one.id + " ";
    return text;
  };
  inventory().add_roll({"gds", "1.0", "any", false, std::string(64, '0')});
  EXPECT_THAT(ids(), ::testing::Not(HasSubstr("S1")));
  inventory().enable_roll("gds", "1.0");
  EXPECT_THAT(ids(), HasSubstr("S1"));
}

// It has one address of a slice, whose kind nobody knows.
TEST_F(GuestCheck, ASliceIsLookedForAsACardIs) {
  inventory().store_gpu_cards(HostName("n1"), {{told_card("gpupci1", "0000:01:00.0")}, {}});
  add_vm("v1", "n1");
  give("v1", "gpupci", "gpupci1.0");
  add_domain("n1", "v1", "", true);
  said["v1"] = healthy();
  auto all = look_at(context, inventory().vms(), {});
  const auto checks = check_guests(context, all, {}).at(0).checks;
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(checks[1].card, "gpupci");
  EXPECT_EQ(checks[1].id, "I2");
  EXPECT_EQ(checks[1].result, Verdict::fail);
  EXPECT_THAT(checks[1].reason, HasSubstr("the VM was defined without gpupci1.0"));
}

}  // namespace
}  // namespace cluster::frontend
