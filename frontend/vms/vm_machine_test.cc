// What each attribute of a VM's machine puts into its domain, and the words of each refusal.

#include "frontend/vms/vm_machine.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "core/error.h"

namespace cluster::frontend {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using virt::DomainSpec;

using ApplyMachine = void (*)(DomainSpec&, const std::string&);

// A VM of 8 CPUs that is on two nodes of its container.
DomainSpec vm_of_two_nodes() {
  DomainSpec domain;
  domain.cpus = 8;
  domain.numa.emplace().host_nodes = {0, 1};
  return domain;
}

DomainSpec after(ApplyMachine apply, const std::string& value,
                 DomainSpec domain = vm_of_two_nodes()) {
  apply(domain, value);
  return domain;
}

template <typename Call>
std::string words_of_refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage) << error.what();
    return error.what();
  }
  return "taken";
}

struct RefusedValue {
  ApplyMachine apply;
  const char* value;
  const char* words;
};

const std::vector<RefusedValue> kRefusedValues{
    {machine::type, "xen", "want kvm or qemu"},
    {machine::emulator, "bin/qemu", "want an absolute path"},
    {machine::machine, "", "want a machine of QEMU, like q35"},
    {machine::firmware, "uefi", "want bios, efi or efi-secure"},
    {machine::boot, "hd,,cdrom", "want hd, cdrom, network, or some of them with commas"},
    {machine::hugepages, "4K", "want no, yes, 2M or 1G"},
    {machine::cpu_mode, "host",
     "want host-passthrough, host-model, maximum, or a model (virsh cpu-models x86_64)"},
    {machine::cpu_topology, "1,8", "want SOCKETS,CORES,THREADS, like 1,8,2"},
    {machine::cpu_topology, "8,0,1", "want a number from 1 to 4096"},
    {machine::cpu_topology, "1,8,", "want a number from 1 to 4096"},
    {machine::maxphysaddr, "31", "want a number from 32 to 64"},
    {machine::numa, "1024", "want a number from 0 to 1023"},
    {machine::numa, "0,1,0", "want each node once"},
    {machine::numa_memory, "loose", "want strict or preferred"},
    {machine::numa_guest, "yes", "want none, cell or bus"},
    {machine::cpuset, "0-3/", "want ranges, like 0-31,64-95"},
    {machine::cpuset, "3-1", "want ranges, like 0-31,64-95"},
    {machine::cpuset, "0-3/0-8192", "want numbers to 8191"},
    {machine::cpuset, "0/1/2", "want CPUs for each of 2 nodes, like 0-31/32-63"},
    {machine::clock, "utc+1", "want utc, localtime or Europe/Berlin"},
    {machine::on_poweroff, "preserve", "want destroy or restart"},
    {machine::on_reboot, "preserve", "want restart or destroy"},
    {machine::on_crash, "rename-restart",
     "want restart, destroy, preserve, coredump-restart or coredump-destroy"},
    {machine::cpu_pin, "0:8 1", "want CPUS:CPUS, like 0-3:8-11"},
    {machine::cpu_pin, "0:", "want CPUS:CPUS, like 0-3:8-11"},
    {machine::cpu_pin, ":1", "want CPUS:CPUS, like 0-3:8-11"},
    {machine::cpu_pin, "0:9-8", "want ranges, like 0-31,64-95"},
    {machine::emulator_cpus, "0,", "want ranges, like 0-31,64-95"},
};

TEST(VmMachine, SaysWhatItWantsInPlaceOfAValue) {
  for (const auto& one : kRefusedValues) {
    EXPECT_EQ(words_of_refusal([&] { after(one.apply, one.value); }), one.words) << one.value;
  }
}

TEST(VmMachine, ANumberIsPlainAndWithinItsBounds) {
  EXPECT_EQ(number("1", 1, 4), 1);
  EXPECT_EQ(number("4", 1, 4), 4);
  for (const auto* bad : {"0", "5", "", "-1", "+1", "01", "1 ", " 1", "1.5", "0x1", "4294967297",
                          "99999999999999999999"}) {
    EXPECT_EQ(words_of_refusal([&] { number(bad, 1, 4); }), "want a number from 1 to 4") << bad;
  }
}

TEST(VmMachine, RangesAreKeptAsTheyAreTyped) {
  for (const auto* good : {"", "0", "8191", "7-7", "0-3,8,1-2"}) EXPECT_EQ(ranges(good), good);
  for (const auto* bad : {",", "0,,1", "-", "-3", "0-1-2", "a-b", "1 2", "0-3, 5"}) {
    EXPECT_EQ(words_of_refusal([&] { ranges(bad); }), "want ranges, like 0-31,64-95") << bad;
  }
}

TEST(VmMachine, YesAndNoAreSpelledInOneWay) {
  EXPECT_TRUE(yes("yes"));
  EXPECT_FALSE(yes("no"));
  for (const auto* bad : {"", "Yes", "true", "on"}) {
    EXPECT_EQ(words_of_refusal([&] { yes(bad); }), "want yes or no") << bad;
  }
}

TEST(VmMachine, WhatIsBootedFromReplacesWhatWasBefore) {
  EXPECT_THAT(DomainSpec().boot, ElementsAre("hd"));
  EXPECT_THAT(after(machine::boot, "network").boot, ElementsAre("network"));
}

TEST(VmMachine, WithoutHugePagesThereIsNoSizeOfThem) {
  EXPECT_EQ(after(machine::hugepages, "no", after(machine::hugepages, "2M")).hugepage_kib,
            std::nullopt);
}

// A model would be rendered beside a mode that has none.
TEST(VmMachine, AModeOfTheCpuForgetsTheModelBefore) {
  const auto named = after(machine::cpu_mode, "EPYC");
  EXPECT_EQ(named.cpu_mode, virt::CpuMode::named);
  for (const auto& [word, mode] : {std::pair("host-passthrough", virt::CpuMode::host_passthrough),
                                   std::pair("host-model", virt::CpuMode::host_model),
                                   std::pair("maximum", virt::CpuMode::maximum)}) {
    const auto domain = after(machine::cpu_mode, word, named);
    EXPECT_EQ(domain.cpu_mode, mode) << word;
    EXPECT_EQ(domain.cpu_model, "") << word;
  }
}

TEST(VmMachine, AddressBitsAreThoseOfTheHostOrCounted) {
  EXPECT_EQ(after(machine::maxphysaddr, "").maxphysaddr, virt::AddressBits::by_cpu);
  EXPECT_EQ(after(machine::maxphysaddr, "passthrough").maxphysaddr, virt::AddressBits::passthrough);
  EXPECT_EQ(after(machine::maxphysaddr, "46").maxphysaddr, virt::AddressBits::emulate);
}

// So it is when the attribute is typed, for all VMs.
TEST(VmMachine, OfAVmWhoseCpusAreNotKnownOnlyTheSpellingIsChecked) {
  auto domain = vm_of_two_nodes();
  domain.cpus = 0;
  EXPECT_EQ(after(machine::cpu_topology, "2,16,2", domain).topology->cores, 16);
  EXPECT_THAT(after(machine::cpu_pin, "8-15", domain).cpu_pins, IsEmpty());
  EXPECT_THAT(after(machine::cpu_pin, "0-200:8", domain).cpu_pins, IsEmpty());
}

TEST(VmMachine, AnEmptyTopologyIsLeftToLibvirt) {
  EXPECT_FALSE(after(machine::cpu_topology, "").topology);
}

TEST(VmMachine, TheGuestSeesNodesAsItIsTold) {
  const auto seen = [](const char* word) { return *after(machine::numa_guest, word).numa; };
  EXPECT_FALSE(seen("none").guest_cell);
  EXPECT_FALSE(seen("none").expander);
  EXPECT_TRUE(seen("cell").guest_cell);
  EXPECT_FALSE(seen("cell").expander);
  EXPECT_TRUE(seen("bus").guest_cell);
  EXPECT_TRUE(seen("bus").expander);
}

TEST(VmMachine, WhatRefinesNodesMakesNone) {
  EXPECT_FALSE(after(machine::numa, "no", {}).numa);
  EXPECT_FALSE(after(machine::numa_memory, "preferred", {}).numa);
  EXPECT_FALSE(after(machine::numa_guest, "bus", {}).numa);
  EXPECT_FALSE(after(machine::cpuset, "", {}).numa);
}

TEST(VmMachine, OneSetOfCpusIsThatOfAllNodes) {
  EXPECT_THAT(after(machine::cpuset, "0-7").numa->cpusets, ElementsAre("0-7"));
  EXPECT_THAT(after(machine::cpuset, "").numa->cpusets, IsEmpty());
}

TEST(VmMachine, AnEventHasTheActionThatIsSaidOfIt) {
  const auto poweroff = after(machine::on_poweroff, "restart").lifecycle;
  EXPECT_EQ(poweroff.on_poweroff, "restart");
  EXPECT_EQ(poweroff.on_reboot, "restart");
  EXPECT_EQ(poweroff.on_crash, "restart");
  EXPECT_EQ(after(machine::on_reboot, "destroy").lifecycle.on_reboot, "destroy");
  EXPECT_EQ(after(machine::on_reboot, "destroy").lifecycle.on_crash, "restart");
  for (const auto* action :
       {"restart", "destroy", "preserve", "coredump-restart", "coredump-destroy"}) {
    EXPECT_EQ(after(machine::on_crash, action).lifecycle.on_crash, action);
  }
}

TEST(VmMachine, AZoneIsSpelledAsInTheListOfZones) {
  for (const auto* zone : {"America/Port-au-Prince", "America/St_Johns", "Etc/GMT+5"}) {
    EXPECT_EQ(after(machine::clock, zone).clock, zone);
  }
  for (const auto* bad : {"CET", "Europe/Berlin\n", "Europe/'", "UTC"}) {
    EXPECT_THROW(after(machine::clock, bad), Error) << bad;
  }
}

TEST(VmMachine, TheLastPinOfACpuCounts) {
  EXPECT_THAT(after(machine::cpu_pin, " 0-7:16-31  3:5 ").cpu_pins,
              ElementsAre("16-31", "16-31", "16-31", "5", "16-31", "16-31", "16-31", "16-31"));
}

TEST(VmMachine, CpusThatNobodyPinnedRunAnywhere) {
  const auto domain = after(machine::cpu_pin, "");
  EXPECT_THAT(domain.cpu_pins, IsEmpty());
  EXPECT_THAT(after(machine::cpu_pin, "8:1",
                    [] {
                      auto more = vm_of_two_nodes();
                      more.cpus = 9;
                      return more;
                    }())
                  .cpu_pins,
              ElementsAre("", "", "", "", "", "", "", "", "1"));
}

}  // namespace
}  // namespace cluster::frontend
