#!/bin/bash
# Measures in one run the cost of questions about a large inventory: `cluster` beside sqlite3, which reads the same
# rows. The inventory is always the same: 10,000 vm-containers with 8 cards of 2 functions each, and 20,000 VMs of which
# each holds two cards. It prints a table of CPU time (machines are shared) and peak memory, and asserts nothing.
#   tests/bench/inventory.sh [BUILD [FILE]]     BUILD: a build folder [build/release]; FILE: keep the inventory there
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=${1:-build/release}
cluster=$build/cmd/cluster
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
db=${2:-$dir/cluster.db}
export CLUSTER_DB=$db
runs=20

make_inventory() {
  "$cluster" add host vm-container-0-0 appliance=vm-container # makes the schema
  sqlite3 "$db" <<'SQL'
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
[[ -s $db ]] || make_inventory

# Prints "ms MiB": the CPU time of a run, which is the median of $runs runs, and its peak memory.
measured() {
  local i
  for ((i = 0; i < runs; ++i)); do
    /usr/bin/time -a -o "$dir/times" -f '%U %S %M' "$@" >"$dir/answer"
  done
  awk '{ printf "%d %.1f\n", ($1 + $2) * 1000, $3 / 1024 }' "$dir/times" | sort -n | sed -n "$(((runs + 1) / 2))p"
  rm "$dir/times"
}

detail="SELECT gpu.*, host.failing, v.vm, f.vendor, f.device, f.iommu_group, n.count FROM gpu JOIN host ON host.name = gpu.host
LEFT JOIN (SELECT host, gpu, min(pci) AS pci, count(*) AS count FROM gpu_function GROUP BY host, gpu) AS n
  ON n.host = gpu.host AND n.gpu = gpu.name
LEFT JOIN gpu_function AS f ON f.host = n.host AND f.pci = n.pci
LEFT JOIN vm_gpu AS v ON v.container = gpu.host AND v.gpu = gpu.name AND v.slice IS NULL"
one=vm-container-124-20
row() { # the words of cluster, the query of sqlite3
  read -r ours our_mib < <(eval "measured $cluster $1")
  if [[ -z ${2-} ]]; then
    printf '| %s | %s | | | %s |\n' "$1" "$ours" "$our_mib"
    return
  fi
  read -r theirs their_mib < <(measured sqlite3 "$db" "$2")
  printf '| %s | %s | %s | %s | %s |\n' "$1" "$ours" "$theirs" "$(awk "BEGIN { printf \"%.1f\", $ours / ($theirs + !$theirs) }")" \
    "$our_mib (${their_mib})"
}
echo '| cluster ... | CPU ms | sqlite3, CPU ms | ratio | MiB (sqlite3) |'
echo '| --- | --- | --- | --- | --- |'
row --version ""
row "list host gpu $one" "SELECT host, name, shown FROM host_gpu WHERE host = '$one'"
row "list host gpu $one detail=yes" "$detail WHERE gpu.host = '$one'"
row "list host $one" "SELECT * FROM host WHERE name = '$one'"
row "list host 'vm-container-124-*'" "SELECT * FROM host WHERE name GLOB 'vm-container-124-*'"
row "list host vm vm-9999" "SELECT * FROM vm WHERE host = 'vm-9999'"
row "report host gpu $one" "SELECT name, shown FROM host_gpu WHERE host = '$one'"
row "report vm config vm-9999" ""
row "list host gpu" "SELECT host, name, shown FROM host_gpu"
row "list host gpu detail=yes" "$detail"
row "list host" "SELECT name, appliance, rack, rank, cpus, address, port, user FROM host"
row "list host vm" "SELECT * FROM vm; SELECT * FROM vm_disk; SELECT * FROM gpu_in_vm; SELECT * FROM interface"
runs=1
row "add host vm new-1 gpus=2" ""
