#!/bin/bash
# Measures eight cards with two functions each, in the lab: one `gpupci -d all` beside sixteen `virsh nodedev-detach` in
# a row, and the way back. It boots a machine and ends it. It fails when a card is not where it should be, and asserts
# nothing about the times.
#   tests/bench/detach.sh [GPUPCI [ROUNDS]]     [build/release/node-agent/gpupci 5]
set -euo pipefail

lab=$(dirname "${BASH_SOURCE[0]}")/../lab/lab
gpupci=${1:-$(dirname "${BASH_SOURCE[0]}")/../../build/release/node-agent/gpupci}
rounds=${2:-5}
machine=bench-detach
cards=()
for _ in {1..8}; do cards+=(--card video+audio); done

dir=$(mktemp -d)
finish() {
  "$lab" down "$machine" >/dev/null || true
  rm -rf "$dir"
}
trap finish EXIT
"$lab" up "$machine" "${cards[@]}" --gpupci "$gpupci"

# This runs in the guest, whose shell takes the time. It prints a line for each step, with its name and milliseconds.
cat >"$dir/steps" <<'END'
set -eu
functions=$(for slot in 1 2 3 4 5 6 7 8; do echo "pci_0000_0${slot}_00_0 pci_0000_0${slot}_00_1"; done)
expect_on() { # DRIVER|host
  local function link count=0
  for function in /sys/bus/pci/devices/0000:0[1-8]:00.[01]; do
    link=$(readlink "$function/driver" || echo none)
    case $1:${link##*/} in
      vfio-pci:vfio-pci | host:bochs-drm | host:snd_hda_intel) count=$((count + 1)) ;;
      *) echo "$function is on $link" >&2 ;;
    esac
  done
  [ "$count" = 16 ]
}
step() { # NAME COMMAND...
  local name=$1 start=${EPOCHREALTIME/./}
  shift
  "$@" >/dev/null
  echo "$name $(((${EPOCHREALTIME/./} - start) / 1000))"
}
each() {
  local function
  for function in $functions; do virsh -q "$1" "$function"; done
}
at_once() { virsh -q "$(printf "$1 %s; " $functions)"; }
expect_on host
for _ in $(seq "$1"); do
  step gpupci-detach gpupci -d all
  expect_on vfio-pci
  step gpupci-attach gpupci -a all
  expect_on host
  for way in each at_once; do
    step "$way-detach" "$way" nodedev-detach
    expect_on vfio-pci
    step "$way-attach" "$way" nodedev-reattach
    expect_on host
  done
done
END
"$lab" ssh "$machine" "bash -s $rounds" <"$dir/steps" >"$dir/times"

median() { sed -n "s/^$1-$2 //p" "$dir/times" | sort -n | sed -n "$(((rounds + 1) / 2))p"; }
printf '| 16 functions | gpupci ms | 16 x virsh ms | ratio | one virsh with 16 commands ms |\n| --- | --- | --- | --- | --- |\n'
for act in detach attach; do
  ours=$(median gpupci "$act") theirs=$(median each "$act")
  printf '| %s | %s | %s | %s | %s |\n' "$act" "$ours" "$theirs" "$(awk "BEGIN { printf \"%.2f\", $ours / $theirs }")" \
    "$(median at_once "$act")"
done
