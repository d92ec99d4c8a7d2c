#include "db/inventory.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "db/engine.h"
#include "db/sqlite_engine.h"
#include "schema/schema.h"
#include "tests/support/temp_dir.h"

namespace cluster {
namespace {

// The first column of the first row.
std::string answer(db::Connection& connection, const char* sql) {
  const auto query = connection.prepare(sql);
  query->step();
  return query->string(0);
}

TEST(Inventory, RecordsItsVersion) {
  const TempDir folder;
  const auto file = folder.path() / "cluster.db";
  { const Inventory inventory(file, Inventory::Open::create); }
  const auto sql = db::open_sqlite(file);
  EXPECT_EQ(answer(*sql, "PRAGMA user_version"), std::to_string(migrations().size()));
  EXPECT_EQ(answer(*sql, "PRAGMA journal_mode"), "wal");
}

TEST(Inventory, AnOlderFileIsBroughtUpToDateWithAllItsRows) {
  const TempDir folder;
  const auto file = folder.path() / "cluster.db";
  {
    const auto sql = db::open_sqlite(file);
    sql->run(std::string(migrations()[0]));
    sql->run(R"sql(
        PRAGMA application_id = 0x526f6c6c;
        PRAGMA user_version = 1;
        INSERT INTO host (name, appliance) VALUES ('n1', 'vm-container'), ('v1', 'vm');
        INSERT INTO gpu (host, name, pci) VALUES ('n1', 'gpupci1', 'pci_0000_02_00_0');
        INSERT INTO vm (host, container, uuid, memory_mib, cpus) VALUES ('v1', 'n1', 'u1', 1024, 1);
        INSERT INTO vm_gpu (vm, name, container, gpu) VALUES ('v1', 'gpupci', 'n1', 'gpupci1'))sql");
  }
  Inventory inventory(file, Inventory::Open::existing);
  EXPECT_EQ(inventory.hosts().size(), 2U);
  ASSERT_EQ(inventory.vms().size(), 1U);
  EXPECT_EQ(inventory.vms()[0].gpus.size(), 1U);
  EXPECT_EQ(
      inventory.gpu_cards(HostName("n1")),
      (std::vector<GpuCard>{{GpuName("gpupci1"), {0, 2, 0, 0}, {}, {}, {}, {}, {}, false, {}}}));
}

TEST(Inventory, DisksOfAnOlderFileStay) {
  const TempDir folder;
  const auto file = folder.path() / "cluster.db";
  {
    const auto sql = db::open_sqlite(file);
    sql->run(std::string(migrations()[0]) + std::string(migrations()[1]));
    sql->run(R"sql(
        PRAGMA application_id = 0x526f6c6c;
        PRAGMA user_version = 2;
        INSERT INTO host (name, appliance) VALUES ('n1', 'vm-container'), ('v1', 'vm');
        INSERT INTO vm (host, container, uuid, memory_mib, cpus) VALUES ('v1', 'n1', 'u1', 1024, 1);
        INSERT INTO vm_disk (vm, target, source, path, bus, format, size_gib)
        VALUES ('v1', 'vda', 'file', '/a', 'virtio', 'qcow2', 36),
               ('v1', 'vdb', 'phy', '/dev/b', 'scsi', 'raw', NULL))sql");
  }
  Inventory inventory(file, Inventory::Open::existing);
  auto vm = inventory.require_vm(HostName("v1"));
  const std::vector<VmDisk> disks{{DiskSource::file, "/a", "vda", "virtio", "qcow2", 36},
                                  {DiskSource::block, "/dev/b", "vdb", "scsi", "raw", {}}};
  EXPECT_EQ(vm.disks, disks);
  vm.disks.push_back({DiskSource::cdrom, "/iso/debian.iso", "sda", "sata", "raw", {}});
  inventory.set_vm(vm);
  EXPECT_EQ(inventory.require_vm(vm.name).disks.front(), vm.disks.back());
  inventory.remove_vm(vm.name);
  const auto sql = db::open_sqlite(file);
  EXPECT_EQ(answer(*sql, "SELECT count(*) FROM vm_disk"), "0");
}

TEST(Inventory, WhyACardFailsStaysWithItUntilTheNextCheck) {
  Inventory inventory(":memory:", Inventory::Open::create);
  const HostName host("n1");
  inventory.add_host({host, "compute", {}, {}, {}, {}, {}, {}});
  inventory.add_gpu({host, GpuName("gpupci1"), {0, 2, 0, 0}});
  inventory.add_gpu({host, GpuName("gpupci2"), {0, 3, 0, 0}});
  inventory.set_failing(host, "H2: no IOMMU",
                        {{GpuName("gpupci1"), "D1: gone"}, {GpuName("gpupci9"), "D1: unknown"}});
  const auto failing = [&] {
    std::vector<std::optional<std::string>> words{inventory.hosts()[0].failing};
    for (const auto& card : inventory.gpu_cards(host)) words.push_back(card.failing);
    return words;
  };
  using Words = std::vector<std::optional<std::string>>;
  EXPECT_EQ(failing(), (Words{"H2: no IOMMU", "D1: gone", {}}));
  inventory.store_gpu_cards(host, {inventory.gpu_cards(host), {}});
  auto row = inventory.hosts()[0];
  row.rack = 3;
  inventory.set_hosts({row});
  EXPECT_EQ(failing(), (Words{"H2: no IOMMU", "D1: gone", {}}));
  inventory.set_gpu({host, GpuName("gpupci1"), {0, 5, 0, 0}});
  EXPECT_EQ(failing(), (Words{"H2: no IOMMU", {}, {}}));
  inventory.set_failing(host, {}, {});
  EXPECT_EQ(failing(), (Words{{}, {}, {}}));
}

TEST(Inventory, APlanThatTakesAVmsCardAwayIsRefused) {
  Inventory inventory(":memory:", Inventory::Open::create);
  const HostName host("n1");
  inventory.add_host({host, "compute", {}, {}, {}, {}, {}, {}});
  inventory.add_gpu({host, GpuName("gpupci1"), {0, 2, 0, 0}});
  inventory.add_vm({HostName("v1"), host, "u1", 1024, 1, {}, {}});
  inventory.assign_gpu(HostName("v1"), GpuName("gpupci"), SliceName{GpuName("gpupci1")});
  EXPECT_THROW(inventory.store_gpu_cards(host, {}), Error);
  EXPECT_THROW(inventory.together("discover", [&] { inventory.store_gpu_cards(host, {}); }), Error);
  EXPECT_EQ(inventory.gpu_cards(host).size(), 1U);
  EXPECT_EQ(inventory.vms()[0].gpus.size(), 1U);
}

TEST(Inventory, AnAddressThatIsTypedAnewForgetsWhatWasDiscovered) {
  Inventory inventory(":memory:", Inventory::Open::create);
  const HostName host("n1");
  inventory.add_host({host, "compute", {}, {}, {}, {}, {}, {}});
  const GpuCard known{GpuName("gpupci1"),
                      {0, 2, 0, 0},
                      "GTX",
                      "s1",
                      {},
                      "3",
                      0,
                      true,
                      {{{0, 2, 0, 0}, "0300", "10de", "1c03", {}, {}, 13, 304}},
                      "D1: gone"};
  inventory.store_gpu_cards(host, {{known}, {}});
  EXPECT_EQ(inventory.gpu_cards(host), std::vector{known});
  inventory.set_gpu({host, GpuName("gpupci1"), {0, 5, 0, 0}});
  EXPECT_EQ(
      inventory.gpu_cards(host),
      (std::vector<GpuCard>{{GpuName("gpupci1"), {0, 5, 0, 0}, {}, {}, {}, {}, {}, false, {}}}));
}

TEST(Inventory, AFailedWriteLeavesNothingBehind) {
  Inventory inventory(":memory:", Inventory::Open::create);
  inventory.add_host({HostName("n1"), "compute", {}, {}, {}, {}, {}, {}});
  Vm vm{HostName("v1"),
        HostName("n1"),
        "u1",
        1024,
        1,
        {{DiskSource::file, "/a", "vda", "virtio", "raw", {}},
         {DiskSource::file, "/b", "vda", "virtio", "raw", {}}},
        {}};
  EXPECT_THROW(inventory.add_vm(vm), Error);
  EXPECT_EQ(inventory.hosts().size(), 1U);
  EXPECT_TRUE(inventory.vms().empty());
}

TEST(Inventory, AVmMovesWithoutCardsAndToAPhysicalHostAlone) {
  Inventory inventory(":memory:", Inventory::Open::create);
  for (const auto* name : {"n1", "n2"}) {
    inventory.add_host({HostName(name), "compute", {}, {}, {}, {}, {}, {}});
  }
  const HostName vm("v1");
  inventory.add_gpu({HostName("n1"), GpuName("gpupci1"), {0, 2, 0, 0}});
  inventory.add_vm({vm, HostName("n1"), "u1", 1024, 1, {}, {}});
  inventory.add_vm({HostName("v2"), HostName("n1"), "u2", 1024, 1, {}, {}});
  inventory.assign_gpu(vm, GpuName("gpupci"), SliceName{GpuName("gpupci1")});
  const auto refuses = [&](const char* container, Fault fault) {
    try {
      inventory.move_vm(vm, HostName(container));
      ADD_FAILURE() << container;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), fault) << error.what();
    }
  };
  refuses("n2", Fault::refused);
  inventory.unassign_gpu(vm, GpuName("gpupci"));
  refuses("n3", Fault::not_found);
  refuses("v2", Fault::usage);
  inventory.move_vm(vm, HostName("n2"));
  EXPECT_EQ(inventory.require_vm(vm).container, HostName("n2"));
}

TEST(Inventory, WhatIsDoneTogetherIsKeptAsAWholeOrNotAtAll) {
  Inventory inventory(":memory:", Inventory::Open::create);
  const HostName host("n1");
  inventory.add_host({host, "compute", {}, {}, {}, {}, {}, {}});
  const auto add = [&](const char* slot) {
    inventory.add_gpu({host, GpuName("gpupci" + std::string(slot)),
                       PciAddress::parse("0" + std::string(slot) + ":00.0")});
    EXPECT_FALSE(inventory.gpu_cards(host).empty());  // reading is a part of it
  };
  EXPECT_THROW(inventory.together("add",
                                  [&] {
                                    add("2");
                                    add("2");
                                  }),
               Error);
  EXPECT_TRUE(inventory.gpu_cards(host).empty());
  inventory.together("add", [&] {
    add("2");
    add("3");
  });
  EXPECT_EQ(inventory.gpu_cards(host).size(), 2U);
}

}  // namespace
}  // namespace cluster
