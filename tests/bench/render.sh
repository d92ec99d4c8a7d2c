#!/bin/bash
# Measures in one run the cost of rendering and validating VMs: 10,000 of each kind on one core, and one such VM by
# virt-install (Debian package virtinst), which a user would use otherwise. It measures CPU time, as machines are
# shared, and asserts nothing.
#   tests/bench/render.sh [RENDER_BENCH]     [build/release/tests/bench/render_bench]
set -euo pipefail

bench=${1:-$(dirname "${BASH_SOURCE[0]}")/../../build/release/tests/bench/render_bench}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# This is a VM with two cards of two functions, as far as virt-install can write it for libvirt's test driver. That driver
# has no machine q35 and no UEFI, and virt-install cannot set the guest slots of the cards.
virt_install=(virt-install --connect test:///default --print-xml --dry-run --name vm-0 --memory 16384 --vcpus 8
  --cpu host-passthrough --import --graphics none --memballoon none --osinfo "detect=off,require=off"
  --disk "$dir/disk.qcow2,format=qcow2,bus=virtio" --network "bridge=br0,model=virtio,mac=52:54:00:00:00:01")
field=./source/address/@
for function in 65:{0..1} b3:{0..1}; do
  virt_install+=(--hostdev "type=pci,xpath0.set=${field}domain,xpath0.value=0x0000,xpath1.set=${field}bus,\
xpath1.value=0x${function%:*},xpath2.set=${field}slot,xpath2.value=0x00,xpath3.set=${field}function,\
xpath3.value=0x${function#*:}")
done
qemu-img create -q -f qcow2 "$dir/disk.qcow2" 1G
[[ $("${virt_install[@]}" | grep -c "<hostdev ") == 4 ]]

taskset -c 0 /usr/bin/time -f 'peak memory: %M KiB' "$bench" 10000 "$dir/vm.xml" 2>&1 | tee "$dir/ours"
[[ $(grep -c "<hostdev " "$dir/vm.xml") == 4 ]]
hyperfine --shell=none --warmup 1 --runs 10 --command-name virt-install --export-csv "$dir/theirs" \
  "$(printf '%q ' "${virt_install[@]}")" >/dev/null 2>&1
awk -F , 'NR == FNR { if (/4 functions:.*rendered and validated/) { split($0, part, "rendered, "); rate = part[2] + 0 } next }
  FNR == 2 { cpu = $5 + $6
             printf "virt-install, one VM: %.0f ms CPU, %.0f ms until it is done\n", cpu * 1000, $4 * 1000
             printf "ratio to 4 functions, rendered and validated: %.0f\n", cpu * rate }' "$dir/ours" "$dir/theirs"
