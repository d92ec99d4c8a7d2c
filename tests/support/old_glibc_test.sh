#!/bin/bash
# old_glibc_test.sh PROGRAM GLIBC LIBRARY...: the program asks the loader of a host for nothing that this glibc and
# libgcc 7 lack, and for no other library than libc, libgcc_s and these. For gpupci node-agent/old_glibc.cc makes it
# so; a name that is told here is missing there.
set -euo pipefail

program=$1
glibc=$2
allowed=("${@:3}")
status=0

fail() {
  echo "FAILED: $*" >&2
  status=1
}

# later VERSION THAN
later() { [[ $1 != "$2" && $(printf '%s\n' "$1" "$2" | sort -V | tail -n 1) == "$1" ]]; }

versions=$(objdump -p "$program" | sed -nE 's/^ +0x[0-9a-f]+ 0x[0-9a-f]+ [0-9]+ ([A-Z]+_.*)$/\1/p' | sort -Vu)
grep -q '^GLIBC_2' <<<"$versions" || fail "objdump shows no version of glibc that $program wants: $versions"
while read -r version; do
  number=${version#*_}
  case $version in
    GLIBC_[0-9]*) newest=$glibc ;;
    GCC_[0-9]*) newest=7.0.0 ;;
    # GLIBC_ABI_DT_RELR, of 2.36, for one.
    *) newest= ;;
  esac
  if [[ -z $newest ]] || later "$number" "$newest"; then
    fail "it wants $version: $(objdump -T "$program" | awk -v version="$version" '$0 ~ "[( ]" version "[) ]" { print $NF }' | xargs)"
  fi
done <<<"$versions"

while read -r library; do
  case $library in
    libc.so.6 | libgcc_s.so.1 | ld-linux-*) ;;
    *) [[ " ${allowed[*]} " == *" $library "* ]] || fail "it wants the library $library" ;;
  esac
done < <(objdump -p "$program" | awk '$1 == "NEEDED" { print $2 }')

# libvirt, which comes later, must find glibc's functions and not those that are in the program.
functions=$(objdump -T "$program" | awk '$2 != "*UND*" && / DF / && !/\*UND\*/ { print $NF }' | xargs)
[[ -z $functions ]] || fail "libraries that it loads see its $functions"
exit "$status"
