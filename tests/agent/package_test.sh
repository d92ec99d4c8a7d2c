#!/bin/bash
# package_test.sh CPACKCONFIG GPUPCI [BYTES]: the package of the agent depends on a libc6 with which its program starts, on libgcc
# where the program wants it, and on nothing else. So dpkg refuses it on an older Debian. The program in it has at
# most BYTES.
set -euo pipefail

config=$1
gpupci=$2
most=${3:-}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

cpack --config "$config" -B "$scratch" >"$scratch/log" || fail "cpack: $(<"$scratch/log")"
depends=$(dpkg-deb --field "$scratch"/gpupci_*.deb Depends)
[[ $depends =~ ^libc6\ \(\>=\ ([0-9.]+)\)(,\ libgcc-s1\ \|\ libgcc1)?$ ]] ||
  fail "it depends on '$depends', want libc6 with its version, and at most libgcc"
has=${BASH_REMATCH[1]}
libgcc=${BASH_REMATCH[2]}
# grep -q ends at the first match; a program that still writes into its pipe then fails, and with it the pipeline.
headers=$(objdump -p "$gpupci")
wants=$(sed -n 's/.* GLIBC_\([0-9.]*\)$/\1/p' <<<"$headers" | sort -V | tail -n 1)
[[ -n $wants ]] || fail "$gpupci wants no version of glibc"
dpkg --compare-versions "$has" ge "$wants" || fail "it depends on libc6 $has, and its program wants $wants"
if grep -q 'NEEDED *libgcc_s' <<<"$headers"; then
  [[ -n $libgcc ]] || fail "it depends on '$depends', and its program wants libgcc"
else
  [[ -z $libgcc ]] || fail "it depends on '$depends', and its program wants no libgcc"
fi

if [[ -n $most ]]; then
  dpkg-deb --extract "$scratch"/gpupci_*.deb "$scratch/root"
  size=$(stat -c %s "$scratch/root/usr/bin/gpupci")
  ((size <= most)) || fail "its program has $size bytes, want at most $most"
fi
