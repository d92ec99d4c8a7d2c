// What is to become of one VM in libvirt, of what the inventory, the last define and the host say.

#include "frontend/vms/vm_plan.h"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "virt/domain_xml.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using virt::Keep;

constexpr const char* kVmUuid = "c2177883-f1bb-47f0-914d-32a22e3a8804";
constexpr unsigned long kVersion = 9000000;

// A document with so much memory, and more elements.
std::string document_of(int mib, const std::string& more = "") {
  return std::string("<domain type='kvm'>\n  <name>v1</name>\n  <uuid>") + kVmUuid +
         "</uuid>\n  <memory unit='KiB'>" + std::to_string(mib * 1024) + "</memory>\n" + more +
         "</domain>\n";
}

Vm vm_v1() { return {HostName("v1"), HostName("n1"), kVmUuid, 1024, 1, {}, {}}; }

VmTask task_with(const std::optional<std::string>& theirs) {
  VmTask task{vm_v1(), {}, "", virt::Validation::none, false, {}};
  if (!theirs) return task;
  task.domain.emplace();
  task.domain->name = "v1";
  task.domain->uuid = kVmUuid;
  task.domain->persistent = true;
  task.domain->xml = *theirs;
  return task;
}

VmAgreement agreement_on(const std::string& rendered, const std::string& defined,
                         const std::string& container = "n1", unsigned long libvirt = kVersion) {
  return {kVmUuid, HostName(container), rendered, defined, libvirt};
}

std::string why_not(const VmPlan& plan) { return plan.refusal ? plan.refusal->what() : "taken"; }

TEST(VmPlan, AVmThatLibvirtDoesNotHaveIsDefinedAsTheInventorySays) {
  const auto ours = document_of(1024);
  const auto out = plan(task_with({}), ours, nullptr, kVersion, Keep::ask);
  EXPECT_TRUE(out.is_new);
  EXPECT_EQ(out.rendered, ours);
  EXPECT_EQ(out.xml, virt::for_define(ours));
  EXPECT_FALSE(out.refusal);
}

// It was moved: what the host had added goes along, unless libvirt there may not know it.
TEST(VmPlan, AVmThatMovedIsDefinedAsItWasAgreedElsewhere) {
  const auto ours = document_of(1024);
  const auto there = document_of(1024, "  <title>kept</title>\n");
  const auto agreed = agreement_on(ours, there, "n2", 9005000);
  EXPECT_THAT(plan(task_with({}), ours, &agreed, 9005000, Keep::ask).xml, HasSubstr("kept"));
  EXPECT_THAT(plan(task_with({}), ours, &agreed, 10000000, Keep::ask).xml, HasSubstr("kept"));
  EXPECT_THAT(plan(task_with({}), ours, &agreed, 9000000, Keep::ask).xml, Not(HasSubstr("kept")));
  EXPECT_EQ(plan(task_with({}), ours, &agreed, 9005000, Keep::ask).base, there);
  EXPECT_EQ(plan(task_with({}), ours, &agreed, 9000000, Keep::ask).base, "");
}

TEST(VmPlan, NothingIsToBeDoneWhereNobodyChangedAnything) {
  const auto ours = document_of(1024);
  const auto agreed = agreement_on(ours, ours);
  for (const auto keep : {Keep::ask, Keep::theirs, Keep::ours}) {
    const auto out = plan(task_with(ours), ours, &agreed, kVersion, keep);
    EXPECT_EQ(out.xml, "");
    EXPECT_EQ(out.rendered, "");
    EXPECT_THAT(out.lines, IsEmpty());
    EXPECT_FALSE(out.drifted);
    EXPECT_FALSE(out.refusal);
  }
}

TEST(VmPlan, AChangeOfTheInventoryIsDefinedAndAgreedOn) {
  const auto agreed = agreement_on(document_of(1024), document_of(1024));
  const auto out =
      plan(task_with(document_of(1024)), document_of(2048), &agreed, kVersion, Keep::ask);
  EXPECT_FALSE(out.is_new);
  EXPECT_THAT(out.xml, HasSubstr(">2097152</memory>"));
  EXPECT_EQ(virt::fingerprint_in(out.xml), virt::fingerprint(document_of(2048)));
  EXPECT_EQ(out.rendered, document_of(2048));
  EXPECT_THAT(out.lines, ElementsAre("v1: memory 1 GiB -> 2 GiB  change"));
}

TEST(VmPlan, AChangeOfTheHostIsAskedAbout) {
  const auto ours = document_of(1024);
  const auto agreed = agreement_on(ours, ours);
  const auto asked = plan(task_with(document_of(4096)), ours, &agreed, kVersion, Keep::ask);
  EXPECT_TRUE(asked.drifted);
  EXPECT_EQ(asked.xml, "");
  EXPECT_EQ(why_not(asked),
            "it was changed on 'n1' (1 line above): keep=theirs accepts that, keep=ours sets it "
            "back (sync vm config v1)");
  EXPECT_THAT(asked.lines,
              ElementsAre("v1: memory 1 GiB, the host has 4 GiB  changed on the host"));
  const auto theirs = plan(task_with(document_of(4096)), ours, &agreed, kVersion, Keep::theirs);
  EXPECT_EQ(why_not(theirs), "taken");
  EXPECT_EQ(theirs.xml, "") << "nothing changes there";
  EXPECT_EQ(theirs.rendered, ours) << "and it is agreed on";
  const auto back = plan(task_with(document_of(4096)), ours, &agreed, kVersion, Keep::ours);
  EXPECT_THAT(back.xml, HasSubstr(">1048576</memory>"));
}

TEST(VmPlan, AVmOfSomebodyElseIsNotOurs) {
  const auto out =
      plan(task_with(document_of(4096)), document_of(1024), nullptr, kVersion, Keep::ask);
  EXPECT_THAT(why_not(out), HasSubstr("'n1' has it, but not from this inventory (1 line above)"));
}

TEST(VmPlan, WhatWasAgreedOnAnotherContainerIsNotAgreedHere) {
  const auto agreed = agreement_on(document_of(1024), document_of(1024), "n2");
  const auto out =
      plan(task_with(document_of(4096)), document_of(1024), &agreed, kVersion, Keep::ask);
  EXPECT_THAT(why_not(out), HasSubstr("'n1' has it, but not from this inventory"));
}

// The command was killed between the define and the note of it.
TEST(VmPlan, ADefineThatWasNotNotedDownIsKnownByItsFingerprint) {
  const auto ours = document_of(2048);
  const auto agreed = agreement_on(document_of(1024), document_of(1024));
  const auto out = plan(task_with(virt::for_define(ours)), ours, &agreed, kVersion, Keep::ask);
  EXPECT_EQ(why_not(out), "taken");
  EXPECT_EQ(out.xml, "");
  EXPECT_EQ(out.rendered, ours);
}

TEST(VmPlan, SavedMemoryHindersAChange) {
  const auto agreed = agreement_on(document_of(1024), document_of(1024));
  auto task = task_with(document_of(1024));
  task.domain->saved = true;
  EXPECT_EQ(why_not(plan(task, document_of(1024), &agreed, kVersion, Keep::ask)), "taken");
  EXPECT_EQ(why_not(plan(task, document_of(2048), &agreed, kVersion, Keep::ask)),
            "it has saved memory, and a start would go on from that and not from what changes: "
            "`cluster restore host vm v1` and stop it, or `virsh managedsave-remove v1` on 'n1'");
  task.domain->name = "101";
  EXPECT_THAT(why_not(plan(task, document_of(2048), &agreed, kVersion, Keep::ask)),
              HasSubstr(std::string("`virsh managedsave-remove ") + kVmUuid + "`"));
}

TEST(VmPlan, WhatANewerLibvirtWroteIsToldOnce) {
  const auto ours = document_of(1024);
  const auto agreed = agreement_on(ours, ours);
  const auto now = document_of(1024, "  <title>new</title>\n");
  const auto out = plan(task_with(now), ours, &agreed, 10001000, Keep::ask);
  EXPECT_THAT(out.upgraded,
              ElementsAre("VM 'v1': libvirt on n1 was 9.0.0 and is 10.1.0 now; what it has written "
                          "since is kept:",
                          "v1: title  only on the host, kept"));
  EXPECT_EQ(out.rendered, ours) << "it is agreed on, and not told again";
  EXPECT_THAT(plan(task_with(now), ours, &agreed, kVersion, Keep::ask).upgraded, IsEmpty());
}

struct Autostart {
  bool ours;                          // the inventory
  std::optional<bool> there;          // libvirt; nothing: it has no such domain
  std::optional<VmAutostart> agreed;  // {said, there} at the last sync
  bool yes;                           // with Keep::ask
  const char* drift;                  // "" = none
};

AutostartPlan planned(const Autostart& one, Keep keep) {
  auto task = task_with({});
  task.autostart_said = one.ours;
  if (one.there) {
    task.domain.emplace();
    task.domain->autostart = *one.there;
  }
  auto agreed = agreement_on("", "");
  agreed.autostart = one.agreed;
  return plan_autostart(task, &agreed, keep);
}

const std::vector<Autostart> kAutostarts{
    {true, {}, {}, true, ""},
    {false, {}, {}, false, ""},
    {true, {}, VmAutostart{false, false}, true, ""},  // it was undefined
    {true, false, {}, true, ""},                      // nobody knows what was agreed
    {false, true, {}, false, ""},
    {true, true, VmAutostart{true, true}, true, ""},
    {true, false, VmAutostart{false, false}, true, ""},  // the inventory changed it
    {false, true, VmAutostart{true, true}, false, ""},
    {true, false, VmAutostart{true, true}, false, "yes no"},  // the host did
    {false, true, VmAutostart{false, false}, true, "no yes"},
    {true, true, VmAutostart{false, false}, true, ""},   // both did, to the same
    {true, false, VmAutostart{true, false}, false, ""},  // it was accepted so
    {false, true, VmAutostart{false, true}, true, ""},
};

TEST(PlanAutostart, TheHostsWordIsAskedAbout) {
  for (const auto& one : kAutostarts) {
    const auto out = planned(one, Keep::ask);
    EXPECT_EQ(out.yes, one.yes) << one.ours;
    EXPECT_EQ(out.drift ? *out.drift->old + " " + *out.drift->now : "", one.drift);
  }
}

TEST(PlanAutostart, KeepSettlesWhatTheHostChanged) {
  for (const auto& one : kAutostarts) {
    const bool drifted = *one.drift != 0;
    EXPECT_EQ(planned(one, Keep::theirs).yes, one.yes);
    EXPECT_EQ(planned(one, Keep::ours).yes, drifted ? one.ours : one.yes);
  }
}

TEST(AgreementOf, IsThatOfTheSameVm) {
  std::map<HostName, VmAgreement> all{{HostName("v1"), agreement_on("a", "b")}};
  auto vm = vm_v1();
  ASSERT_NE(agreement_of(all, vm), nullptr);
  vm.uuid = "00000000-0000-4000-8000-000000000001";
  EXPECT_EQ(agreement_of(all, vm), nullptr) << "another VM had the name";
  vm = vm_v1();
  vm.name = HostName("v2");
  EXPECT_EQ(agreement_of(all, vm), nullptr);
}

TEST(AgreedDocument, IsWhatADefineWouldBring) {
  const auto ours = document_of(2048);
  EXPECT_EQ(agreed_document(vm_v1(), ours, nullptr), ours);
  const auto there = document_of(1024, "  <title>kept</title>\n");
  const auto agreed = agreement_on(document_of(1024), there);
  EXPECT_THAT(agreed_document(vm_v1(), ours, &agreed),
              ::testing::AllOf(HasSubstr(">2097152</memory>"), HasSubstr("kept")));
  EXPECT_THAT(agreed_document(vm_v1(), document_of(1024), &agreed),
              ::testing::AllOf(HasSubstr(">1048576</memory>"), HasSubstr("kept")));
}

TEST(AgreedDocument, IsRefusedWhereWhatWasAgreedDoesNotAllowIt) {
  const std::string cells = "  <cpu><numa><cell id='0' cpus='0' memory='1048576'/></numa></cpu>\n";
  const auto agreed = agreement_on(document_of(1024), document_of(1024, cells));
  try {
    agreed_document(vm_v1(), document_of(2048), &agreed);
    FAIL() << "it was allowed";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::refused);
    EXPECT_THAT(error.what(), HasSubstr("VM 'v1': memory cannot become 2097152 KiB: the domain has "
                                        "NUMA cells of its own"));
  }
}

}  // namespace
}  // namespace cluster::frontend
