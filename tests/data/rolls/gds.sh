#!/bin/sh
# Roll gds 1.0.0: reads from NVMe into the memory of a GPU, in a VM that has both
# For host rocks-33 of appliance vm; written by `cluster run roll gds host=rocks-33`.
#
# As root on that host: sh add-roll.sh [--dry-run]. What is so already is left alone, so it can be run
# again. It does, in this order:
#   packages kmod (debian)
#   packages kmod (rhel)
#   file     /usr/local/bin/gds-check
#   file     /usr/local/share/gds/cufile.json
#   file     /usr/local/share/gds/set-cufile
#   file     /usr/local/share/gds/wanted-cufile
#   step     the VM has an NVIDIA card and an NVMe disk of its own
#   step     the packages of GPUDirect Storage are there
#   step     cuFile has its settings
#   step     the drivers are loaded as cuFile's way wants it; needs a reboot
#   check    gds-check finds nothing in the way

# What the inventory says of the host.
export host=rocks-33
export appliance=vm
export cards=''
export functions=''
export models=''
export distro_key=''
# Attributes of roll gds.
# whether Linux's P2PDMA is used in the place of nvidia-fs; auto where nvidia-fs does not load or nvme does not
# know it
export gds_p2pdma=auto
# packages to be installed, of NVIDIA's or the site's repository; nothing when the site does it
export gds_packages=nvidia-gds
# false lets cuFile fail where it cannot go directly; true lets it go through the memory of the CPU, without
# saying so
export gds_compat=true
# the largest piece of one read or write, in KiB
export gds_max_direct_io_size_kb=16384
# other values of cufile.json, KEY=VALUE with spaces between them (logging.level=DEBUG
# execution.max_io_threads=8); VALUE is a word, or JSON without spaces
export gds_cufile=''
roll=gds

# shellcheck source=rolls/engine/prelude.sh
. rolls/engine/prelude.sh

# shellcheck source=rolls/engine/families/debian.sh
. rolls/engine/families/debian.sh

# shellcheck source=rolls/engine/families/rhel.sh
. rolls/engine/families/rhel.sh
start 'Debian nor of RHEL'

# ---- roll gds
roll=gds

if [ "$family" = debian ]; then
  begin 'packages'
  packages kmod
fi

if [ "$family" = rhel ]; then
  begin 'packages'
  packages kmod
fi

file /usr/local/bin/gds-check 0755 root:root <<'END_OF_FILE'
#!/bin/sh
# gds-check [--report] [--collect=FOLDER | --from=FOLDER]: what is in the way of GPUDirect Storage in this guest, a line
# an item.
#   --report   a line is ID, RESULT, REASON and FIX with tabs between them, without a header, for programs
#   --collect  only writes down what it looks at, to be sent to somebody who can help
#   --from     judges what was written down, here or elsewhere
# PASS, WARN, FAIL or UNKNOWN, which is never passed. The exit status is of the worst: 2 FAIL, else 3 UNKNOWN, else
# 1 WARN, else 0; 64 for wrong usage. Run it as root: the kernel's log and symbols are for root alone.
# From roll gds. What is asked for: https://docs.nvidia.com/gpudirect-storage/troubleshooting-guide/
set -eu
LC_ALL=C
export LC_ALL

# ---- collecting: one file each. What is not on this host becomes an empty file; what nobody looked at has no file.
copy() {
  cat "$2" >"$seen/$1" 2>/dev/null || true
}

collect() {
  mkdir -p "$seen"
  gdscheck=$(command -v gdscheck || true)
  for program in /usr/local/cuda/gds/tools/gdscheck /usr/local/cuda*/gds/tools/gdscheck /usr/local/cuda*/gds/tools/gdscheck.py; do
    if [ -z "$gdscheck" ] && [ -x "$program" ]; then gdscheck=$program; fi
  done
  : >"$seen/gdscheck"
  if [ -n "$gdscheck" ]; then "$gdscheck" -p >"$seen/gdscheck" 2>&1 || true; fi
  uname -rm >"$seen/uname"
  dmesg 2>/dev/null | grep -E 'nvidia|NVRM' | tail -n 200 >"$seen/kernel-log" || true
  modinfo nvidia >"$seen/modinfo-nvidia" 2>/dev/null || true
  modinfo nvidia-fs >"$seen/modinfo-nvidia-fs" 2>/dev/null || true
  grep -w p2pdma_pgmap_ops /proc/kallsyms >"$seen/kallsyms" 2>/dev/null || true
  copy nvidia-version /proc/driver/nvidia/version
  copy nvidia-params /proc/driver/nvidia/params
  copy nvidia-fs-version /proc/driver/nvidia-fs/version
  copy nvidia-fs-modules /proc/driver/nvidia-fs/modules
  copy nvidia-fs-stats /proc/driver/nvidia-fs/stats
  copy cufile.json "${CUFILE_ENV_PATH_JSON:-/etc/cufile.json}"
  copy nvme-multipath /sys/module/nvme_core/parameters/multipath
  copy mdstat /proc/mdstat
  # Where it is in the tree, class, vendor, NUMA node.
  for device in /sys/bus/pci/devices/*; do
    [ -e "$device/class" ] || continue
    echo "$(readlink -f "$device") $(cat "$device/class") $(cat "$device/vendor") $(cat "$device/numa_node" 2>/dev/null || echo -1)"
  done >"$seen/pci"
  for group in /sys/kernel/iommu_groups/*; do
    [ -e "$group/type" ] || continue
    echo "${group##*/} $(cat "$group/type")"
  done >"$seen/iommu-groups"
}

# ---- what was seen
looked_at() { [ -e "$seen/$1" ]; }
says() { grep -qE -e "$2" "$seen/$1" 2>/dev/null; }
# `NVMe : Supported` of gdscheck, `properties.x : y` too.
gdscheck_says() { sed -n "s/^ *$1 *: *\([^ ]*\).*/\1/p" "$seen/gdscheck" 2>/dev/null | head -n 1; }
# at_least 565.47 595.71.05
at_least() {
  echo "$1 $2" | awk '{ n = split($1, want, "."); split($2, got, ".")
    for (i = 1; i <= n; i++) { if (got[i] + 0 > want[i] + 0) exit 0; if (got[i] + 0 < want[i] + 0) exit 1 }; exit 0 }'
}

facts() {
  driver=$(sed -n 's/^NVRM version:[^0-9]*\(x86_64\)\{0,1\}[^0-9]*\([0-9][0-9.]*\) .*/\2/p' "$seen/nvidia-version" 2>/dev/null | head -n 1)
  [ -n "$driver" ] || driver=$(sed -n 's/^version: *//p' "$seen/modinfo-nvidia" 2>/dev/null | head -n 1)
  flavour=
  if says nvidia-version 'Open Kernel Module' || says modinfo-nvidia '^license: *Dual MIT/GPL'; then
    flavour=open
  elif says nvidia-version 'Kernel Module' || says modinfo-nvidia '^license: *NVIDIA' || says kernel-log 'from proprietary module nvidia'; then
    flavour=proprietary
  fi
  # What /proc/driver/nvidia-fs has is there only while the module is loaded.
  loaded=no
  nvidia_fs=$(sed -n 's/^ *nvidia_fs version: *\([^ ]*\).*/\1/p' "$seen/gdscheck" 2>/dev/null | head -n 1)
  [ -n "$nvidia_fs" ] || nvidia_fs=$(sed -n 's/^NVFS Driver(version: *\(.*\))/\1/p' "$seen/nvidia-fs-stats" 2>/dev/null | head -n 1)
  if [ -n "$nvidia_fs" ] || says nvidia-fs-version . || says nvidia-fs-stats . || says nvidia-fs-modules .; then
    loaded=yes
  fi
  # A comment of cufile.json goes from // to the line's end.
  p2pdma=no
  if sed 's|//.*||' "$seen/cufile.json" 2>/dev/null | grep -qE '"use_pci_p2pdma" *: *true' ||
    [ "$(gdscheck_says properties.use_pci_p2pdma)" = true ]; then
    p2pdma=yes
  fi
}

# ---- judging
worst=0
report=no
say() {
  if [ "$report" = yes ]; then
    # What a tool said may have a tab.
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$(printf %s "$3" | tr '\t' ' ')" "${4-}"
  else
    printf '%-4s %-8s %s%s\n' "$1" "$2" "$3" "${4:+; $4}"
  fi
  case $2 in
    FAIL) worst=2 ;;
    UNKNOWN) [ "$worst" -eq 2 ] || worst=3 ;;
    WARN) [ "$worst" -ne 0 ] || worst=1 ;;
  esac
}

s1_gdscheck() {
  if ! says gdscheck .; then
    say S1 UNKNOWN 'there is no word of gdscheck -p' 'install gds-tools (nvidia-gds)'
  elif says gdscheck 'does not support GDS' && ! says gdscheck ' supports GDS'; then
    say S1 FAIL 'gdscheck: no GPU here supports GPUDirect Storage' 'give the VM another card'
  elif says gdscheck 'Platform verification (error|failed)'; then
    say S1 FAIL "gdscheck: $(sed -n 's/^ *\(Platform verification .*\)/\1/p' "$seen/gdscheck" | head -n 1)" 'its lines above that tell what'
  elif [ "$(gdscheck_says 'NVMe P2PDMA')" = Supported ]; then
    say S1 PASS 'gdscheck: NVMe P2PDMA is supported'
  elif [ "$(gdscheck_says NVMe)" = Supported ]; then
    say S1 PASS 'gdscheck: NVMe is supported'
  elif [ "$(gdscheck_says properties.use_compat_mode)" = true ]; then
    say S1 FAIL 'gdscheck: NVMe is unsupported; all goes through the memory of the CPU, and no program is told' 'S2 to S6 tell why'
  else
    say S1 FAIL 'gdscheck: NVMe is unsupported' 'S2 to S6 tell why'
  fi
}

s2_module() {
  use_open='install the open kernel modules of the same version (Turing cards and later)'
  if [ "$loaded" = no ] && says kernel-log 'Unknown symbol nvidia_p2p_'; then
    symbol=$(sed -n 's/.*Unknown symbol \(nvidia_p2p_[a-z_]*\).*/\1/p' "$seen/kernel-log" | head -n 1)
    if [ "$flavour" = proprietary ]; then
      say S2 FAIL "nvidia-fs cannot load (Unknown symbol $symbol): the NVIDIA module is the proprietary one" "$use_open"
    elif [ "$flavour" = open ]; then
      say S2 FAIL "nvidia-fs cannot load (Unknown symbol $symbol): it was built for another NVIDIA driver" \
        'build it again: dkms autoinstall, or reinstall nvidia-fs-dkms'
    else
      say S2 FAIL "nvidia-fs cannot load (Unknown symbol $symbol), as with the proprietary NVIDIA module" "$use_open"
    fi
  elif looked_at nvidia-version && ! says nvidia-version . && ! says modinfo-nvidia .; then
    say S2 FAIL 'there is no NVIDIA driver' "$use_open"
  elif [ "$flavour" = open ]; then
    say S2 PASS "the NVIDIA module is the open one${driver:+, $driver}"
  elif [ "$loaded" = yes ]; then
    say S2 PASS "nvidia-fs${nvidia_fs:+ $nvidia_fs} is loaded, so the NVIDIA module has what it needs"
  elif [ "$flavour" = proprietary ]; then
    say S2 WARN 'the NVIDIA module is the proprietary one: no P2PDMA, and nvidia-fs does not load on newer kernels' "$use_open"
  else
    say S2 UNKNOWN 'nothing tells which NVIDIA module there is' 'modinfo -F license nvidia'
  fi
}

s3_path() {
  kernel=$(cut -d ' ' -f 1 "$seen/uname" 2>/dev/null || true)
  if says nvidia-fs-modules '^nvme' || [ "$(gdscheck_says NVMe)" = Supported ]; then
    say S3 PASS 'nvme is registered with nvidia-fs'
  elif [ "$(gdscheck_says 'NVMe P2PDMA')" = Supported ]; then
    say S3 PASS 'P2PDMA takes the place of nvidia-fs'
  elif [ "$p2pdma" = no ]; then
    instead='the nvme module of MOFED or DOCA, or P2PDMA: attribute gds_p2pdma of roll gds, use_pci_p2pdma in /etc/cufile.json'
    if [ "$loaded" = yes ]; then
      say S3 WARN 'nvme is not registered with nvidia-fs: cuFile reads through the memory of the CPU, without saying so' "$instead"
    elif looked_at gdscheck || looked_at nvidia-fs-version || says kernel-log 'Unknown symbol nvidia_p2p_'; then
      say S3 WARN 'nvidia-fs is not loaded: cuFile reads through the memory of the CPU, without saying so' "$instead"
    else
      say S3 UNKNOWN 'nothing tells whether nvidia-fs is loaded' 'cat /proc/driver/nvidia-fs/modules'
    fi
  elif [ -n "$kernel" ] && ! at_least 6.2 "${kernel%%-*}"; then
    say S3 FAIL "P2PDMA is asked for, and kernel $kernel is older than 6.2" 'a newer kernel, or nvidia-fs with the nvme module of MOFED'
  elif looked_at kallsyms && ! says kallsyms p2pdma_pgmap_ops; then
    say S3 FAIL 'P2PDMA is asked for, and the kernel shows no p2pdma_pgmap_ops' 'run as root; else it takes a kernel with CONFIG_PCI_P2PDMA'
  elif [ "$flavour" = proprietary ]; then
    say S3 FAIL 'P2PDMA is asked for, and the NVIDIA module is the proprietary one' 'install the open kernel modules, 565.47 or later'
  elif [ -n "$driver" ] && ! at_least 565.47 "$driver"; then
    say S3 FAIL "P2PDMA is asked for, and the NVIDIA driver $driver is older than 565.47" 'install a newer one'
  elif says nvidia-params . && says uname 'x86_64' && ! says nvidia-params '^RegistryDwords:.*RMForceStaticBar1=1'; then
    say S3 FAIL 'P2PDMA is asked for, and the NVIDIA driver does not keep its BAR1 still' \
      'options nvidia NVreg_RegistryDwords="RMForceStaticBar1=1;RmForceDisableIomapWC=1;" in /etc/modprobe.d, then reboot'
  elif [ "$(gdscheck_says 'NVMe P2PDMA')" = Unsupported ]; then
    say S3 FAIL 'P2PDMA is asked for, and gdscheck calls it unsupported' 'it takes an A100, A40, L4, L40S, H100, H200, B100, B200 or B300'
  elif [ -n "$kernel" ] && [ -n "$driver" ]; then
    say S3 PASS "P2PDMA is asked for, and kernel $kernel and driver $driver can do it"
  else
    say S3 UNKNOWN 'P2PDMA is asked for, and nothing tells of the kernel and the driver'
  fi
}

# GPUs and NVMe disks by what is above them: a common bridge is one of the tree, below the root.
s4_switch() {
  if ! looked_at pci; then
    say S4 UNKNOWN 'nothing tells where card and disk are' 'lspci -t'
    return
  fi
  answer=$(awk '
    $2 ~ /^0x03/ && $3 == "0x10de" { gpu[++gpus] = $1 }
    $2 ~ /^0x0108/ { disk[++disks] = $1 }
    END {
      if (!gpus) { print "no GPU"; exit }
      if (!disks) { print "no disk"; exit }
      for (i = 1; i <= gpus; i++) {
        n = split(gpu[i], up, "/"); together = 0
        for (j = 1; j <= disks; j++) {
          m = split(disk[j], other, "/")
          for (k = 1; k < n && k < m && up[k] == other[k]; k++) if (up[k] ~ /^[0-9a-f]+:[0-9a-f]+:[0-9a-f]+\.[0-7]$/) together = 1
        }
        if (!together) { print "alone " up[n]; exit }
      }
      print "together"
    }' "$seen/pci")
  case $answer in
    together) say S4 PASS 'each NVIDIA card has an NVMe disk behind the same bridge' ;;
    'no GPU') say S4 FAIL 'the guest has no NVIDIA card' 'cluster add host gpu VM gpupci1 CARD' ;;
    'no disk')
      say S4 FAIL 'the guest has no NVMe disk of its own; a virtual one is no way around the CPU' \
        'make the disk a card (gpupt_devices) and give it to the VM: cluster add host gpu VM gpupci2 DISK'
      ;;
    *)
      if [ "$p2pdma" = yes ]; then
        say S4 FAIL "card ${answer#alone } and the NVMe disks share no bridge, which P2PDMA wants" \
          'cluster set host attr VM pci_switch yes, cluster sync vm config VM, then shut it down and start it'
      else
        say S4 PASS "card ${answer#alone } and the NVMe disks share no bridge; nvidia-fs needs none"
      fi
      ;;
  esac
}

s5_iommu() {
  off='boot the guest with intel_iommu=off or iommu=pt, and leave <iommu> out of the VM'
  if looked_at iommu-groups && ! says iommu-groups .; then
    say S5 PASS 'the guest has no IOMMU'
  elif looked_at iommu-groups && ! grep -qv ' identity$' "$seen/iommu-groups"; then
    say S5 PASS 'the IOMMU of the guest passes everything through'
  elif looked_at iommu-groups; then
    say S5 FAIL 'the IOMMU of the guest translates: card and disk do not reach each other' "$off"
  else
    case $(gdscheck_says IOMMU) in
      disabled*) say S5 PASS 'gdscheck: the IOMMU of the guest is off' ;;
      '') say S5 UNKNOWN 'nothing tells of an IOMMU in the guest' 'ls /sys/kernel/iommu_groups' ;;
      *) say S5 FAIL 'gdscheck: the IOMMU of the guest is on' "$off" ;;
    esac
  fi
}

s6_plain_disk() {
  if ! looked_at mdstat && ! looked_at nvme-multipath; then
    say S6 UNKNOWN 'nothing tells of RAID and multipath' 'cat /proc/mdstat /sys/module/nvme_core/parameters/multipath'
  elif [ "$p2pdma" = no ]; then
    say S6 PASS 'RAID and multipath matter to P2PDMA only'
  elif says mdstat '^md[^ ]* : .*nvme'; then
    say S6 FAIL "$(sed -n 's/^\(md[^ ]*\) : .*nvme.*/\1/p' "$seen/mdstat" | head -n 1) is RAID over NVMe, which P2PDMA cannot" \
      'a file system on the plain disk, or nvidia-fs with the nvme module of MOFED'
  elif says nvme-multipath '^Y'; then
    say S6 FAIL 'multipath of nvme is on, which P2PDMA cannot' 'options nvme_core multipath=N in /etc/modprobe.d, a new initramfs, reboot'
  else
    say S6 PASS 'no RAID over NVMe, no multipath'
  fi
}

# A guest that sees no nodes has -1 everywhere. What is near on the host, the inventory knows: `cluster check gds`.
s7_node() {
  if ! looked_at pci || ! says pci '^[^ ]+ 0x03[^ ]+ 0x10de [0-9-]+$'; then
    say S7 UNKNOWN 'nothing tells on which NUMA nodes card and disk are' 'cat /sys/bus/pci/devices/*/numa_node'
    return
  fi
  answer=$(awk '
    $2 ~ /^0x03/ && $3 == "0x10de" { gpu[++gpus] = $1; node[$1] = $4 }
    $2 ~ /^0x0108/ { disk[++disks] = $1; node[$1] = $4; near[$4] = 1 }
    END {
      if (!gpus || !disks) { print "none"; exit }
      for (i = 1; i <= gpus; i++) if (node[gpu[i]] >= 0 && !near[node[gpu[i]]] && !near[-1]) {
        n = split(gpu[i], up, "/"); print up[n] " is on node " node[gpu[i]] ", the NVMe disks are not"; exit
      }
    }' "$seen/pci")
  if [ "$answer" = none ]; then
    say S7 UNKNOWN 'there is no NVMe disk to be near' 'S4 first'
  elif [ -n "$answer" ]; then
    say S7 WARN "card $answer: what they exchange goes through both sockets" 'give the VM a card and a disk of one node'
  elif says pci '^[^ ]+ 0x03[^ ]+ 0x10de [0-9]+$'; then
    say S7 PASS 'each NVIDIA card has an NVMe disk on its NUMA node'
  else
    say S7 PASS 'the guest sees no NUMA nodes; cluster check gds tells of those of the host'
  fi
}

judge() {
  facts
  [ "$report" = yes ] || printf '%-4s %-8s %s\n' ID RESULT REASON
  s1_gdscheck
  s2_module
  s3_path
  s4_switch
  s5_iommu
  s6_plain_disk
  s7_node
  exit "$worst"
}

if [ "${1-}" = --report ]; then
  report=yes
  shift
fi
case ${1-} in
  '')
    seen=$(mktemp -d)
    trap 'rm -rf "$seen"' EXIT
    collect
    judge
    ;;
  --collect=?*)
    seen=${1#--collect=}
    collect
    ;;
  --from=?*)
    seen=${1#--from=}
    if [ ! -d "$seen" ]; then
      echo "gds-check: there is no folder '$seen'" >&2
      exit 64
    fi
    judge
    ;;
  *)
    echo 'usage: gds-check [--report] [--collect=FOLDER | --from=FOLDER]' >&2
    exit 64
    ;;
esac
END_OF_FILE

file /usr/local/share/gds/cufile.json 0644 root:root <<'END_OF_FILE'
{
  // From roll gds. A program may have one of its own: CUFILE_ENV_PATH_JSON.
  "logging": { "level": "ERROR" },
  "properties": {
    // true: Linux's P2PDMA; false: the module nvidia-fs, with an nvme module that knows it
    "use_pci_p2pdma": false,
    // true: what cannot go directly goes through the memory of the CPU, and nobody is told
    "allow_compat_mode": true,
    "max_direct_io_size_kb": 16384,
    "use_poll_mode": false
  }
}
END_OF_FILE

file /usr/local/share/gds/set-cufile 0755 root:root <<'END_OF_FILE'
#!/bin/sh
# set-cufile KEY=VALUE...: prints the text of a cufile.json, which is on standard input, with these values in it. All
# else, comments and blanks too, stays as it is.
#   KEY    names with dots between them, as properties.use_pci_p2pdma; one that is not there is added
#   VALUE  JSON without blanks, or a word, which becomes a text: true, 16384, DEBUG, ["10.0.0.1"]
# It ends with status 1 and a reason, and prints nothing, when the text is no JSON with comments, has such a key twice, or
# has something in a key's way that is no object. From roll gds.
set -eu
LC_ALL=C
export LC_ALL

awk '
function fail(why) {
  print "set-cufile: " reading why >"/dev/stderr"
  failed = 1
  exit 1
}
function line_of(at, before) {
  before = substr(text, 1, at)
  return "line " (gsub(/\n/, "", before) + 1)
}
# blank(at): the place of the first character from `at` on that is neither blank nor in a comment.
function blank(at, rest) {
  for (;;) {
    rest = substr(text, at)
    if (match(rest, /^[ \t\r\n]+/) || match(rest, /^\/\/[^\n]*/)) {
      at += RLENGTH
    } else if (substr(rest, 1, 2) == "/*" && index(substr(rest, 3), "*/")) {
      at += index(substr(rest, 3), "*/") + 3
    } else {
      return at
    }
  }
}
# after(at): the place behind the value that begins at `at`.
function after(at, close_at, is_object) {
  if (match(substr(text, at), /^"([^"\\\n]|\\.)*"/) || match(substr(text, at), /^[-+.A-Za-z0-9]+/)) return at + RLENGTH
  is_object = substr(text, at, 1) == "{"
  if (!is_object && substr(text, at, 1) != "[") fail(line_of(at) ": want a value")
  close_at = is_object ? "}" : "]"
  at = blank(at + 1)
  while (substr(text, at, 1) != close_at) {
    if (is_object) at = value_of(at)
    at = next_member(after(at), close_at)
  }
  return at + 1
}
# value_of(at): the place of the value of the member that begins at `at`; `name` is its name.
function value_of(at) {
  if (!match(substr(text, at), /^"([^"\\\n]|\\.)*"/)) fail(line_of(at) ": want a name in quotes")
  name = substr(text, at + 1, RLENGTH - 2)
  at = blank(at + RLENGTH)
  if (substr(text, at, 1) != ":") fail(line_of(at) ": want a colon behind \"" name "\"")
  return blank(at + 1)
}
# next_member(at): the place of the next member, or of the end.
function next_member(at, close_at) {
  at = blank(at)
  if (substr(text, at, 1) == ",") return blank(at + 1)
  if (substr(text, at, 1) != close_at) fail(line_of(at) ": want a comma or \"" close_at "\"")
  return at
}
# put(key, value) changes the text.
function put(key, value, names, count, depth, open, at, value_at, found) {
  count = split(key, names, ".")
  open = blank(1)
  for (depth = 1; depth <= count; depth++) {
    if (substr(text, open, 1) != "{") fail("want an object where \"" names[depth] "\" of " key " is to be")
    found = 0
    at = blank(open + 1)
    while (substr(text, at, 1) != "}") {
      value_at = value_of(at)
      if (name == names[depth]) {
        if (found) fail("\"" name "\" of " key " is there twice")
        found = value_at
      }
      at = next_member(after(value_at), "}")
    }
    if (!found) return add(open, names, depth, count, value)
    open = found
  }
  text = substr(text, 1, found - 1) value substr(text, after(found))
}
# add(open, ...): a new first member of the object that begins at `open`; on a line of its own where the first one is.
function add(open, names, depth, count, value, member, first, between, line, indent) {
  member = "\"" names[count] "\": " value
  while (--count >= depth) member = "\"" names[count] "\": { " member " }"
  first = blank(open + 1)
  between = substr(text, open + 1, first - open - 1)
  if (substr(text, first, 1) != "}") member = member ","
  if (!match(between, /\n/)) {
    text = substr(text, 1, open) " " member (between == "" ? " " : "") substr(text, open + 1)
    return
  }
  line = open + RSTART + 1
  indent = substr(text, line)
  indent = substr(indent, 1, match(indent, /[^ \t]/) - 1)
  if (substr(text, first, 1) == "}") indent = indent "  "
  text = substr(text, 1, line - 1) indent member "\n" substr(text, line)
}
BEGIN {
  count_of_keys = ARGC - 1
  for (i = 1; i <= count_of_keys; i++) {
    keys[i] = ARGV[i]
    ARGV[i] = ""
  }
}
{ whole = whole $0 "\n" }
END {
  if (failed) exit 1
  for (i = 1; i <= count_of_keys; i++) {
    at = index(keys[i], "=")
    key = substr(keys[i], 1, at - 1)
    value = substr(keys[i], at + 1)
    if (key !~ /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/) fail("not a key and its value: " keys[i])
    if (value ~ /^[A-Za-z_\/][A-Za-z0-9_.\/:-]*$/ && value !~ /^(true|false|null)$/) value = "\"" value "\""
    text = value
    reading = "not a value of JSON: " keys[i] ": "
    if (value ~ /[ \t]/ || after(1) != length(value) + 1) fail("want one value without blanks")
    values[key] = value
    order[i] = key
  }
  text = whole
  reading = ""
  if (blank(after(blank(1))) != length(text) + 1) fail("there is more behind the object")
  for (i = 1; i <= count_of_keys; i++) put(order[i], values[order[i]])
  printf "%s", text
}
' "$@"
END_OF_FILE

file /usr/local/share/gds/wanted-cufile 0755 root:root <<'END_OF_FILE'
#!/bin/sh
# Prints the /etc/cufile.json that this guest is to have: the one that is there, else the one beside this program, with
# the values of the attributes gds_*, which are in the environment. From roll gds.
# shellcheck disable=SC2154 # they are
set -euf
here=${0%/*}

for word in $gds_cufile; do
  case $word in
    properties.use_pci_p2pdma=*) instead=gds_p2pdma ;;
    properties.allow_compat_mode=*) instead=gds_compat ;;
    properties.max_direct_io_size_kb=*) instead=gds_max_direct_io_size_kb ;;
    *) continue ;;
  esac
  echo "gds_cufile has ${word%%=*}: want it in $instead" >&2
  exit 1
done

p2pdma=true
if [ "$gds_p2pdma" = no ] || { [ "$gds_p2pdma" = auto ] && grep -qs '^nvme' /proc/driver/nvidia-fs/modules; }; then
  p2pdma=false
fi
from=/etc/cufile.json
[ -s "$from" ] || from=$here/cufile.json
# shellcheck disable=SC2086 # one word a value
"$here/set-cufile" $gds_cufile properties.use_pci_p2pdma=$p2pdma "properties.allow_compat_mode=$gds_compat" \
  "properties.max_direct_io_size_kb=$gds_max_direct_io_size_kb" <"$from"
END_OF_FILE

# Step: the VM has an NVIDIA card and an NVMe disk of its own
# A virtual disk is read by the host's CPU, so there is nothing to gain. Both have to be given to the VM as
# cards, and pci_switch puts them behind one switch, where they reach each other.
is_done_1() {
has() {
  for device in /sys/bus/pci/devices/*; do
    # shellcheck disable=SC2254 # a pattern
    case $(cat "$device/vendor" "$device/class" 2>/dev/null | paste -s -d ' ' -) in $1) return 0 ;; esac
  done
  return 1
}
has '0x10de 0x03*' || { echo "no NVIDIA card: cluster add host gpu ${host:-VM} gpupci1 CARD" >&2; exit 1; }
has '* 0x0108*' || { echo "no NVMe disk: cluster add host gpu ${host:-VM} gpupci2 DISK; cluster set host attr ${host:-VM} pci_switch yes" >&2; exit 1; }
}
begin 'the VM has an NVIDIA card and an NVMe disk of its own'
look is_done_1 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  needs "$(look is_done_1 2>&1 | tail -n 1)"
else
  look is_done_1
  [ "$held" -eq 0 ] || fail 'it is not so'
fi

# Step: the packages of GPUDirect Storage are there
# libcufile, gdscheck and nvidia-fs are NVIDIA's; a distribution has none of them.
is_done_2() {
[ -n "$gds_packages" ] || skip 'gds_packages is empty'
for package in $gds_packages; do is_installed "$package" || exit 1; done
}
step_2() {
# shellcheck disable=SC2086 # one word a package
install_packages $gds_packages || {
  echo "add NVIDIA's repository of CUDA to this host, or put the packages into a roll (create distro);" \
    "with an empty gds_packages nothing is installed" >&2
  exit 1
}
}
begin 'the packages of GPUDirect Storage are there'
look is_done_2 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  would
else
  record begun "$doing"
  (step_2) </dev/null
  record steps "$doing"
  kept
  look is_done_2
  [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
  changed
fi

# Step: cuFile has its settings
# nvidia-fs has to load, which it does only beside an NVIDIA module that gives it its symbols, and nvme has to
# be registered with it, which the nvme of MOFED or DOCA alone does. Where either is not so, cuFile would read
# through the CPU and not say so; use_pci_p2pdma is the way that needs neither. The rest of the file, and its
# comments, are the site's or NVIDIA's, and stay.
is_done_3() {
/usr/local/share/gds/wanted-cufile | cmp -s - /etc/cufile.json
}
step_3() {
if [ "$gds_p2pdma" != yes ]; then
  modprobe -q nvidia-fs || true
fi
keep /etc/cufile.json
# What NVIDIA's package or the site had there is kept once.
if [ -e /etc/cufile.json ] && [ ! -e /etc/cufile.json.before-gds ]; then
  cp -p /etc/cufile.json /etc/cufile.json.before-gds
fi
/usr/local/share/gds/wanted-cufile >/etc/cufile.json.new || {
  rm -f /etc/cufile.json.new
  exit 1
}
mv -f /etc/cufile.json.new /etc/cufile.json
}
begin 'cuFile has its settings'
look is_done_3 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  would
else
  record begun "$doing"
  (step_3) </dev/null
  record steps "$doing"
  kept
  look is_done_3
  [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
  changed
fi

# Step: the drivers are loaded as cuFile's way wants it
# P2PDMA wants the NVIDIA driver to keep its BAR1 still and nvme without multipath; the other way wants
# nvidia-fs loaded at each boot.
is_done_4() {
if sed 's|//.*||' /etc/cufile.json | grep -q '"use_pci_p2pdma" *: *true'; then
  grep -qx 'options nvme_core multipath=N' /etc/modprobe.d/gds.conf && ! grep -qx nvidia-fs /etc/modules-load.d/gds.conf
else
  grep -qx nvidia-fs /etc/modules-load.d/gds.conf && ! grep -q '^options' /etc/modprobe.d/gds.conf
fi || exit 1
for image in "/boot/initrd.img-$(uname -r)" "/boot/initramfs-$(uname -r).img"; do
  [ ! -e "$image" ] || [ -z "$(find /etc/modprobe.d/gds.conf -newer "$image")" ] || exit 1
done
}
step_4() {
# Emptied and not removed: the initramfs that has their old text is found out by its age.
options='# P2PDMA is not used'
modules='# P2PDMA is used'
if sed 's|//.*||' /etc/cufile.json | grep -q '"use_pci_p2pdma" *: *true'; then
  options=$(printf '%s\n' 'options nvme_core multipath=N' 'options nvidia NVreg_RegistryDwords="RMForceStaticBar1=1;RmForceDisableIomapWC=1;"')
else
  modules=nvidia-fs
fi
keep /etc/modprobe.d/gds.conf /etc/modules-load.d/gds.conf
mkdir -p /etc/modprobe.d /etc/modules-load.d
printf '%s\n' '# From roll gds.' "$options" >/etc/modprobe.d/gds.conf
printf '%s\n' '# From roll gds.' "$modules" >/etc/modules-load.d/gds.conf
if [ -e "/boot/initrd.img-$(uname -r)" ] || [ -e "/boot/initramfs-$(uname -r).img" ]; then
  renew_initramfs running
fi
}
begin 'the drivers are loaded as cuFile'\''s way wants it'
look is_done_4 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  would
else
  record steps "$doing"
  (step_4) </dev/null
  kept
  look is_done_4
  [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
  needs_reboot
  changed
fi

# ---- does it work? Not before a reboot that is needed.
check_1() {
# 0 is that nothing is in the way, 1 a warning. 2 is in the way, 3 could not be found out, and any other says
# that nothing was looked at.
status=0
gds-check || status=$?
case $status in
  0 | 1) ;;
  *)
    echo "gds-check ended with status $status" >&2
    exit 1
    ;;
esac
}
roll=gds
begin 'check: gds-check finds nothing in the way'
if is_time; then
  look check_1
  if [ "$held" -eq 0 ]; then already; else leave_alone || fail 'it is not so'; fi
fi

finish
