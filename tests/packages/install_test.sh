#!/bin/bash
# install_test.sh BUILD GPUPCI: `cmake --install` puts each file where the packages have it, for the two components
# apart, and what is meant as an example is one.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=$1
gpupci=$2
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

installed() {
  DESTDIR=$there/$1 cmake --install "$build" --prefix /usr --component "$1" >"$there/log" 2>&1 || fail "$(<"$there/log")"
}
has() { [[ $(stat -c %a "$there/$1") == "$2" ]] || fail "$1 has mode $(stat -c %a "$there/$1"), want $2"; }

# A build of the package asks for what any build has, without the tests' library, and runs no tests, as it makes none.
comm -23 <(tests/support/packages.sh list build | grep -vxE 'debhelper|dpkg-dev|g\+\+|pkg-config|libgmock-dev|libgtest-dev') \
  <(sed -n '/^Build-Depends:/,/^$/s/^ \([a-z0-9.+-]*\).*/\1/p' debian/control | sort) >"$there/missing"
[[ ! -s $there/missing ]] || fail "debian/control does not ask for $(paste -s -d ' ' "$there/missing")"
dh build --no-act --buildsystem=cmake+ninja --with installsysusers >"$there/sequence"
grep -q dh_auto_build "$there/sequence" || fail "the package's build builds nothing: $(<"$there/sequence")"
! grep -q dh_auto_test "$there/sequence" || fail "the package's build runs tests"

installed rollcall
installed gpupci
has rollcall/usr/sbin/cluster 755
[[ $(readlink -f "$there/rollcall/usr/bin/rollcall") == "$there/rollcall/usr/sbin/cluster" ]] || fail "rollcall is not cluster"
has gpupci/usr/bin/gpupci 755
[[ ! -e $there/rollcall/usr/bin/gpupci && ! -e $there/gpupci/usr/sbin ]] || fail "one component has the other's program"

for file in bash-completion/completions/{cluster,rollcall} fish/vendor_completions.d/{cluster,rollcall}.fish \
  zsh/vendor-completions/_cluster; do
  has "rollcall/usr/share/$file" 644
done
for file in bash-completion/completions/gpupci fish/vendor_completions.d/gpupci.fish zsh/vendor-completions/_gpupci; do
  has "gpupci/usr/share/$file" 644
done
for unit in rollcall-textfile.service rollcall-textfile.timer; do
  has "rollcall/usr/lib/systemd/system/$unit" 644
done

for page in man8/cluster.8 man8/cluster-host-gpu.8 man1/rollcall.1 man5/cluster.yaml.5 man5/roll.yaml.5; do
  has "rollcall/usr/share/man/$page" 644
done
for page in man8/gpupci.8 man5/gpupci.yaml.5; do
  has "gpupci/usr/share/man/$page" 644
  [[ ! -e $there/rollcall/usr/share/man/$page ]] || fail "rollcall has $page, too"
done

# All of the rolls and nothing else of their folder, and scripts stay scripts.
(cd "$there/rollcall/usr/share/rollcall/rolls" && find . -type f -perm /111) | sort >"$there/scripts"
(cd rolls && find . -type f -perm /111) | sort | diff - "$there/scripts" || fail "modes of the rolls' files"
for folder in "$there"/rollcall/usr/share/rollcall/rolls/*; do
  [[ -e $folder/roll.yaml ]] || fail "$folder is no roll"
done
CLUSTER_DB=$there/cluster.db "$there/rollcall/usr/bin/rollcall" add roll "$there/rollcall/usr/share/rollcall/rolls/gpupt" ||
  fail "roll gpupt is not whole"

# The unit is what the program there would print, so roll gpupt leaves it alone.
"$gpupci" --print-unit | sed "s|$(realpath "$gpupci")|/usr/bin/gpupci|" |
  diff - "$there/gpupci/usr/lib/systemd/system/gpupci-restore.service" || fail "the unit"

# The example is read, and says what counts without it.
example=$there/rollcall/usr/share/doc/rollcall/examples/cluster.yaml
place=$(CLUSTER_CONFIG=$example CLUSTER_DB='' "$there/rollcall/usr/sbin/cluster" show config --format csv | grep '^database,')
[[ $place == "database,/var/lib/cluster/cluster.db,$example" ]] || fail "$example: $place"
