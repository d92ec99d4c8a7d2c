# shellcheck shell=bash
# make_large_inventory CLUSTER FILE: makes the large inventory that benchmarks ask, always the same: 10,000 vm-containers
# with 8 cards of 2 functions each, and 20,000 VMs of which each holds two cards. A benchmark sources this file.

make_large_inventory() {
  "$1" --db "$2" add host vm-container-0-0 appliance=vm-container # makes the schema
  sqlite3 "$2" <<'SQL'
PRAGMA foreign_keys = ON;
BEGIN IMMEDIATE;
CREATE TEMP TABLE number (n INTEGER PRIMARY KEY);
WITH RECURSIVE up (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM up WHERE n < 19999) INSERT INTO number SELECT n FROM up;
DELETE FROM host;
INSERT INTO host (name, appliance, rack, rank, address)
SELECT 'vm-container-' || (n / 40) || '-' || (n % 40), 'vm-container', n / 40, n % 40,
       '198.18.' || (n / 250) || '.' || (n % 250 + 1) -- RFC 2544: nobody's addresses
FROM number WHERE n < 10000;
INSERT INTO host (name, appliance) SELECT 'vm-' || n, 'vm' FROM number;
INSERT INTO gpu (host, name, pci, model, physical_slot, numa_node)
SELECT 'vm-container-' || (h.n / 40) || '-' || (h.n % 40), 'gpupci' || (c.n + 1), printf('pci_0000_%02x_00_0', 16 + c.n * 16),
       'GA102GL [A40]', c.n + 1, c.n / 4
FROM number AS h, number AS c WHERE h.n < 10000 AND c.n < 8;
INSERT INTO gpu_function (host, gpu, pci, class, vendor, device, iommu_group, bar_mib)
SELECT host, name, substr(pci, 1, length(pci) - 1) || f.n, CASE f.n WHEN 0 THEN '0302' ELSE '0403' END, '10de',
       CASE f.n WHEN 0 THEN '2235' ELSE '1aef' END, 20 + substr(name, 7), CASE f.n WHEN 0 THEN 65536 END
FROM gpu, number AS f WHERE f.n < 2;
INSERT INTO vm (host, container, uuid, memory_mib, cpus)
SELECT 'vm-' || n, 'vm-container-' || (n / 2 / 40) || '-' || (n / 2 % 40), printf('00000000-0000-4000-8000-%012x', n), 16384, 8
FROM number;
INSERT INTO vm_disk (vm, target, source, path, bus, format, size_gib)
SELECT host, 'vda', 'file', '/var/lib/libvirt/images/' || host || '.vda', 'virtio', 'qcow2', 36 FROM vm;
INSERT INTO interface (host, name, kind, source, mac, model)
SELECT 'vm-' || n, 'eth0', 'bridge', 'br0', printf('52:54:00:%02x:%02x:%02x', n / 65536, n / 256 % 256, n % 256), 'virtio'
FROM number;
INSERT INTO vm_gpu (vm, name, container, gpu)
SELECT 'vm-' || v.n, 'gpupci' || (c.n + 1), 'vm-container-' || (v.n / 2 / 40) || '-' || (v.n / 2 % 40),
       'gpupci' || (v.n % 2 * 2 + c.n + 1)
FROM number AS v, number AS c WHERE c.n < 2;
COMMIT;
ANALYZE;
SQL
}
