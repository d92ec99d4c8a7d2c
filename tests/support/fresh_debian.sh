#!/bin/bash
# From the packages to the main job as a stranger goes it, in fresh roots of this release of Debian and the later ones:
#   apt-get install ./*.deb && ./quickstart installed
# Usage: fresh_debian.sh FOLDER. It has the .deb files, as packaging/make-packages makes them. The roots, and what apt and
# the lab download for them, are kept in the lab's cache; each run has a copy of its own, which goes with it.
set -euo pipefail

# shellcheck disable=SC2034 # for whole_debian.sh
command_name=fresh-debian
# shellcheck source=tests/support/whole_debian.sh
. "$(dirname "${BASH_SOURCE[0]}")/whole_debian.sh"

outside() {
  local release work lock status=0
  local -a releases=(bookworm trixie)
  # Packages of a release ask for its libraries, which an older one does not have.
  [[ $(own_release) == bookworm ]] || releases=(trixie)
  compgen -G "$1/*.deb" >/dev/null || die "there is no .deb in '$1': packaging/make-packages deb"
  exec {lock}>"$cache/fresh.lock"
  flock "$lock"
  # Nobody else makes any now, so these belong to a run that was killed.
  rm -rf "$cache"/fresh.run.*
  for release in "${releases[@]}"; do
    make_root "$release" "$cache/fresh-$release"
    work=$(mktemp -d "$cache/fresh.run.XXXXXX")
    cp -a "$cache/fresh-$release/." "$work"
    mkdir -p "$work/packages" "$cache/fresh-$release.build/archives/partial"
    cp "$1"/*.deb "$work/packages"
    echo "Dir::Cache::archives \"$checkout/build/archives\";" >"$work/etc/apt/apt.conf.d/kept"
    in_debian "$work" "$cache/fresh-$release.build" || status=$?
    rm -rf "$work"
    ((status == 0)) || exit "$status"
  done
}

inside() {
  log_dir=build/fresh-debian
  rm -rf build/quickstart
  export CLUSTER_LAB_CACHE=$PWD/build/lab-cache
  trap stop_step EXIT
  echo "== Debian $(</etc/debian_version)"
  apt-get -q update
  step "apt-get install ./*.deb" install_packages || die "the packages do not install"
  ./quickstart installed
}

install_packages() { DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 install /packages/*.deb; }

begin_in_debian "$@"
