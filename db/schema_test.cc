#include <set>

#include "tests/support/engines.h"

// The schema itself refuses wrong rows, whoever writes them. Each refusal has a name, and both
// engines use the same one.
namespace cluster::db {
namespace {

struct Wrong {
  const char* sql;
  const char* constraint;  ///< "a|b" where a row breaks both, and any of them may be named
};

const Wrong kWrong[] = {
    // appliance
    {"INSERT INTO appliance (name, managed) VALUES ('vm', 0)", "appliance_pkey"},
    {"INSERT INTO appliance (name, managed) VALUES ('x', 2)", "appliance_managed_check"},
    {"INSERT INTO appliance (name, managed) VALUES (NULL, 1)", "appliance_name_not_null"},
    {"INSERT INTO appliance (name, managed) VALUES ('x', NULL)", "appliance_managed_not_null"},
    {"DELETE FROM appliance WHERE name = 'vm-container'", "appliance_is_needed"},
    {"DELETE FROM appliance WHERE name = 'own'", "host_appliance_fkey"},
    // host
    {"INSERT INTO host (name, appliance) VALUES ('n1', 'compute')",
     "host_pkey|host_name_in_any_case"},
    {"INSERT INTO host (name, appliance) VALUES ('N1', 'compute')", "host_name_in_any_case"},
    {"INSERT INTO host (name, appliance, address) VALUES ('n4', 'vm', '10.0.0.1')", "host_address"},
    {"INSERT INTO host (name, appliance, address, port) VALUES ('n4', 'vm', '10.0.0.1', 22)",
     "host_address"},
    {"INSERT INTO host (name, appliance) VALUES ('n4', 'toaster')", "host_appliance_fkey"},
    {"INSERT INTO host (name, appliance) VALUES (NULL, 'vm')", "host_name_not_null"},
    {"INSERT INTO host (name, appliance) VALUES ('n4', NULL)", "host_appliance_not_null"},
    {"UPDATE host SET rack = -1 WHERE name = 'n1'", "host_rack_check"},
    {"UPDATE host SET rank = -1 WHERE name = 'n1'", "host_rank_check"},
    {"UPDATE host SET cpus = 0 WHERE name = 'n1'", "host_cpus_check"},
    {"UPDATE host SET address = '' WHERE name = 'n1'", "host_address_check"},
    {"UPDATE host SET port = 0 WHERE name = 'n1'", "host_port_check"},
    {"UPDATE host SET port = 65536 WHERE name = 'n1'", "host_port_check"},
    {"UPDATE host SET \"user\" = '' WHERE name = 'n1'", "host_user_check"},
    {"INSERT INTO host (name, appliance, address, jump) VALUES ('n4', 'vm', '10.0.0.2', 'gate')",
     "host_address"},
    {"UPDATE host SET jump = NULL WHERE name = 'o2'", "host_address"},
    {"UPDATE host SET jump = '' WHERE name = 'n1'", "host_jump_check"},
    {"UPDATE host SET network = 'public' WHERE name = 'n1'", "host_network_fkey"},
    {"UPDATE host SET mac = '525400000001' WHERE name = 'n1'", "host_mac_check"},
    {"UPDATE host SET mac = '52:54:00:00:00:02' WHERE name = 'n1'", "host_mac"},
    {"UPDATE host SET rack = 'first' WHERE name = 'n1'",
     "cannot store TEXT value in INTEGER column host.rack|"
     "invalid input syntax for type integer: \"first\""},
    {"UPDATE host SET appliance = 'vm' WHERE name = 'n2'", "host_with_cards_or_vms_is_no_vm"},
    {"UPDATE host SET appliance = 'vm' WHERE name = 'n3'", "host_with_cards_or_vms_is_no_vm"},
    {"UPDATE host SET appliance = 'compute' WHERE name = 'v1'", "vm_host_appliance_fkey"},
    {"DELETE FROM host WHERE name = 'v2'", "vm_host_appliance_fkey"},
    {"DELETE FROM host WHERE name = 'n3'", "vm_container_fkey"},
    // gpu
    {"INSERT INTO gpu (host, name, pci) VALUES ('n1', 'gpupci1', 'pci_0000_09_00_0')", "gpu_pkey"},
    {"INSERT INTO gpu (host, name, pci) VALUES ('n1', 'gpupci9', 'pci_0000_02_00_1')",
     "gpu_host_slot_key"},
    {"INSERT INTO gpu (host, name, pci) VALUES ('n9', 'gpupci1', 'pci_0000_09_00_0')",
     "gpu_host_fkey"},
    {"INSERT INTO gpu (host, name, pci) VALUES ('n1', 'gpupci', 'pci_0000_09_00_0')",
     "gpu_name_check"},
    {"INSERT INTO gpu (host, name, pci) VALUES ('n1', 'gpupci0', 'pci_0000_09_00_0')",
     "gpu_name_check"},
    {"INSERT INTO gpu (host, name, pci) VALUES ('n1', 'gpupci9', '0000:09:00.0')", "gpu_pci_check"},
    {"INSERT INTO gpu (host, name, pci) VALUES ('n1', 'gpupci9', 'pci_0000_09_00_8')",
     "gpu_pci_check"},
    {"INSERT INTO gpu (host, name, pci) VALUES ('v1', 'gpupci9', 'pci_0000_09_00_0')",
     "gpu_is_not_of_a_vm"},
    {"UPDATE gpu SET numa_node = -1", "gpu_numa_node_check"},
    {"UPDATE gpu SET missing = 2", "gpu_missing_check"},
    {"UPDATE gpu SET missing = NULL", "gpu_missing_not_null"},
    {"UPDATE gpu SET pci = NULL", "gpu_pci_not_null|gpu_slot_not_null"},
    {"DELETE FROM gpu WHERE name = 'gpupci2'", "vm_gpu_container_gpu_fkey"},
    // gpu_function
    {"INSERT INTO gpu_function (host, gpu, pci, class, vendor, device) "
     "VALUES ('n1', 'gpupci2', 'pci_0000_02_00_0', '0300', '10de', '1c03')",
     "gpu_function_pkey"},
    {"INSERT INTO gpu_function (host, gpu, pci, class, vendor, device) "
     "VALUES ('n1', 'gpupci9', 'pci_0000_09_00_0', '0300', '10de', '1c03')",
     "gpu_function_host_gpu_fkey"},
    {"UPDATE gpu_function SET pci = '02:00.0'", "gpu_function_pci_check"},
    {"UPDATE gpu_function SET bar_mib = -1", "gpu_function_bar_mib_check"},
    {"UPDATE gpu_function SET class = NULL", "gpu_function_class_not_null"},
    {"UPDATE gpu_function SET vendor = NULL", "gpu_function_vendor_not_null"},
    {"UPDATE gpu_function SET device = NULL", "gpu_function_device_not_null"},
    {"UPDATE gpu_function SET iommu_group = 'x'",
     "cannot store TEXT value in INTEGER column gpu_function.iommu_group|"
     "invalid input syntax for type integer: \"x\""},
    // gpu_slice
    {"INSERT INTO gpu_slice (host, gpu, number, pci) "
     "VALUES ('n1', 'gpupci1', 0, 'pci_0000_02_00_7')",
     "gpu_slice_pkey"},
    {"INSERT INTO gpu_slice (host, gpu, number, pci) "
     "VALUES ('n1', 'gpupci2', 0, 'pci_0000_02_00_4')",
     "gpu_slice_host_pci_key"},
    {"INSERT INTO gpu_slice (host, gpu, number, pci) "
     "VALUES ('n1', 'gpupci9', 0, 'pci_0000_02_00_7')",
     "gpu_slice_host_gpu_fkey"},
    {"UPDATE gpu_slice SET number = -1 WHERE number = 0", "gpu_slice_number_check"},
    {"UPDATE gpu_slice SET pci = 'x' WHERE number = 0", "gpu_slice_pci_check"},
    // mdev
    {"INSERT INTO mdev (host, uuid, parent, type) "
     "VALUES ('n1', '00000000-0000-4000-8000-000000000001', 'gpupci1', 't')",
     "mdev_pkey"},
    {"INSERT INTO mdev (host, uuid, parent, type) VALUES ('n9', 'u', 'gpupci1', 't')",
     "mdev_host_fkey"},
    {"UPDATE mdev SET parent = NULL", "mdev_parent_not_null"},
    {"UPDATE mdev SET type = NULL", "mdev_type_not_null"},
    // vm
    {"INSERT INTO vm (host, container, uuid, memory_mib, cpus) VALUES ('v1', 'n1', 'u9', 1, 1)",
     "vm_pkey|vm_host_container_key"},
    {"INSERT INTO vm (host, container, uuid, memory_mib, cpus) VALUES ('v8', 'n1', 'u1', 1, 1)",
     "vm_uuid_key"},
    {"INSERT INTO vm (host, container, uuid, memory_mib, cpus) VALUES ('v8', 'n9', 'u9', 1, 1)",
     "vm_container_fkey"},
    {"INSERT INTO vm (host, container, uuid, memory_mib, cpus) VALUES ('n2', 'n1', 'u9', 1, 1)",
     "vm_host_appliance_fkey"},
    {"INSERT INTO vm (host, container, uuid, memory_mib, cpus) VALUES ('v8', 'v1', 'u9', 1, 1)",
     "vm_is_not_a_container"},
    {"UPDATE vm SET appliance = 'compute' WHERE host = 'v1'", "vm_appliance_check"},
    {"UPDATE vm SET memory_mib = 0 WHERE host = 'v1'", "vm_memory_mib_check"},
    {"UPDATE vm SET cpus = 0 WHERE host = 'v1'", "vm_cpus_check"},
    {"UPDATE vm SET fabric = -1 WHERE host = 'v1'", "vm_fabric_check"},
    {"UPDATE vm SET uuid = NULL WHERE host = 'v1'", "vm_uuid_not_null"},
    {"UPDATE vm SET container = 'v2' WHERE host = 'v9'", "vm_moves_to_no_vm"},
    {"UPDATE vm SET container = 'n9' WHERE host = 'v9'", "vm_container_fkey"},
    {"UPDATE vm SET container = 'n2' WHERE host = 'v1'", "vm_gpu_vm_container_fkey"},
    {"DELETE FROM vm WHERE host = 'v1'", "vm_gpu_vm_container_fkey"},
    // vm_disk
    {"INSERT INTO vm_disk (vm, target, source, path, bus, format) "
     "VALUES ('v1', 'vda', 'file', '/b', 'virtio', 'raw')",
     "vm_disk_pkey"},
    {"INSERT INTO vm_disk (vm, target, source, path, bus, format) "
     "VALUES ('n1', 'vda', 'file', '/b', 'virtio', 'raw')",
     "vm_disk_vm_fkey"},
    {"UPDATE vm_disk SET source = 'nfs'", "vm_disk_source_check"},
    {"UPDATE vm_disk SET path = 'a'", "vm_disk_path_check"},
    {"UPDATE vm_disk SET format = 'vmdk'", "vm_disk_format_check"},
    {"UPDATE vm_disk SET size_gib = 0", "vm_disk_size_gib_check"},
    {"UPDATE vm_disk SET bus = NULL", "vm_disk_bus_not_null"},
    {"UPDATE vm_disk SET cache = 'x'", "vm_disk_cache_check"},
    {"UPDATE vm_disk SET io = 'x'", "vm_disk_io_check"},
    {"UPDATE vm_disk SET discard = 'x'", "vm_disk_discard_check"},
    {"UPDATE vm_disk SET serial = ''", "vm_disk_serial_check"},
    {"UPDATE vm_disk SET made = 2", "vm_disk_made_check"},
    {"UPDATE vm_disk SET iothread = 0", "vm_disk_iothread_check"},
    // interface
    {"INSERT INTO interface (host, name, kind, source, mac, model) "
     "VALUES ('v1', 'eth0', 'bridge', 'br0', '52:54:00:00:00:09', 'virtio')",
     "interface_pkey"},
    {"INSERT INTO interface (host, name, kind, source, mac, model) "
     "VALUES ('v2', 'eth0', 'bridge', 'br0', '52:54:00:00:00:01', 'virtio')",
     "interface_mac_key"},
    {"INSERT INTO interface (host, name, kind, source, mac, model) "
     "VALUES ('v7', 'eth0', 'bridge', 'br0', '52:54:00:00:00:09', 'virtio')",
     "interface_host_fkey"},
    {"UPDATE interface SET name = '0eth'", "interface_name_check"},
    {"UPDATE interface SET name = 'eth-0'", "interface_name_check"},
    {"UPDATE interface SET kind = 'nat'", "interface_kind_check"},
    {"UPDATE interface SET source = ''", "interface_source_check"},
    {"UPDATE interface SET mac = '525400000009'", "interface_mac_check"},
    {"UPDATE interface SET vlan = 0", "interface_vlan_check"},
    {"UPDATE interface SET vlan = 4095", "interface_vlan_check"},
    {"UPDATE interface SET model = NULL", "interface_model_not_null"},
    {"UPDATE interface SET network = 'public'", "interface_network_fkey"},
    // network
    {"INSERT INTO network (name, subnet) VALUES ('private', '10.2.0.0/16')", "network_pkey"},
    {"INSERT INTO network (name, subnet) VALUES ('x', NULL)", "network_subnet_not_null"},
    {"UPDATE network SET name = 'my net'", "network_name_check"},
    {"UPDATE network SET subnet = '10.1.0.0'", "network_subnet_check"},
    {"UPDATE network SET gateway = ''", "network_gateway_check"},
    {"UPDATE network SET vlan = 4095", "network_vlan_check"},
    {"UPDATE network SET mtu = 67", "network_mtu_check"},
    {"UPDATE network SET zone = ''", "network_zone_check"},
    {"DELETE FROM network", "host_network_fkey"},
    // attribute
    {"INSERT INTO attribute (name, value) VALUES ('a', '2')", "attribute_once"},
    {"INSERT INTO attribute (host, name, value) VALUES ('n1', 'a', '2')", "attribute_once"},
    {"INSERT INTO attribute (name, value) VALUES ('', '2')", "attribute_name_check"},
    {"INSERT INTO attribute (name, value) VALUES ('1a', '2')", "attribute_name_check"},
    {"INSERT INTO attribute (name, value) VALUES ('a b', '2')", "attribute_name_check"},
    {"INSERT INTO attribute (appliance, host, name, value) VALUES ('vm', 'n1', 'b', '2')",
     "attribute_check"},
    {"INSERT INTO attribute (appliance, name, value) VALUES ('toaster', 'a', '2')",
     "attribute_appliance_fkey"},
    {"INSERT INTO attribute (host, name, value) VALUES ('n9', 'a', '2')", "attribute_host_fkey"},
    {"INSERT INTO attribute (name, value) VALUES ('b', NULL)", "attribute_value_not_null"},
    // roll
    {"INSERT INTO roll (name, version, arch, checksum) SELECT name, version, arch, checksum "
     "FROM roll WHERE version = '1.0'",
     "roll_pkey"},
    {"UPDATE roll SET enabled = 1", "roll_enabled_once"},
    {"UPDATE roll SET enabled = 2 WHERE version = '1.0'", "roll_enabled_check"},
    {"UPDATE roll SET name = '1x'", "roll_name_check"},
    {"UPDATE roll SET name = 'a_b'", "roll_name_check"},
    {"UPDATE roll SET version = 'a'", "roll_version_check"},
    {"UPDATE roll SET version = '1 0'", "roll_version_check"},
    {"UPDATE roll SET checksum = 'ab'", "roll_checksum_check"},
    {"UPDATE roll SET checksum = upper(replace(checksum, '0', 'g'))", "roll_checksum_check"},
    {"UPDATE roll SET arch = NULL", "roll_arch_not_null"},
    // vm_gpu
    {"INSERT INTO vm_gpu (vm, name, container, gpu) VALUES ('v1', 'gpupci', 'n1', 'gpupci3')",
     "vm_gpu_pkey"},
    {"INSERT INTO vm_gpu (vm, name, container, gpu) VALUES ('v2', 'gpupci', 'n1', 'gpupci2')",
     "card_whole_once"},
    {"INSERT INTO vm_gpu (vm, name, container, gpu, slice) VALUES ('v1', 'gpupci8', 'n1', "
     "'gpupci1', 1)",
     "vm_gpu_container_gpu_slice_key"},
    {"INSERT INTO vm_gpu (vm, name, container, uuid) VALUES ('v1', 'gpupci8', 'n1', "
     "'00000000-0000-4000-8000-000000000001')",
     "vm_gpu_container_uuid_key"},
    {"INSERT INTO vm_gpu (vm, name, container, gpu) VALUES ('v2', 'gpupci8', 'n1', 'gpupci1')",
     "gpu_is_whole_or_in_slices"},
    {"INSERT INTO vm_gpu (vm, name, container, gpu, slice) VALUES ('v2', 'gpupci8', 'n1', "
     "'gpupci2', 0)",
     "gpu_is_whole_or_in_slices"},
    {"INSERT INTO vm_gpu (vm, name, container, uuid) VALUES ('v2', 'gpupci8', 'n1', "
     "'00000000-0000-4000-8000-000000000002')",
     "mdev_is_of_the_container"},
    {"INSERT INTO vm_gpu (vm, name, container, gpu) VALUES ('v2', 'gpupci', 'n2', 'gpupci1')",
     "vm_gpu_vm_container_fkey"},
    {"INSERT INTO vm_gpu (vm, name, container, gpu) VALUES ('v2', 'gpupci', 'n1', 'gpupci9')",
     "vm_gpu_container_gpu_fkey"},
    {"INSERT INTO vm_gpu (vm, name, container, gpu) VALUES ('v2', 'gpu1', 'n1', 'gpupci3')",
     "vm_gpu_name_check"},
    {"INSERT INTO vm_gpu (vm, name, container, gpu, slice) VALUES ('v2', 'gpupci', 'n1', "
     "'gpupci3', -1)",
     "vm_gpu_slice_check"},
    {"INSERT INTO vm_gpu (vm, name, container, uuid) VALUES ('v2', 'gpupci', 'n1', 'u')",
     "vm_gpu_uuid_check"},
    {"INSERT INTO vm_gpu (vm, name, container) VALUES ('v2', 'gpupci', 'n1')", "vm_gpu_check"},
    {"INSERT INTO vm_gpu (vm, name, container, gpu, uuid) VALUES ('v2', 'gpupci', 'n1', 'gpupci3', "
     "'00000000-0000-4000-8000-000000000003')",
     "vm_gpu_check"},
    {"INSERT INTO vm_gpu (vm, name, container, uuid, slice) VALUES ('v2', 'gpupci', 'n1', "
     "'00000000-0000-4000-8000-000000000003', 0)",
     "vm_gpu_check"},
    // vm_definition
    {"INSERT INTO vm_definition (vm, uuid, container, rendered, defined, libvirt) "
     "VALUES ('v1', 'u1', 'n1', '<a/>', '<a/>', 9000000)",
     "vm_definition_pkey"},
    {"INSERT INTO vm_definition (vm, uuid, container, rendered, defined, libvirt) "
     "VALUES ('v8', 'u8', 'n1', '<a/>', '<a/>', 9000000)",
     "vm_definition_vm_fkey"},
    {"UPDATE vm_definition SET libvirt = -1", "vm_definition_libvirt_check"},
    {"UPDATE vm_definition SET autostart_said = 2", "vm_definition_autostart_said_check"},
    {"UPDATE vm_definition SET autostart_there = 2", "vm_definition_autostart_there_check"},
    {"UPDATE vm_definition SET defined = NULL", "vm_definition_defined_not_null"},
    // domain_capability
    {"INSERT INTO domain_capability (host, machine, libvirt, facts) VALUES ('n1', 'm', 9000000, "
     "'')",
     "domain_capability_pkey"},
    {"INSERT INTO domain_capability (host, machine, libvirt, facts) VALUES ('n7', 'm', 9000000, "
     "'')",
     "domain_capability_host_fkey"},
    {"UPDATE domain_capability SET libvirt = -1", "domain_capability_libvirt_check"},
    {"UPDATE domain_capability SET facts = NULL", "domain_capability_facts_not_null"},
};

// Similar statements that are right.
const char* const kRight[] = {
    "INSERT INTO host (name, appliance, address, port) VALUES ('n4', 'vm', '10.0.0.1', 2222)",
    "INSERT INTO host (name, appliance, address, jump) VALUES ('n5', 'vm', '10.0.0.1', 'gate')",
    "INSERT INTO gpu (host, name, pci) VALUES ('n3', 'gpupci1', 'pci_0000_02_00_0')",
    "INSERT INTO vm_gpu (vm, name, container, gpu) VALUES ('v2', 'gpupci', 'n1', 'gpupci3')",
    ("INSERT INTO vm_gpu (vm, name, container, gpu, slice) "
     "VALUES ('v2', 'gpupci2', 'n1', 'gpupci1', 7)"),
    "INSERT INTO attribute (appliance, name, value) VALUES ('vm', 'a', '2')",
    "UPDATE vm SET container = 'n2' WHERE host = 'v9'",
    "DELETE FROM gpu WHERE host = 'n2'",
};

class Schema : public EachEngine {
 protected:
  Schema() {
    connection_->run(R"sql(
        INSERT INTO appliance (name, managed) VALUES ('own', 1);
        INSERT INTO network (name, subnet) VALUES ('private', '10.1.0.0/16');
        INSERT INTO host (name, appliance, address, jump, network, mac)
        VALUES ('o1', 'own', '10.0.0.2', 'gate', 'private', '52:54:00:00:00:02'),
               ('o2', 'own', '10.0.0.1', 'gate-2', NULL, NULL);
        INSERT INTO host (name, appliance, address)
        VALUES ('n1', 'vm-container', '10.0.0.1'), ('n2', 'vm-container', NULL),
               ('n3', 'vm-container', NULL), ('v1', 'vm', NULL), ('v2', 'vm', NULL),
               ('v8', 'vm', NULL), ('v9', 'vm', NULL);
        INSERT INTO gpu (host, name, pci)
        VALUES ('n1', 'gpupci1', 'pci_0000_02_00_0'), ('n1', 'gpupci2', 'pci_0000_03_00_0'),
               ('n1', 'gpupci3', 'pci_0000_04_00_0'), ('n2', 'gpupci1', 'pci_0000_02_00_0');
        INSERT INTO gpu_function (host, gpu, pci, class, vendor, device)
        VALUES ('n1', 'gpupci1', 'pci_0000_02_00_0', '0300', '10de', '1c03');
        INSERT INTO gpu_slice (host, gpu, number, pci)
        VALUES ('n1', 'gpupci1', 0, 'pci_0000_02_00_4'), ('n1', 'gpupci1', 1, 'pci_0000_02_00_5');
        INSERT INTO mdev (host, uuid, parent, type)
        VALUES ('n1', '00000000-0000-4000-8000-000000000001', 'mtty', 't'),
               ('n2', '00000000-0000-4000-8000-000000000002', 'mtty', 't');
        INSERT INTO vm (host, container, uuid, memory_mib, cpus)
        VALUES ('v1', 'n1', 'u1', 1024, 1), ('v2', 'n1', 'u2', 1024, 1),
               ('v9', 'n3', 'u3', 1024, 1);
        INSERT INTO vm_disk (vm, target, source, path, bus, format)
        VALUES ('v1', 'vda', 'file', '/a', 'virtio', 'raw');
        INSERT INTO interface (host, name, kind, source, mac, model)
        VALUES ('v1', 'eth0', 'bridge', 'br0', '52:54:00:00:00:01', 'virtio');
        INSERT INTO vm_gpu (vm, name, container, gpu, slice, uuid)
        VALUES ('v1', 'gpupci', 'n1', 'gpupci2', NULL, NULL),
               ('v1', 'gpupci2', 'n1', 'gpupci1', 1, NULL),
               ('v1', 'gpupci3', 'n1', NULL, NULL, '00000000-0000-4000-8000-000000000001');
        INSERT INTO vm_definition (vm, uuid, container, rendered, defined, libvirt)
        VALUES ('v1', 'u1', 'n1', '<a/>', '<b/>', 9000000);
        INSERT INTO domain_capability (host, machine, libvirt, facts)
        VALUES ('n1', 'm', 9000000, '');
        INSERT INTO attribute (host, name, value) VALUES (NULL, 'a', '1'), ('n1', 'a', '1'))sql");
    for (const auto* version : {"1.0", "2.0"}) {
      const auto insert = connection_->prepare(
          "INSERT INTO roll (name, version, arch, checksum) VALUES ('r', :version, 'any', :sum)");
      insert->bind(":version", version);
      insert->bind(":sum", std::string(64, '0'));
      insert->execute();
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Schema, ::testing::ValuesIn(engines()), name_of_engine);

TEST_P(Schema, RefusesEachWrongWriteByTheNameOfItsConstraint) {
  for (const auto& [sql, constraint] : kWrong) {
    const auto refused_by = refusal(sql);
    EXPECT_NE(("|" + std::string(constraint) + "|").find("|" + refused_by + "|"), std::string::npos)
        << sql << "\n  was refused by: " << refused_by << "\n  not by: " << constraint;
  }
}

TEST_P(Schema, RefusesItInATransactionByTheSameName) {
  connection_->begin_write();
  for (const auto& [sql, constraint] : kWrong) {
    const auto refused_by = refusal(sql);
    EXPECT_NE(("|" + std::string(constraint) + "|").find("|" + refused_by + "|"), std::string::npos)
        << sql << ": " << refused_by;
  }
  connection_->roll_back();
}

TEST_P(Schema, TakesWhatIsRight) {
  for (const auto* sql : kRight) EXPECT_EQ(refusal(sql), "") << sql;
}

TEST_P(Schema, EachRuleIsTriedHere) {
  std::set<std::string> tried;
  for (const auto& wrong : kWrong) tried.insert(wrong.constraint);
  const auto rules = connection_->prepare(GetParam().rules);
  while (rules->step()) EXPECT_TRUE(tried.contains(rules->string(0))) << rules->text(0);
}

// A column that only one engine has would be lost on the way to the other.
TEST_P(Schema, HasTheSameTablesOnEachEngine) {
  const auto shape_of = [](Connection& connection) {
    std::string shape;
    for (const auto& table : connection.tables()) {
      shape += table.name + ":";
      for (const auto& column : table.columns) {
        shape += " " + column.name + (column.is_number ? "#" : "");
      }
      shape += "\n";
    }
    return shape;
  };
  const auto sqlite = open_sqlite(":memory:");
  sqlite->migrate();
  EXPECT_EQ(shape_of(*connection_), shape_of(*sqlite));
}

TEST_P(Schema, HasTheSameKeysOnEachEngine) {
  const auto keys_of = [](Connection& connection, const char* sql) {
    std::set<std::string> keys;
    const auto query = connection.prepare(sql);
    while (query->step()) keys.insert(query->string(0));
    return keys;
  };
  const auto sqlite = open_sqlite(":memory:");
  sqlite->migrate();
  const auto wanted = keys_of(*sqlite, kSqliteKeys);
  EXPECT_GT(wanted.size(), 50U);
  EXPECT_EQ(keys_of(*connection_, GetParam().keys), wanted);
}

}  // namespace
}  // namespace cluster::db
