#!/bin/bash
# package_test.sh CPACKCONFIG GPUPCI: the package of the agent asks for a libc6 in which its program starts, so that dpkg
# refuses it on an older Debian, and for nothing else.
set -euo pipefail

config=$1
gpupci=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

cpack --config "$config" -B "$scratch" >"$scratch/log" || fail "cpack: $(<"$scratch/log")"
depends=$(dpkg-deb --field "$scratch"/gpupci_*.deb Depends)
[[ $depends =~ ^libc6\ \(\>=\ ([0-9.]+)\)$ ]] || fail "it depends on '$depends', want one libc6 with its version"
has=${BASH_REMATCH[1]}
wants=$(objdump -p "$gpupci" | sed -n 's/.* GLIBC_\([0-9.]*\)$/\1/p' | sort -V | tail -n 1)
[[ -n $wants ]] || fail "$gpupci wants no version of glibc"
dpkg --compare-versions "$has" ge "$wants" || fail "it depends on libc6 $has, and its program wants $wants"
