#!/bin/bash
# Builds, tests and packs the project in a root of the other release of Debian: of 13 on Debian 12, else of 12.
#   other_debian.sh                packages, build with gcc, all tests but those of the lab, quickstart, the packages
#   other_debian.sh COMMAND...     runs COMMAND there, in the checkout, to look at what failed
# The root is made once by debootstrap and kept with its own build folder (5 GB) in the lab's cache.
set -euo pipefail

# shellcheck disable=SC2034 # for whole_debian.sh
command_name=other-debian
# shellcheck source=tests/support/whole_debian.sh
. "$(dirname "${BASH_SOURCE[0]}")/whole_debian.sh"

other_release() {
  if [[ $(own_release) == bookworm ]]; then
    echo trixie
  else
    echo bookworm
  fi
}

outside() {
  local release folder lock
  release=$(other_release)
  folder=$cache/other-$release
  mkdir -p "$folder.build"
  exec {lock}>"$folder.lock"
  flock "$lock"
  make_root "$release" "$folder"
  in_debian "$folder" "$folder.build" "$@"
}

inside() {
  if (($# > 0)); then
    "$@"
  else
    echo "== Debian $(</etc/debian_version)"
    test_project || die "failed after $SECONDS s"
    echo "other-debian: Debian $(</etc/debian_version) passed in $SECONDS s"
  fi
}

test_project() {
  local failed=() status=0 jobs
  jobs=$(nproc)
  log_dir=build/other-debian
  rm -rf "$log_dir"
  trap stop_step EXIT
  step "packages" tests/support/packages.sh install build test lab
  missing=$(tests/support/packages.sh missing build test lab)
  [[ -z $missing ]] || die "packages.sh has installed them and still misses: $missing"
  if step "build dev (gcc $(gcc -dumpfullversion))" compile; then
    ctest --preset dev --no-tests=error -j "$jobs" -LE lab 2>&1 | tee "$log_dir/ctest.log" || failed+=("tests without the lab")
  else
    failed+=("build dev")
  fi
  step "quickstart" ./quickstart || failed+=("quickstart")
  # quickstart has built what they pack.
  step "packages of the release" tests/packages/packages_test.sh build/release || failed+=("packages of the release")
  if ((${#failed[@]} > 0)); then
    printf 'FAILED   %s\n' "${failed[@]}"
    status=1
  fi
  return "$status"
}

compile() { cmake --preset dev && cmake --build --preset dev -j "$jobs"; }

begin_in_debian "$@"
