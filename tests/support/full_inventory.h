#pragma once

#include <string_view>

namespace cluster {

/// Rows in which every column of every table has a value somewhere. A test that finds a column
/// without one fails: whoever adds a column adds it here, too. Both engines read it.
inline constexpr std::string_view kFullInventory = R"sql(
INSERT INTO appliance (name, managed) VALUES ('storage', 0);
UPDATE appliance SET managed = 0 WHERE name = 'compute';
INSERT INTO network VALUES ('private', '10.1.0.0/16', '10.1.0.1', 12, 9000, 'example.org'),
                           ('public', 'fd00::/64', NULL, NULL, NULL, NULL);
INSERT INTO host (name, appliance, rack, rank, cpus, address, port, "user", failing, sudo, failing_seen, maintenance,
                  jump, network, mac)
VALUES ('n1', 'vm-container', 0, 15, 64, '10.1.1.1', 2222, 'root', 'H1: no IOMMU', 1, '2026-11-21T01:20:00Z', 'a fan',
        'you@gate:24,inner', 'private', '52:54:00:00:00:02'),
       ('n2', 'storage', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, '', NULL, NULL, NULL),
       ('v1', 'vm', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO attribute (appliance, host, name, value)
VALUES (NULL, NULL, 'site', 'it''s "here"
and $there `too`'), ('vm', NULL, 'vm_firmware', ''),
       (NULL, 'n1', 'x', '-'), (NULL, 'v1', 'vm_placement', 'Grüße');
INSERT INTO host_key VALUES ('n1', 'ssh-ed25519', 'AAAA+/=', '2026-11-28T05:00:00Z');
INSERT INTO host_agent VALUES ('n1', '0.2.0', '2026-11-21T01:20:00Z', '/usr/bin/gpupci', '0000000000000000000000000000000000000000000000000000000000000007');
INSERT INTO gpu (host, name, pci, model, serial, uuid, physical_slot, numa_node, missing, failing, wish, driver,
                 driver_seen, present_seen, failing_seen, synced_seen)
VALUES ('n1', 'gpupci1', 'pci_0000_02_00_0', 'A100', '00-11', 'GPU-1', '3', 1, 1, 'D1: fallen off the bus', 'detached',
        'nvidia -', '2026-11-21T01:20:00Z', '2026-11-21T01:20:01Z', '2026-11-21T01:20:02Z', '2026-11-21T01:20:03Z'),
       ('n1', 'gpupci2', 'pci_10000_03_00_0', NULL, NULL, NULL, NULL, NULL, 0, NULL, 'host', NULL, NULL, NULL, NULL, NULL),
       ('n1', 'gpupci3', 'pci_0000_04_00_0', NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO gpu_function VALUES ('n1', 'gpupci1', 'pci_0000_02_00_0', '0300', '10de', '2204', '1028', '0001', 12, 131088, '16 131072 32'),
                                ('n1', 'gpupci1', 'pci_0000_02_00_1', '0403', '10de', '1aef', NULL, NULL, 12, NULL, NULL);
INSERT INTO gpu_slice VALUES ('n1', 'gpupci2', 0, 'pci_10000_03_00_4', '1145');
INSERT INTO mdev (host, uuid, parent, type) VALUES ('n1', '01234567-89ab-cdef-0123-456789abcdef', 'gpupci3', 'nvidia-558');
INSERT INTO vm (host, container, uuid, memory_mib, cpus, fabric, libvirt_name) VALUES ('v1', 'n1', 'u1', 4096, 4, 2, 'old name');
INSERT INTO vm_disk VALUES ('v1', 'vda', 'file', '/a b.qcow2', 'virtio', 'qcow2', 40, 'none', 'native', 'unmap', 'S1', 1,
                            '/base.img', 'backing', NULL),
                           ('v1', 'sda', 'cdrom', '/x.iso', 'sata', 'raw', NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 1);
INSERT INTO vm_gpu VALUES ('v1', 'gpupci1', 'n1', 'gpupci1', NULL, NULL), ('v1', 'gpupci2', 'n1', 'gpupci2', 0, NULL),
                          ('v1', 'gpupci3', 'n1', NULL, NULL, '01234567-89ab-cdef-0123-456789abcdef');
INSERT INTO interface VALUES ('v1', 'eth0', 'bridge', 'br0', '52:54:00:00:00:01', 'virtio', 12, '10.1.0.5/24', 'private');
INSERT INTO vm_definition VALUES ('v1', 'u1', 'n1', '<domain>
</domain>', '<domain/>', 9000000, '2026-11-21T01:20:04Z', 1, 0);
INSERT INTO domain_device VALUES ('n1', 'u2', 'stranger', 'pci_0000_09_00_0', '2026-11-21T01:20:00Z');
INSERT INTO domain_capability VALUES ('n1', 'kvm x86_64 q35 /usr/bin/qemu', 9000000, 'video vga
x y');
INSERT INTO roll VALUES ('gpupt', '1.0', 'any', 1, '0000000000000000000000000000000000000000000000000000000000000008'), ('gpupt', '0.9', 'x86_64', 0, '0000000000000000000000000000000000000000000000000000000000000009');
)sql";

}  // namespace cluster
