// These tests are about memory and CPUs, and how both are spread over NUMA nodes.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "core/error.h"
#include "virt/domain_parts.h"

namespace cluster::virt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

DomainSpec machine_of(int cpus, int memory_mib) {
  DomainSpec domain;
  domain.name = "vm-1";
  domain.cpus = cpus;
  domain.memory_mib = memory_mib;
  return domain;
}

// With a guest node for each of `nodes`.
DomainSpec machine_on(std::vector<int> nodes, int cpus, int memory_mib) {
  auto domain = machine_of(cpus, memory_mib);
  domain.numa.emplace();
  domain.numa->host_nodes = std::move(nodes);
  domain.numa->guest_cell = true;
  return domain;
}

std::string memory_and_cpus(const DomainSpec& domain) {
  pugi::xml_document document;
  add_memory_and_cpus(child(document, "domain"), domain);
  return document_text(document);
}

std::string cpu_of(const DomainSpec& domain, bool holds_device = false) {
  pugi::xml_document document;
  add_cpu(child(document, "domain"), domain, holds_device);
  return document_text(document);
}

// "0-1 512" of each cell: its CPUs and its MiB.
std::vector<std::string> guest_cells(const DomainSpec& domain) {
  pugi::xml_document document;
  const auto root = child(document, "domain");
  add_cpu(root, domain, false);
  std::vector<std::string> out;
  for (const auto cell : root.child("cpu").child("numa").children("cell")) {
    EXPECT_EQ(cell.attribute("id").as_int(), static_cast<int>(out.size()));
    EXPECT_STREQ(cell.attribute("unit").value(), "MiB");
    out.push_back(std::string(cell.attribute("cpus").value()) + " " +
                  cell.attribute("memory").value());
  }
  return out;
}

// "0:8-11" of each pin.
std::vector<std::string> guest_pins(const DomainSpec& domain) {
  pugi::xml_document document;
  const auto root = child(document, "domain");
  add_memory_and_cpus(root, domain);
  std::vector<std::string> out;
  for (const auto pin : root.child("cputune").children("vcpupin")) {
    out.push_back(std::string(pin.attribute("vcpu").value()) + ":" +
                  pin.attribute("cpuset").value());
  }
  return out;
}

std::string cpu_refusal(const DomainSpec& domain) {
  try {
    memory_and_cpus(domain);
    cpu_of(domain);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::usage);
    return error.what();
  }
  return "taken";
}

TEST(DomainCpu, SaysNoMoreThanIsAsked) {
  EXPECT_EQ(memory_and_cpus(machine_of(4, 2048)),
            "<domain>\n"
            "  <memory unit='MiB'>2048</memory>\n"
            "  <vcpu placement='static'>4</vcpu>\n"
            "</domain>\n");
  auto domain = machine_of(4, 2048);
  domain.cpu_mode = CpuMode::host_model;
  EXPECT_EQ(cpu_of(domain),
            "<domain>\n"
            "  <cpu mode='host-model'/>\n"
            "</domain>\n");
}

TEST(DomainCpu, HasTheModeThatIsSaid) {
  struct Case {
    CpuMode mode;
    bool holds_device;
    const char* xml;
  };
  for (const auto& [mode, holds_device, xml] :
       std::vector<Case>{{CpuMode::host_passthrough, false, "<cpu mode='host-passthrough'/>"},
                         {CpuMode::host_passthrough, true,
                          "<cpu mode='host-passthrough' check='none' migratable='off'/>"},
                         {CpuMode::host_model, true, "<cpu mode='host-model'/>"},
                         {CpuMode::maximum, true, "<cpu mode='maximum'/>"},
                         {CpuMode::named, false,
                          "<cpu mode='custom' match='exact'>\n"
                          "    <model fallback='forbid'>EPYC-Rome</model>\n"
                          "  </cpu>"}}) {
    auto domain = machine_of(4, 2048);
    domain.cpu_mode = mode;
    domain.cpu_model = "EPYC-Rome";
    EXPECT_THAT(cpu_of(domain, holds_device), HasSubstr(xml));
  }
}

TEST(DomainCpu, HasTheAddressBitsThatAreSaid) {
  auto domain = machine_of(4, 2048);
  EXPECT_EQ(cpu_of(domain).find("maxphysaddr"), std::string::npos);
  domain.maxphysaddr = AddressBits::passthrough;
  EXPECT_THAT(cpu_of(domain), HasSubstr("<maxphysaddr mode='passthrough'/>"));
  domain.maxphysaddr = AddressBits::emulate;
  domain.address_bits = 46;
  EXPECT_THAT(cpu_of(domain), HasSubstr("<maxphysaddr mode='emulate' bits='46'/>"));
}

TEST(DomainCpu, ATopologyIsAProductOfItsCpus) {
  auto domain = machine_of(16, 2048);
  domain.topology = Topology{2, 4, 2};
  EXPECT_THAT(cpu_of(domain), HasSubstr("<topology sockets='2' cores='4' threads='2'/>"));
  for (const auto& wrong : {Topology{2, 4, 1}, Topology{0, 4, 4}, Topology{-2, 4, -2},
                            Topology{1 << 20, 1 << 20, 1 << 20}}) {
    domain.topology = wrong;
    EXPECT_THAT(cpu_refusal(domain), HasSubstr("are not the 16 CPUs of the VM"));
  }
}

TEST(DomainCpu, AHugePageIsWrittenInItsLargestUnit) {
  struct Case {
    std::uint64_t kib;
    const char* xml;
  };
  for (const auto& [kib, xml] : std::vector<Case>{{0, "<hugepages/>"},
                                                  {64, "<page size='64' unit='KiB'/>"},
                                                  {2048, "<page size='2' unit='MiB'/>"},
                                                  {1048576, "<page size='1' unit='GiB'/>"},
                                                  {16777216, "<page size='16' unit='GiB'/>"}}) {
    auto domain = machine_of(4, 16384);
    domain.hugepage_kib = kib;
    EXPECT_THAT(memory_and_cpus(domain), HasSubstr(xml)) << kib;
  }
}

// QEMU would refuse it when the VM starts.
TEST(DomainCpu, AHugePageFitsIntoTheMemory) {
  auto domain = machine_of(4, 512);
  domain.hugepage_kib = 1048576;
  EXPECT_EQ(cpu_refusal(domain), "'vm-1' has 512 MiB of memory, less than a huge page of 1024 MiB");
  domain.memory_mib = 1024;
  EXPECT_EQ(cpu_refusal(domain), "taken");
  domain = machine_on({0, 1}, 4, 1536);
  domain.hugepage_kib = 1048576;
  EXPECT_EQ(cpu_refusal(domain),
            "'vm-1' has too little memory for 2 NUMA nodes (want 1024 MiB for each at least)");
  domain.memory_mib = 2048;
  EXPECT_EQ(cpu_refusal(domain), "taken");
}

TEST(GuestCells, ShareOutCpusAndMemory) {
  EXPECT_THAT(guest_cells(machine_on({3}, 4, 1000)), ElementsAre("0-3 1000"));
  EXPECT_THAT(guest_cells(machine_on({0, 1}, 4, 1000)), ElementsAre("0-1 500", "2-3 500"));
  EXPECT_THAT(guest_cells(machine_on({0, 1}, 5, 1001)), ElementsAre("0-2 500", "3-4 501"));
  EXPECT_THAT(guest_cells(machine_on({0, 1, 2}, 3, 1000)), ElementsAre("0 333", "1 333", "2 334"));
}

TEST(GuestCells, ShareOutWholeHugePages) {
  auto domain = machine_on({0, 1, 2}, 3, 10240);
  domain.hugepage_kib = 1048576;
  EXPECT_THAT(guest_cells(domain), ElementsAre("0 3072", "1 3072", "2 4096"));
  EXPECT_THAT(memory_and_cpus(domain), HasSubstr("<page size='1' unit='GiB' nodeset='0-2'/>"));
  domain.hugepage_kib = 0;  // of which size is the host's choice
  EXPECT_THAT(guest_cells(domain), ElementsAre("0 3413", "1 3413", "2 3414"));
}

TEST(GuestCells, AreThereWithAnExpanderAsWell) {
  auto domain = machine_on({0, 1}, 2, 512);
  domain.numa->guest_cell = false;
  EXPECT_THAT(guest_cells(domain), ElementsAre());
  domain.numa->expander = true;
  EXPECT_THAT(guest_cells(domain), ElementsAre("0 256", "1 256"));
}

TEST(GuestCells, HaveACpuAndMemoryEach) {
  EXPECT_EQ(cpu_refusal(machine_on({0, 1, 2}, 2, 512)),
            "'vm-1' has 2 CPUs for 3 NUMA nodes (want one for each at least)");
  EXPECT_EQ(cpu_refusal(machine_on({0, 1}, 2, 1)),
            "'vm-1' has too little memory for 2 NUMA nodes (want 1 MiB for each at least)");
}

TEST(DomainNuma, MemoryIsOnTheNodesOfTheHost) {
  auto domain = machine_on({3, 1, 2, 7}, 4, 1024);
  domain.numa->guest_cell = false;
  EXPECT_THAT(memory_and_cpus(domain),
              HasSubstr("<numatune>\n    <memory mode='strict' nodeset='1-3,7'/>\n  </numatune>"));
  domain.numa->strict = false;
  EXPECT_THAT(memory_and_cpus(domain), HasSubstr("<memory mode='preferred' nodeset='1-3,7'/>"));
}

TEST(DomainNuma, EachCellIsOnItsNode) {
  EXPECT_THAT(memory_and_cpus(machine_on({4, 0}, 4, 1024)),
              HasSubstr("<memory mode='strict' nodeset='0,4'/>\n"
                        "    <memnode cellid='0' mode='strict' nodeset='4'/>\n"
                        "    <memnode cellid='1' mode='strict' nodeset='0'/>\n"));
}

TEST(CpuPins, AreWrittenWhereTheyAreSaid) {
  auto domain = machine_of(4, 1024);
  domain.cpu_pins = {"8", "", "10-11", ""};
  EXPECT_THAT(guest_pins(domain), ElementsAre("0:8", "2:10-11"));
  domain.cpu_pins.clear();
  EXPECT_EQ(memory_and_cpus(domain).find("cputune"), std::string::npos);
  domain.emulator_cpus = "0-1";
  EXPECT_THAT(memory_and_cpus(domain),
              HasSubstr("<cputune>\n    <emulatorpin cpuset='0-1'/>\n  </cputune>"));
}

TEST(CpuPins, FollowTheNodesWhereEachHasCpusOfItsOwn) {
  auto domain = machine_on({0, 1}, 3, 1024);
  domain.numa->cpusets = {"0-31", "32-63"};
  EXPECT_THAT(guest_pins(domain), ElementsAre("0:0-31", "1:0-31", "2:32-63"));
  EXPECT_THAT(memory_and_cpus(domain), HasSubstr("<vcpu placement='static' cpuset='0-31,32-63'>"));
  domain.cpu_pins = {"5", "", ""};
  EXPECT_THAT(guest_pins(domain), ElementsAre("0:5")) << "single CPUs say more";
  domain.cpu_pins.clear();
  domain.numa->cpusets = {"0-63"};
  EXPECT_THAT(guest_pins(domain), ElementsAre()) << "one set is for all";
  domain.numa->cpusets = {"0-31", "32-63"};
  domain.numa->guest_cell = false;
  EXPECT_THAT(guest_pins(domain), ElementsAre()) << "the guest has no nodes";
}

}  // namespace
}  // namespace cluster::virt
