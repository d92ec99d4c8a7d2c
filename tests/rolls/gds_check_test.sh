#!/bin/bash
# gds_check_test.sh [write]: gds-check gives the answers in the file `said` of each guest in tests/data/gds. The guests'
# texts were published (SOURCE tells where). With `write` these files are written anew. Then each item fails and passes,
# on one of the guests with one text changed. At the end the machine here is checked for real.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
check=$top/rolls/gds/files/gds-check
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0

fail() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}

said() {
  local status=0
  "$check" --from="$1" || status=$?
  echo "exit status $status"
}

for guest in "$top"/tests/data/gds/*/; do
  if [[ ${1-} == write ]]; then said "$guest" >"$guest/said"; fi
  said "$guest" | diff -u "$guest/said" - || fail "$guest"
done

# on GUEST ID RESULT WORDS [FILE TEXT]...: checks the answer about the guest when these texts are different.
on() {
  local guest=$1 id=$2 result=$3 words=$4 line
  shift 4
  rm -rf "$dir/guest"
  cp -r "$top/tests/data/gds/$guest" "$dir/guest"
  while (($# > 0)); do
    printf '%s' "${2:+$2$'\n'}" >"$dir/guest/$1"
    shift 2
  done
  line=$(said "$dir/guest" | grep "^$id ")
  [[ $line == "$id   $result "*"$words"* ]] || fail "$guest: want $id $result ...$words, and it said: $line"
}

version() { echo "NVRM version: NVIDIA UNIX $1  Release Build  (builder@localhost)"; }
open=$(version 'Open Kernel Module for x86_64  580.95.05')
proprietary=$(version 'x86_64 Kernel Module  470.57.02')
asked='{ "properties": { "use_pci_p2pdma": true } }'
params='RegistryDwords: "RMForceStaticBar1=1;RmForceDisableIomapWC=1;"'

on quadro-p400 S1 PASS 'NVMe is supported'
on p2pdma S1 PASS 'P2PDMA'
on quadro-p400 S1 FAIL 'no GPU here' gdscheck ' GPU index 0 Quadro P400 bar:1 bar size (MiB):256 does not support GDS'
on quadro-p400 S1 FAIL 'Platform verification error' gdscheck ' Platform verification error :'
on nvme-not-registered S1 FAIL 'S2 to S6'
on nothing-installed-for-nvme S1 FAIL 'no program is told'
on quadro-p400 S1 UNKNOWN 'no word' gdscheck ''

on proprietary-module S2 FAIL 'the proprietary one'
on unknown-symbols S2 FAIL 'as with the proprietary'
on unknown-symbols S2 FAIL 'the proprietary one' nvidia-version "$proprietary"
on unknown-symbols S2 FAIL 'built for another NVIDIA driver' nvidia-version "$open"
on unknown-symbols S2 PASS 'nvidia-fs is loaded' nvidia-fs-modules 'nvme: 1'
on nothing-installed-for-nvme S2 PASS 'the open one, 580.95.05' nvidia-version "$open"
on nothing-installed-for-nvme S2 WARN 'proprietary' nvidia-version "$proprietary"
on nothing-installed-for-nvme S2 FAIL 'no NVIDIA driver' nvidia-version ''

on silent-compat-mode S3 WARN 'not registered'
on silent-compat-mode S3 PASS 'registered' nvidia-fs-modules $'wekafsio: 1\nnvme: 1'
on unknown-symbols S3 WARN 'nvidia-fs is not loaded'
on unknown-symbols S3 PASS 'can do it' cufile.json "$asked" nvidia-version "$open" nvidia-params "$params" kallsyms '0000000000000000 d p2pdma_pgmap_ops'
on unknown-symbols S3 FAIL 'older than 6.2' cufile.json "$asked" nvidia-version "$open" uname '6.1.0-37-amd64 x86_64'
on unknown-symbols S3 FAIL 'no p2pdma_pgmap_ops' cufile.json "$asked" nvidia-version "$open" kallsyms ''
on unknown-symbols S3 FAIL 'proprietary' cufile.json "$asked" nvidia-version "$proprietary"
on unknown-symbols S3 FAIL '560.35.03 is older than 565.47' cufile.json "$asked" nvidia-version "${open/580.95.05/560.35.03}"
on unknown-symbols S3 FAIL 'BAR1' cufile.json "$asked" nvidia-version "$open" nvidia-params 'RegistryDwords: ""'
on unknown-symbols S3 FAIL 'calls it unsupported' cufile.json "$asked" nvidia-version "$open" gdscheck ' NVMe P2PDMA        : Unsupported'
on unknown-symbols S3 WARN 'nvidia-fs is not loaded' cufile.json '{ // "use_pci_p2pdma": true'

gpu='/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0/0000:03:00.0 0x030200 0x10de'
disk='/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:01.0/0000:04:00.0 0x010802 0x144d'
far='/sys/devices/pci0000:00/0000:00:02.0/0000:05:00.0 0x010802 0x144d'
on p2pdma S4 PASS 'behind the same bridge' pci "$gpu"$'\n'"$disk"$'\n'"$far"
on p2pdma S4 FAIL '0000:03:00.0 and the NVMe disks share no bridge' pci "$gpu"$'\n'"$far"
on quadro-p400 S4 PASS 'nvidia-fs needs none' pci "$gpu"$'\n'"$far"
on p2pdma S4 FAIL 'no NVMe disk' pci "$gpu"
on p2pdma S4 FAIL 'no NVIDIA card' pci "$disk"

on quadro-p400 S5 PASS 'gdscheck: the IOMMU of the guest is off'
on quadro-p400 S5 FAIL 'gdscheck: the IOMMU of the guest is on' gdscheck ' IOMMU: enabled'
on p2pdma S5 PASS 'no IOMMU' iommu-groups ''
on p2pdma S5 PASS 'passes everything through' iommu-groups $'0 identity\n1 identity'
on p2pdma S5 FAIL 'translates' iommu-groups $'0 identity\n1 DMA-FQ'

raid='md0 : active raid0 nvme1n1[1] nvme0n1[0]'
on p2pdma S6 PASS 'no RAID' mdstat 'unused devices: <none>'
on p2pdma S6 FAIL 'md0 is RAID' mdstat "$raid"
on p2pdma S6 FAIL 'multipath' nvme-multipath Y
on quadro-p400 S6 PASS 'P2PDMA only' mdstat "$raid"

on p2pdma S7 UNKNOWN 'nothing tells' pci "$gpu"$'\n'"$disk"
on p2pdma S7 UNKNOWN 'S4 first' pci "$gpu 0"
on p2pdma S7 PASS 'sees no NUMA nodes' pci "$gpu -1"$'\n'"$disk -1"
on p2pdma S7 PASS 'on its NUMA node' pci "$gpu 1"$'\n'"$disk 0"$'\n'"$far 1"
on p2pdma S7 WARN '0000:03:00.0 is on node 1, the NVMe disks are not' pci "$gpu 1"$'\n'"$disk 0"

# Programs read the same with tabs, in which a reason with a semicolon stays whole, and one with a tab has none.
rows() { "$check" "$@" --from="$dir/guest" || true; }
on nothing-installed-for-nvme S1 FAIL 'no program is told; S2'
rows --report | awk -F '\t' '{ printf "%-4s %-8s %s%s\n", $1, $2, $3, $4 == "" ? "" : "; " $4 }' >"$dir/reported"
rows | sed 1d | diff -u - "$dir/reported" || fail "--report says something else"
[[ $(rows --report | head -n 1) == *$', and no program is told\tS2 to S6 tell why' ]] || fail "--report: $(rows --report)"
on quadro-p400 S1 FAIL 'Platform' gdscheck $' Platform verification error :\tno'
[[ $(rows --report | head -n 1 | tr -cd '\t' | wc -c) == 3 ]] || fail "a tab in a reason: $(rows --report)"

# No finding is an error, and gds-check judges what this machine shows.
"$check" --collect="$dir/here"
here=$("$check" || true)
[[ $here == "$("$check" --from="$dir/here" || true)" ]] || fail "another answer of what was collected"
[[ $(wc -l <<<"$here") == 8 ]] || fail "this machine: $here"
[[ $(cut -d ' ' -f 1 "$dir/here/uname") == "$(uname -r)" ]] || fail "uname"
# It also judges the output of programs that this machine does not have.
mkdir "$dir/bin"
stand_in() {
  { echo '#!/bin/sh'; cat; } >"$dir/bin/$1"
  chmod 755 "$dir/bin/$1"
}
stand_in gdscheck <<<'[ "$*" = -p ] && echo " NVMe               : Unsupported" && echo " properties.use_compat_mode : true"'
stand_in dmesg <<<'echo "eth0: link is up"; echo "[   7.1] nvidia_fs: Unknown symbol nvidia_p2p_get_pages (err -2)"'
# shellcheck disable=SC2016 # it is expanded there
stand_in modinfo <<<'[ "$1" != nvidia ] || printf "%s\n" "version:        470.57.02" "license:        NVIDIA"'
PATH=$dir/bin:$PATH "$check" --collect="$dir/stand-ins"
here=$("$check" --from="$dir/stand-ins" || true)
for line in 'S1   FAIL     gdscheck: NVMe is unsupported; all goes through the memory of the CPU' \
  'S2   FAIL     nvidia-fs cannot load (Unknown symbol nvidia_p2p_get_pages): the NVIDIA module is the proprietary one' \
  'S3   WARN     nvidia-fs is not loaded'; do
  grep -qF -e "$line" <<<"$here" || fail "no '$line' in what was collected: $here"
done
[[ $(wc -l <"$dir/stand-ins/kernel-log") == 1 ]] || fail "the kernel's log has more than NVIDIA's lines"
# What `check host vm` reads: the same with tabs, and of an older one, which does not know the word, what it prints.
facts() { PATH=$dir/bin:$PATH sh "$top/frontend/guests/guest_facts.sh" | sed -n '/^=== gds$/,$p'; }
stand_in gds-check <<<"exec '$check' \"\$@\" --from='$dir/stand-ins'"
[[ $(facts) == *$'\nS3\tWARN\tnvidia-fs is not loaded: '*$'\nstatus 2\n=== end' ]] || fail "check host vm reads $(facts)"
stand_in gds-check <<<'[ $# = 0 ] || { echo "usage: gds-check [--from=FOLDER]" >&2; exit 64; }; echo "S1   PASS     good"'
[[ $(facts) == $'=== gds\nS1   PASS     good\nstatus 0\n=== end' ]] || fail "check host vm reads of an older one: $(facts)"
status=0
"$check" --from=/no/where 2>"$dir/err" || status=$?
[[ $status == 64 && $(<"$dir/err") == "gds-check: there is no folder '/no/where'" ]] || fail "no such folder: $status"
exit $((failures > 0))
