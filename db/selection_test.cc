#include <gmock/gmock.h>

#include "db/inventory.h"

// A query about some hosts gives the rows of these hosts, and nothing else.
namespace cluster {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

OnlyHosts only(std::initializer_list<const char*> names) {
  OnlyHosts hosts{std::in_place};
  for (const auto* name : names) hosts->emplace_back(name);
  return hosts;
}

// More names than are bound one by one. All names but the given ones belong to no host.
OnlyHosts only_of_many(std::initializer_list<const char*> names) {
  auto hosts = only(names);
  for (int i = 0; i < 2000; ++i) hosts->emplace_back("no-" + std::to_string(i));
  return hosts;
}

GpuCard card(int number, std::uint8_t bus, std::optional<int> numa_node = {}) {
  GpuCard one{GpuName("gpupci" + std::to_string(number)),
              {0, bus, 0, 0},
              "GTX",
              {},
              {},
              {},
              numa_node,
              false,
              {}};
  one.functions = {{{0, bus, 0, 0}, "0300", "10de", "1c03", {}, {}, 7},
                   {{0, bus, 0, 1}, "0403", "10de", "10f1", {}, {}, 7}};
  return one;
}

// n2 and n10 have two cards each. v1 and v2 run on n2, v3 on n10. v1 holds gpupci1 of n2, v2 a
// slice that is not there and an mdev, v3 gpupci1 of n10.
class Selection : public ::testing::Test {
 protected:
  Selection() {
    for (const auto* name : {"n10", "n2", "n1"}) {
      inventory.add_host({HostName(name), "vm-container", 0, {}, {}, {}, {}, {}});
    }
    inventory.store_gpu_cards(
        HostName("n2"), {{card(2, 3), card(1, 2)}, {}, std::vector<Mdev>{{kUuid, "mtty", "t"}}});
    inventory.store_gpu_cards(HostName("n10"), {{card(1, 2), card(10, 3), card(9, 4)}, {}});
    for (const auto& [name, container] :
         {std::pair("v3", "n10"), std::pair("v2", "n2"), std::pair("v1", "n2")}) {
      Vm vm{HostName(name), HostName(container), std::string("u") + name, 1024, 1, {}, {}};
      vm.disks = {{DiskSource::file, "/b", "vdb", "virtio", "raw", {}},
                  {DiskSource::file, "/a", "vda", "virtio", "raw", 1}};
      inventory.add_vm(vm);
      inventory.add_interface(vm.name, {"eth0", InterfaceKind::bridge, "br0", {}});
    }
    inventory.assign_gpu(HostName("v1"), GpuName("gpupci"), SliceName{GpuName("gpupci1"), {}});
    inventory.assign_gpu(HostName("v2"), GpuName("gpupci1"), SliceName{GpuName("gpupci2"), 4});
    inventory.assign_gpu(HostName("v2"), GpuName("gpupci2"), MdevRef{kUuid});
    inventory.assign_gpu(HostName("v3"), GpuName("gpupci"), SliceName{GpuName("gpupci1"), {}});
  }

  std::vector<std::string> names_of_hosts(const OnlyHosts& hosts) {
    std::vector<std::string> names;
    for (const auto& host : inventory.hosts(hosts)) names.push_back(host.name.str());
    return names;
  }

  std::vector<std::string> names_of_vms(const OnlyHosts& hosts) {
    std::vector<std::string> names;
    for (const auto& vm : inventory.vms(hosts)) {
      names.push_back(vm.name.str());
      EXPECT_EQ(vm.disks.size(), 2U);
      EXPECT_EQ(vm.disks[0].target, "vda");
      EXPECT_EQ(vm.interfaces.size(), 1U);
      EXPECT_EQ(vm.gpus.size() + vm.slices.size(), vm.name.str() == "v2" ? 2U : 1U);
    }
    return names;
  }

  std::vector<std::string> gpus(const OnlyHosts& hosts) {
    std::vector<std::string> lines;
    const auto rows = inventory.host_gpus(hosts);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      lines.push_back(std::string(rows.at(i, 0).text) + " " + std::string(rows.at(i, 1).text) +
                      " " + std::string(rows.at(i, 2).text));
    }
    return lines;
  }

  static constexpr const char* kUuid = "c2177883-f1bb-47f0-914d-32a22e3a8804";
  Inventory inventory{":memory:", Inventory::Open::create};
};

TEST_F(Selection, HostsInTheOrderOfTheirNumbers) {
  EXPECT_THAT(names_of_hosts({}), ElementsAre("n1", "n2", "n10", "v1", "v2", "v3"));
  EXPECT_THAT(names_of_hosts(only({"n10", "v1", "n2", "n9"})), ElementsAre("n2", "n10", "v1"));
  EXPECT_THAT(names_of_hosts(only_of_many({"n10", "n2"})), ElementsAre("n2", "n10"));
  EXPECT_THAT(names_of_hosts(only({})), IsEmpty());
}

// The rows of a list are the hosts that hosts() gives.
TEST_F(Selection, RowsAreThoseHosts) {
  for (const auto& hosts :
       {OnlyHosts{}, only({"n10", "v1", "n2", "n9"}), only({}), only_of_many({"n10", "n2"})}) {
    std::vector<std::string> names;
    const auto rows = inventory.host_rows(hosts, false);
    for (std::size_t i = 0; i < rows.size(); ++i) names.emplace_back(rows.at(i, 0).text);
    EXPECT_EQ(names, names_of_hosts(hosts));
  }
}

TEST_F(Selection, KeysAreThoseOfAllHosts) {
  std::vector<std::string> keys;
  for (const auto& key : inventory.host_groups()) {
    keys.push_back(key.name.str() + " " + key.appliance + (key.rack ? " 0" : "") +
                   (key.managed ? " managed" : ""));
  }
  std::ranges::sort(keys);
  EXPECT_THAT(keys, ElementsAre("n1 vm-container 0 managed", "n10 vm-container 0 managed",
                                "n2 vm-container 0 managed", "v1 vm", "v2 vm", "v3 vm"));
}

TEST_F(Selection, VmsByTheirNameOrTheirContainer) {
  EXPECT_THAT(names_of_vms({}), ElementsAre("v1", "v2", "v3"));
  EXPECT_THAT(names_of_vms(only({"n2"})), ElementsAre("v1", "v2"));
  EXPECT_THAT(names_of_vms(only({"v3", "n2", "v2"})), ElementsAre("v1", "v2", "v3"));
  EXPECT_THAT(names_of_vms(only_of_many({"v3", "n2"})), ElementsAre("v1", "v2", "v3"));
  EXPECT_THAT(names_of_vms(only_of_many({"v2"})), ElementsAre("v2"));
  EXPECT_THAT(names_of_vms(only({"n1"})), IsEmpty());
}

TEST_F(Selection, CardsByTheirOwnerAndTheirNumber) {
  const std::vector<std::string> of_n2{"n2 gpupci1 pci_0000_02_00_0",
                                       "n2 gpupci2 pci_0000_03_00_0"};
  EXPECT_EQ(gpus(only({"n2"})), of_n2);
  EXPECT_EQ(gpus(only_of_many({"n2"})), of_n2);
  EXPECT_THAT(gpus({}), ElementsAre("n2 gpupci1 pci_0000_02_00_0", "n2 gpupci2 pci_0000_03_00_0",
                                    "n10 gpupci1 pci_0000_02_00_0", "n10 gpupci9 pci_0000_04_00_0",
                                    "n10 gpupci10 pci_0000_03_00_0", "v1 gpupci pci_0000_02_00_0",
                                    "v2 gpupci1 gpupci2.4", std::string("v2 gpupci2 ") + kUuid,
                                    "v3 gpupci pci_0000_02_00_0"));
}

TEST_F(Selection, DevicesOfSeveralHostsAtOnce) {
  const auto devices =
      inventory.devices({HostName("n10"), HostName("n1"), HostName("n2"), HostName("n9")});
  ASSERT_EQ(devices.size(), 4U);
  EXPECT_EQ(devices[0].cards, inventory.gpu_cards(HostName("n10")));
  ASSERT_EQ(devices[0].cards.size(), 3U);
  EXPECT_EQ(devices[0].cards[2].name, GpuName("gpupci10"));
  EXPECT_EQ(devices[0].cards[2].functions.size(), 2U);
  EXPECT_TRUE(devices[1].cards.empty());
  EXPECT_EQ(devices[2].mdevs, inventory.mdevs(HostName("n2")));
  ASSERT_EQ(devices[2].held.size(), 3U);
  EXPECT_EQ(devices[2].held[0].vm, HostName("v1"));
  EXPECT_TRUE(devices[2].held[0].is_card);
  EXPECT_TRUE(devices[2].held[0].present);
  EXPECT_EQ(devices[2].held[1].device, "gpupci2.4");
  EXPECT_EQ(devices[2].held[1].gpu, GpuName("gpupci2"));
  EXPECT_FALSE(devices[2].held[1].present);
  EXPECT_EQ(devices[2].held[2].device, kUuid);
  EXPECT_EQ(devices[2].held[2].gpu, std::nullopt);
  EXPECT_TRUE(devices[2].held[2].present);
  EXPECT_TRUE(devices[3].cards.empty());
}

TEST_F(Selection, FreeCardsAreHeldByNobodyAndFailNowhere) {
  const auto free = [&](const std::optional<HostName>& host = {}) {
    std::vector<std::string> names;
    for (const auto& gpu : inventory.free_gpus(host)) {
      names.push_back(gpu.host.str() + " " + gpu.name.str() + " " + gpu.model);
    }
    return names;
  };
  EXPECT_THAT(free(), ElementsAre("n10 gpupci9 GTX 10de:1c03", "n10 gpupci10 GTX 10de:1c03"));
  EXPECT_THAT(free(HostName("n2")), IsEmpty());
  inventory.set_failing(HostName("n10"), {}, {{GpuName("gpupci9"), "D1: gone"}});
  EXPECT_THAT(free(HostName("n10")), ElementsAre("n10 gpupci10 GTX 10de:1c03"));
  inventory.set_failing(HostName("n10"), "H2: no IOMMU", {});
  EXPECT_THAT(free(), IsEmpty());
  inventory.set_failing(HostName("n10"), {}, {});
  auto cards = inventory.gpu_cards(HostName("n10"));
  for (auto& function : cards[2].functions) function.device_class = "0108";
  inventory.store_gpu_cards(HostName("n10"), {cards, {}});
  EXPECT_THAT(free(), ElementsAre("n10 gpupci9 GTX 10de:1c03"));
  cards[2].functions[1].device_class = "1200";
  inventory.store_gpu_cards(HostName("n10"), {cards, {}});
  EXPECT_THAT(free(), ElementsAre("n10 gpupci9 GTX 10de:1c03", "n10 gpupci10 GTX 10de:1c03"));
  cards[1].missing = true;
  cards[2].slices = {{0, {0, 3, 0, 4}, {}}};
  inventory.store_gpu_cards(HostName("n10"), {cards, {}});
  EXPECT_THAT(free(), IsEmpty());
}

TEST_F(Selection, AttributesOfSomeHostsComeWithThoseOfAll) {
  inventory.add_attributes({{{}, {}, "a", "1"},
                            {"vm", {}, "a", "2"},
                            {{}, HostName("n1"), "a", "3"},
                            {{}, HostName("n2"), "a", "4"}});
  const auto values = [&](const OnlyHosts& hosts) {
    std::string text;
    for (const auto& one : inventory.attributes(hosts)) text += one.value;
    return text;
  };
  EXPECT_EQ(values({}), "1342");
  EXPECT_EQ(values(only({"n2"})), "142");
  EXPECT_EQ(values(only_of_many({"n1"})), "132");
  EXPECT_EQ(values(only({})), "12");
}

TEST_F(Selection, ContainersOfVms) {
  EXPECT_EQ(inventory.containers().size(), 3U);
  const auto one = inventory.containers(only({"v3", "n2"}));
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one.at(HostName("v3")), HostName("n10"));
  EXPECT_EQ(inventory.containers(only_of_many({"v3"})), one);
}

TEST_F(Selection, FindsOneHost) {
  ASSERT_TRUE(inventory.find_host(HostName("n2")));
  EXPECT_EQ(inventory.find_host(HostName("n2"))->rack, 0);
  EXPECT_FALSE(inventory.find_host(HostName("n9")));
}

TEST_F(Selection, WhatIsReadTogetherIsOneTransaction) {
  EXPECT_THROW(inventory.look_together("list", [] { throw std::runtime_error("out"); }),
               std::runtime_error);
  inventory.look_together("list", [&] { EXPECT_EQ(inventory.hosts().size(), 6U); });
  inventory.add_host({HostName("n3"), "compute", {}, {}, {}, {}, {}, {}});  // none is left open
}

}  // namespace
}  // namespace cluster
