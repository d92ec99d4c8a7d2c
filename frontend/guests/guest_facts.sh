#!/bin/sh
# What a guest shows of its cards, for cluster check host vm: it only reads. Every part begins with "=== NAME". Run by
# root it tells most: the kernel's log is for root alone on many systems.
LC_ALL=C
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/local/cuda/bin
export LC_ALL PATH
part() { printf '=== %s\n' "$1"; }
# nvidia-smi may wait for ever in the kernel for a card that hangs, and then no signal ends it. So nobody waits for it, and
# what it says goes into a file, as whoever reads a pipe would wait, too. bounded COMMAND...: ends with "status N".
limited() { if command -v timeout >/dev/null 2>&1; then timeout 30 "$@"; else "$@"; fi; }
is_done() { tail -n 1 "$said" | grep -q '^status [0-9]'; }
bounded() {
  said=$(mktemp 2>/dev/null || mktemp -p /run 2>/dev/null) || {
    limited "$@" 2>&1
    echo "status $?"
    return
  }
  {
    limited "$@" >"$said" 2>&1 </dev/null
    status=$?
    [ ! -e "$said" ] || echo "status $status" >>"$said"
  } >/dev/null 2>&1 &
  tries=0
  while ! is_done && [ "$tries" -lt 160 ]; do
    sleep 0.2 2>/dev/null || sleep 1
    tries=$((tries + 1))
  done
  cat "$said"
  is_done || echo "status 124"
  rm -f "$said"
}
# These start no program, as a guest may be slow. first_line FILE sets `line`; real_path FOLDER prints it without links.
first_line() {
  line=-
  read -r line <"$1" || line=${line:--}
} 2>/dev/null
real_path() { (cd -P "$1" 2>/dev/null && pwd); }

part os
uname -rm
sed -n 's/^PRETTY_NAME=//p' /etc/os-release 2>/dev/null

# device PATH VENDOR DEVICE CLASS DRIVER POWER FIRST-BYTES, and of what is no bridge a line for each region.
part pci
for device in /sys/bus/pci/devices/*; do
  [ -e "$device/vendor" ] || continue
  first_line "$device/vendor" && vendor=$line
  first_line "$device/device" && id=$line
  first_line "$device/class" && class=$line
  first_line "$device/power_state" && power=$line
  driver=$(real_path "$device/driver")
  driver=${driver##*/}
  first=-
  case $class/$vendor in
    0x0604*/* | */0x1af4 | */0x1b36) ;;
    *) first=$(od -An -tx1 -N2 "$device/config" 2>/dev/null | tr -d ' \n') ;;
  esac
  printf 'device %s %s %s %s %s %s %s\n' "$(real_path "$device")" "$vendor" "$id" "$class" "${driver:--}" "$power" "${first:--}"
  case $class in 0x0604*) continue ;; esac
  number=0
  while [ "$number" -lt 6 ] && read -r line; do
    echo "region $line"
    number=$((number + 1))
  done 2>/dev/null <"$device/resource"
done

part lspci
lspci -vv 2>/dev/null | grep -E '^[0-9a-f]|^[[:space:]]Region [0-9]: Memory at <(unassigned|ignored)'

part modules
grep -E '^(nouveau|nova_core|nvidia|amdgpu)' /proc/modules 2>/dev/null | cut -d ' ' -f 1

part modinfo
modinfo -F version nvidia 2>/dev/null
modinfo -F license nvidia 2>/dev/null

part nvidia-version
cat /proc/driver/nvidia/version 2>/dev/null

part secure-boot
od -An -tu1 -j4 -N1 /sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c 2>/dev/null

part kernel-log
if log=$(dmesg 2>/dev/null || journalctl -k -b --no-pager -q 2>/dev/null) && [ -n "$log" ]; then
  # A card that is in trouble may fill the log with what tells nothing.
  printf '%s\n' "$log" | grep 'Xid (' | tail -n 100
  printf '%s\n' "$log" | grep -v 'Xid (' |
    grep -E 'NVRM|[Nn]vidia|nouveau|nvgpu|amdgpu|BAR [0-9]|fallen off|power state|[Mm]odule verification|[Kk]ey was rejected|unavailable key|unsigned module|Lockdown' |
    tail -n 300
else
  echo unreadable
fi

part nvidia-smi
if command -v nvidia-smi >/dev/null 2>&1; then
  bounded nvidia-smi --query-gpu=pci.bus_id,name,driver_version --format=csv,noheader
else
  echo missing
fi

# A gds-check of an older roll does not know --report, and prints for people.
part gds
if command -v gds-check >/dev/null 2>&1; then
  report=$(bounded gds-check --report)
  case $report in *'status 64') report=$(bounded gds-check) ;; esac
  printf '%s\n' "$report"
else
  echo missing
fi

part end
