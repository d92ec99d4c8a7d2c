// Tests the devices that VMs hold: whole cards, slices, mediated devices.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "db/engine.h"
#include "db/inventory.h"
#include "db/sqlite_engine.h"
#include "schema/schema.h"
#include "tests/support/temp_dir.h"

namespace cluster {
namespace {

using ::testing::ElementsAre;

constexpr const char* kUuid = "c2177883-f1bb-47f0-914d-32a22e3a8804";
constexpr const char* kOther = "00000000-0000-4000-8000-000000000001";

// A file, with rows, of each schema from before slices.
class OlderFile : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(EachSchema, OlderFile, ::testing::Range(1, 6));

TEST_P(OlderFile, KeepsWhichVmHasWhichCard) {
  const TempDir folder;
  const auto file = folder.path() / "cluster.db";
  {
    const auto sql = db::open_sqlite(file);
    const auto version = static_cast<std::size_t>(GetParam());
    for (const auto migration : migrations().first(version)) sql->run(std::string(migration));
    sql->run("PRAGMA application_id = 0x526f6c6c; PRAGMA user_version = " +
             std::to_string(version));
    sql->run(R"sql(
        INSERT INTO host (name, appliance)
        VALUES ('n1', 'vm-container'), ('n2', 'vm-container'), ('v1', 'vm'), ('v2', 'vm');
        INSERT INTO gpu (host, name, pci)
        VALUES ('n1', 'gpupci1', 'pci_0000_02_00_0'), ('n1', 'gpupci2', 'pci_0000_03_00_0'),
               ('n2', 'gpupci1', 'pci_0000_02_00_0');
        INSERT INTO vm (host, container, uuid, memory_mib, cpus)
        VALUES ('v1', 'n1', 'u1', 1024, 1), ('v2', 'n2', 'u2', 2048, 2);
        INSERT INTO vm_gpu (vm, name, container, gpu)
        VALUES ('v1', 'gpupci1', 'n1', 'gpupci2'), ('v1', 'gpupci2', 'n1', 'gpupci1'),
               ('v2', 'gpupci', 'n2', 'gpupci1');
        INSERT INTO vm_disk (vm, target, source, path, bus, format)
        VALUES ('v1', 'vda', 'file', '/a', 'virtio', 'raw'))sql");
  }
  Inventory inventory(file, Inventory::Open::existing);
  std::vector<std::string> rows;
  const auto gpus = inventory.host_gpus();
  for (std::size_t row = 0; row < gpus.size(); ++row) {
    rows.push_back(std::string(gpus.at(row, 0).text) + " " + std::string(gpus.at(row, 1).text) +
                   " " + std::string(gpus.at(row, 3).text));
  }
  EXPECT_THAT(rows, ElementsAre("n1 gpupci1 pci_0000_02_00_0", "n1 gpupci2 pci_0000_03_00_0",
                                "n2 gpupci1 pci_0000_02_00_0", "v1 gpupci1 pci_0000_03_00_0",
                                "v1 gpupci2 pci_0000_02_00_0", "v2 gpupci pci_0000_02_00_0"));
  const auto vms = inventory.vms();
  ASSERT_EQ(vms.size(), 2U);
  ASSERT_EQ(vms[0].gpus.size(), 2U);
  EXPECT_EQ(vms[0].gpus[0].gpu, GpuName("gpupci2"));
  EXPECT_EQ(vms[0].disks.size(), 1U);
  EXPECT_TRUE(vms[0].slices.empty());
  // The old rules still hold.
  EXPECT_THROW(inventory.remove_gpu(HostName("n2"), GpuName("gpupci1")), Error);
  EXPECT_THROW(inventory.remove_vm(HostName("v2")), Error);
  inventory.unassign_gpu(HostName("v2"), GpuName("gpupci"));
  inventory.remove_vm(HostName("v2"));
}

// n1 has gpupci1 in two slices, one of them a vGPU, and gpupci2. The VMs v1 and v2 run on it.
class VmGpus : public ::testing::Test {
 protected:
  VmGpus() {
    for (const auto* name : {"n1", "n2"}) {
      inventory.add_host({HostName(name), "vm-container", {}, {}, {}, {}, {}, {}});
    }
    store({card(1, 2), card(2, 3)}, std::vector<Mdev>{{kUuid, "gpupci1.1", "nvidia-558"}});
    for (const auto* name : {"v1", "v2"}) {
      inventory.add_vm({HostName(name), HostName("n1"), std::string("u") + name, 1024, 1, {}, {}});
    }
  }

  static GpuCard card(int number, std::uint8_t bus) {
    GpuCard one{
        GpuName("gpupci" + std::to_string(number)), {0, bus, 0, 0}, {}, {}, {}, {}, {}, false, {}};
    one.functions = {{one.pci, "0302", "10de", "26b9", {}, {}, {}}};
    if (number == 1) one.slices = {{0, {0, bus, 0, 1}, {}}, {1, {0, bus, 0, 2}, "1145"}};
    return one;
  }

  void store(std::vector<GpuCard> cards, std::optional<std::vector<Mdev>> mdevs,
             std::map<GpuName, GpuName> renamed = {}) {
    inventory.store_gpu_cards(HostName("n1"),
                              {std::move(cards), std::move(renamed), std::move(mdevs)});
  }

  void give(const char* vm, const char* name, const CardRef& card) {
    inventory.assign_gpu(HostName(vm), GpuName(name), card);
  }

  void refuses(const char* vm, const char* name, const CardRef& card, Fault fault,
               const std::string& why) {
    try {
      give(vm, name, card);
      ADD_FAILURE() << why;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), fault);
      EXPECT_EQ(error.what(), why);
    }
  }

  // Gives "v1 gpupci=gpupci1.0" for each device.
  std::vector<std::string> held() {
    std::vector<std::string> all;
    for (const auto& vm : inventory.vms()) {
      for (const auto& one : vm.gpus) {
        all.push_back(vm.name.str() + " " + one.name.str() + "=" + one.gpu.str());
      }
      for (const auto& one : vm.slices) {
        all.push_back(vm.name.str() + " " + one.name.str() + "=" + one.device +
                      (one.present ? "" : " absent"));
      }
    }
    return all;
  }

  Inventory inventory{":memory:", Inventory::Open::create};
};

TEST_F(VmGpus, AreSlicesByNameByAddressAndByUuid) {
  give("v1", "gpupci1", SliceName::parse("gpupci1.0"));
  give("v1", "gpupci2", MdevRef{kUuid});
  give("v2", "gpupci", PciAddress::parse("03:00.0"));
  EXPECT_THAT(held(), ElementsAre("v1 gpupci1=gpupci1.0", std::string("v1 gpupci2=") + kUuid,
                                  "v2 gpupci=gpupci2"));
  const auto vm = inventory.require_vm(HostName("v1"));
  EXPECT_EQ(vm.slices[0].pci, PciAddress::parse("02:00.1"));
  EXPECT_EQ(vm.slices[0].type, std::nullopt);
  EXPECT_EQ(vm.slices[1].gpu, GpuName("gpupci1"));
  EXPECT_EQ(vm.slices[1].type, "nvidia-558");
  inventory.unassign_gpu(HostName("v1"), GpuName("gpupci1"));
  give("v2", "gpupci1", PciAddress::parse("02:00.1"));
  EXPECT_EQ(held().back(), "v2 gpupci1=gpupci1.0");
}

TEST_F(VmGpus, AnAddressThatIsNeitherCardNorSliceIsNone) {
  refuses("v1", "gpupci", PciAddress::parse("02:00.3"), Fault::not_found,
          "host 'n1' has no card pci_0000_02_00_3 in the inventory (it has gpupci1 "
          "pci_0000_02_00_0, gpupci2 pci_0000_03_00_0)");
  refuses("v1", "gpupci", SliceName::parse("gpupci7.0"), Fault::not_found,
          "host 'n1' has no card gpupci7 in the inventory (it has gpupci1 pci_0000_02_00_0, "
          "gpupci2 pci_0000_03_00_0)");
}

TEST_F(VmGpus, ACardIsGivenWholeOrInSlices) {
  give("v1", "gpupci", SliceName::parse("gpupci1.0"));
  refuses("v2", "gpupci", SliceName::parse("gpupci1"), Fault::exists,
          "card gpupci1 of host 'n1' cannot be given: slice gpupci1.0 is in VM 'v1', as gpupci");
  inventory.reassign_gpu(HostName("v1"), GpuName("gpupci"), SliceName::parse("gpupci1"));
  refuses("v2", "gpupci", SliceName::parse("gpupci1.0"), Fault::exists,
          "slice gpupci1.0 of host 'n1' cannot be given: card gpupci1 is in VM 'v1', as gpupci");
  refuses("v2", "gpupci", MdevRef{kUuid}, Fault::exists,
          std::string("mediated device ") + kUuid +
              " of host 'n1' cannot be given: card gpupci1 is in VM 'v1', as gpupci");
  inventory.reassign_gpu(HostName("v1"), GpuName("gpupci"), MdevRef{kUuid});
  refuses("v2", "gpupci", SliceName::parse("gpupci1"), Fault::exists,
          std::string("card gpupci1 of host 'n1' cannot be given: mediated device ") + kUuid +
              " is in VM 'v1', as gpupci");
  EXPECT_THAT(held(), ElementsAre(std::string("v1 gpupci=") + kUuid));
}

TEST_F(VmGpus, ASliceIsInOneVmAndUnderOneName) {
  give("v1", "gpupci", SliceName::parse("gpupci1.0"));
  refuses("v2", "gpupci", SliceName::parse("gpupci1.0"), Fault::exists,
          "slice gpupci1.0 of host 'n1' is in VM 'v1' already, as gpupci");
  refuses("v2", "gpupci", PciAddress::parse("02:00.1"), Fault::exists,
          "slice gpupci1.0 of host 'n1' is in VM 'v1' already, as gpupci");
  refuses("v1", "gpupci", SliceName::parse("gpupci2"), Fault::exists,
          "VM 'v1' has a gpupci already, gpupci1.0 of host 'n1'");
  give("v1", "gpupci1", MdevRef{kUuid});
  refuses(
      "v1", "gpupci2", MdevRef{kUuid}, Fault::exists,
      std::string("mediated device ") + kUuid + " of host 'n1' is in VM 'v1' already, as gpupci1");
}

TEST_F(VmGpus, AVirtualFunctionOrTheMediatedDevicesOnIt) {
  give("v1", "gpupci", MdevRef{kUuid});
  refuses("v2", "gpupci", SliceName::parse("gpupci1.1"), Fault::exists,
          std::string("slice gpupci1.1 of host 'n1' cannot be given: mediated device ") + kUuid +
              " is in VM 'v1', as gpupci");
  give("v2", "gpupci", SliceName::parse("gpupci1.0"));
  store({card(1, 2), card(2, 3)},
        std::vector<Mdev>{{kUuid, "gpupci1.1", "a"}, {kOther, "gpupci1.1", "a"}});
  give("v2", "gpupci1", MdevRef{kOther});  // two on one function
}

TEST_F(VmGpus, AMediatedDeviceOfAnotherHostIsRefused) {
  inventory.add_vm({HostName("v3"), HostName("n2"), "u3", 1024, 1, {}, {}});
  refuses("v3", "gpupci", MdevRef{kUuid}, Fault::refused,
          std::string("mediated device ") + kUuid + " is of host 'n1', not of 'n2'");
  give("v3", "gpupci", MdevRef{kOther});  // no host has told of it yet
}

TEST_F(VmGpus, StayWhenTheirHostHasThemNoMore) {
  give("v1", "gpupci1", SliceName::parse("gpupci1.0"));
  give("v1", "gpupci2", MdevRef{kUuid});
  give("v2", "gpupci", SliceName::parse("gpupci2.5"));  // and before
  auto gone = card(1, 2);
  gone.slices.clear();
  store({gone, card(2, 3)}, std::vector<Mdev>{});
  const auto uuid = std::string("v1 gpupci2=") + kUuid;
  EXPECT_THAT(held(), ElementsAre("v1 gpupci1=gpupci1.0 absent", uuid + " absent",
                                  "v2 gpupci=gpupci2.5 absent"));
  store({card(1, 2), card(2, 3)}, std::vector<Mdev>{{kUuid, "gpupci1.1", "nvidia-558"}});
  EXPECT_THAT(held(), ElementsAre("v1 gpupci1=gpupci1.0", uuid, "v2 gpupci=gpupci2.5 absent"));
  // An agent that does not report mediated devices does not deny them.
  store({card(1, 2), card(2, 3)}, {});
  EXPECT_THAT(held(), ElementsAre("v1 gpupci1=gpupci1.0", uuid, "v2 gpupci=gpupci2.5 absent"));
}

TEST_F(VmGpus, FollowTheirCardsWhenTwoSwapNames) {
  give("v1", "gpupci", SliceName::parse("gpupci1.0"));
  give("v2", "gpupci", SliceName::parse("gpupci2"));
  auto first = card(1, 2);
  first.name = GpuName("gpupci2");
  auto second = card(2, 3);
  second.name = GpuName("gpupci1");
  store({second, first}, {},
        {{GpuName("gpupci1"), GpuName("gpupci2")}, {GpuName("gpupci2"), GpuName("gpupci1")}});
  EXPECT_THAT(held(), ElementsAre("v1 gpupci=gpupci2.0", "v2 gpupci=gpupci1"));
  EXPECT_EQ(inventory.require_vm(HostName("v1")).slices[0].pci, PciAddress::parse("02:00.1"));
}

TEST_F(VmGpus, OfACardThatIsNoMoreAreForgotten) {
  const HostName n1("n1");
  inventory.set_gpu({n1, GpuName("gpupci1"), PciAddress::parse("0000:07:00.0")});
  EXPECT_TRUE(inventory.mdevs(n1).empty());  // it was on the card that was there before
  store({card(1, 2), card(2, 3)}, std::vector<Mdev>{{kUuid, "gpupci1.1", "nvidia-558"}});
  inventory.remove_gpu(n1, GpuName("gpupci1"));
  EXPECT_TRUE(inventory.mdevs(n1).empty());
}

TEST_F(VmGpus, HoldTheirCardAndTheirVm) {
  give("v1", "gpupci", MdevRef{kUuid});
  const auto refused = [](const auto& work, const std::string& why) {
    try {
      work();
      ADD_FAILURE() << why;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::refused);
      EXPECT_EQ(error.what(), why);
    }
  };
  const auto device = std::string(kUuid);
  refused([&] { inventory.remove_gpu(HostName("n1"), GpuName("gpupci1")); },
          "mediated device " + device +
              " of host 'n1' is in VM 'v1': first `cluster remove host gpu v1 gpupci`");
  refused(
      [&] { inventory.remove_vm(HostName("v1")); },
      "VM 'v1' still holds " + device + " of host 'n1': first `cluster remove host gpu v1 gpupci`");
  refused([&] { inventory.move_vm(HostName("v1"), HostName("n2")); },
          "VM 'v1' holds a card of host 'n1'");
  refused([&] { inventory.remove_hosts({HostName("n1")}); },
          "host 'n1' still has VMs (v1 with " + device + ", v2): remove them first");
  inventory.unassign_gpu(HostName("v1"), GpuName("gpupci"));
  inventory.remove_gpu(HostName("n1"), GpuName("gpupci1"));
}

}  // namespace
}  // namespace cluster
