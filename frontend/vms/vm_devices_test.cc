// Devices that domains of libvirt have although the inventory did not give them.

#include "frontend/vms/vm_devices.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "core/error.h"
#include "tests/support/frontend_test.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string hostdev_at(const std::string& bus) {
  return "<hostdev mode='subsystem' type='pci'><source><address domain='0x0000' bus='0x" + bus +
         "' slot='0x00' function='0x0'/></source></hostdev>";
}

// v1 of n1 has gpupci1, at bus 01; gpupci2 is at bus 02.
class VmDevices : public FrontendTest {
 protected:
  VmDevices() {
    add_host("n1");
    inventory().store_gpu_cards(
        HostName("n1"),
        {{told_card("gpupci1", "0000:01:00.0"), told_card("gpupci2", "0000:02:00.0")}, {}});
    add_vm("v1", "n1");
    give("v1", "gpupci", "gpupci1");
  }

  VmBatch look() { return look_at(context, inventory().vms(), {}); }

  // "DOMAIN DEVICE ..." of each domain of n1 that is remembered.
  std::vector<std::string> remembered() {
    std::vector<std::string> lines;
    for (const auto& [host, devices] : inventory().domain_devices()) {
      for (const auto& one : devices) {
        EXPECT_FALSE(one.seen.empty());
        lines.push_back(one.domain);
        for (const auto& device : one.devices) lines.back() += " " + device;
      }
    }
    return lines;
  }
};

TEST_F(VmDevices, WhatTheInventoryGaveIsNotRemembered) {
  add_domain("n1", "v1", hostdev_at("01") + hostdev_at("02"));
  add_domain("n1", "by-hand", hostdev_at("01"));
  remember_devices(context, look());
  EXPECT_THAT(remembered(), ElementsAre("by-hand pci_0000_01_00_0", "v1 pci_0000_02_00_0"));
}

TEST_F(VmDevices, WhatWasAgreedOfAnotherVmOfTheNameCounts) {
  const auto& domain = add_domain("n1", "v1", hostdev_at("02"));
  inventory().agree(HostName("v1"), {"uuid-old", HostName("n1"), domain.xml, domain.xml, 9000000});
  remember_devices(context, look());
  EXPECT_THAT(remembered(), ElementsAre("v1 pci_0000_02_00_0"));
}

// Its twin here was left behind by a move.
TEST_F(VmDevices, AVmOfAnotherContainerIsAStranger) {
  add_host("n2");
  inventory().add_gpu({HostName("n2"), GpuName("gpupci1"), PciAddress::parse("0000:02:00.0")});
  add_vm("v2", "n2");
  give("v2", "gpupci", "gpupci1");
  add_domain("n1", "v2", hostdev_at("02"));
  add_domain("n2", "by-hand", hostdev_at("05"));
  remember_devices(context, look());
  EXPECT_THAT(remembered(), ElementsAre("v2 pci_0000_02_00_0", "by-hand pci_0000_05_00_0"));
}

TEST_F(VmDevices, OfAContainerThatDoesNotAnswerNothingIsForgotten) {
  add_domain("n1", "by-hand", hostdev_at("02"));
  remember_devices(context, look());
  domains.hosts["n1"].failure = Error(Fault::unreachable, "no route to host");
  remember_devices(context, look());
  EXPECT_THAT(remembered(), ElementsAre("by-hand pci_0000_02_00_0"));
}

// Its card is given to v1, and libvirt there has it in another domain as well.
TEST_F(VmDevices, ACardOfTwoDomainsIsToldOfTheOneThatStarts) {
  add_domain("n1", "v1", hostdev_at("01"));
  add_domain("n1", "by-hand", hostdev_at("01"));
  auto all = look();
  remember_devices(context, all);
  EXPECT_THAT(shared_cards(inventory(), all),
              ElementsAre("VM 'v1': gpupci1 of n1 is in 'by-hand' of libvirt there as well: only "
                          "one of them can run"));
  all[0].tasks[0].failure = Error(Fault::io, "it does not start");
  EXPECT_THAT(shared_cards(inventory(), all), IsEmpty());
}

TEST_F(VmDevices, TheCardOfAnotherDomainIsNotThatOfTheVm) {
  add_domain("n1", "v1", hostdev_at("01") + hostdev_at("02"));
  add_domain("n1", "by-hand", hostdev_at("02"));
  auto all = look();
  remember_devices(context, all);
  EXPECT_THAT(shared_cards(inventory(), all), IsEmpty());
}

TEST_F(VmDevices, OnlyDomainsThatRunAreAskedHowTheyRun) {
  add_domain("n1", "v1");
  auto all = look();
  look_at_running(context, all);
  EXPECT_EQ(domains.hosts["n1"].calls["running_documents"], 0);
  auto& domain = domains.hosts["n1"].domains[0];
  domain.active = true;
  all = look();
  look_at_running(context, all);
  EXPECT_EQ(domains.hosts["n1"].calls["running_documents"], 1);
  EXPECT_EQ(all.at(0).running.at("uuid-v1"), domain.xml);
  EXPECT_EQ(plugged_in(all[0], domain), std::nullopt) << "it runs as it is configured";
}

TEST_F(VmDevices, OfADomainThatNobodyLookedAtNothingIsPluggedIn) {
  add_domain("n1", "v1", "", true);
  const auto all = look();
  EXPECT_EQ(plugged_in(all.at(0), *all[0].tasks.at(0).domain), std::nullopt);
}

}  // namespace
}  // namespace cluster::frontend
