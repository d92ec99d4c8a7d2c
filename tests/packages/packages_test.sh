#!/bin/bash
# packages_test.sh BUILD: the packages of a Release build, as .deb and as .rpm: what they ask of a host, what lintian and
# rpmlint say, that they come out the same elsewhere; and, in a root of Debian, what they do when they are installed,
# upgraded, removed and purged.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/support/root.sh
. "$here/../support/root.sh"
into_namespaces "$@"
top=$(cd "$here/../.." && pwd)
build=$(realpath "$1")
cluster=$build/cmd/cluster
gpupci=$build/node-agent/gpupci
dir=/mnt/packages
mkdir "$dir"
cd "$dir"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# expect TEXT COMMAND...: what it prints has TEXT.
expect() {
  local said
  said=$("${@:2}" 2>&1) || true
  [[ $said == *"$1"* ]] || fail "want '$1' of: ${*:2}; it said: $said"
}

# ---- one version, and what the programs ask for
version=$("$cluster" --version)
version=${version#cluster }
grep -qx "Version: *$version" "$top/packaging/rollcall.spec" || fail "the spec is not of version $version"
head -n 1 "$top/debian/changelog" | grep -qF "($version)" || fail "debian/changelog is not of version $version"
"$here/../support/old_glibc_test.sh" "$gpupci" 2.28 libdl.so.2 libpthread.so.0
if printf '%s\n' "$(getconf GNU_LIBC_VERSION)" "glibc 2.38" | sort -V -C; then
  "$here/../support/old_glibc_test.sh" "$cluster" 2.34 libm.so.6
fi

# ---- packed twice: elsewhere, in another zone of time, with another umask
make() { "$top/packaging/make-packages" "$1" "$dir/$2" "$build" >"$dir/log-$1-$2" 2>&1 || fail "$(tail -n 20 "$dir/log-$1-$2")"; }
other() {
  mkdir "$dir/tmp"
  (umask 077 && TMPDIR=$dir/tmp TZ=Asia/Kathmandu LC_ALL=C.UTF-8 && export TMPDIR TZ LC_ALL && make deb again && make rpm again)
}
other &
make deb once
make rpm once
wait $! || fail "the second packing"
diff -r once again || fail "it came out otherwise"
[[ $(find once -type f | wc -l) == 4 ]] || fail "want two .deb and two .rpm: $(ls once)"

# ---- what others think of them
lintian --allow-root --fail-on error --tag-display-limit 0 once/*.deb >lint 2>&1 || fail "lintian: $(<lint)"
# To rpmlint a filter that its release does not need is an error, and so is a word of ours, where a dictionary is there.
rpmlint -r "$top/packaging/rollcall.rpmlintrc" once/*.rpm >lint 2>&1 || true
grep -q '^ *2 packages and 0 specfiles checked' lint || fail "rpmlint: $(<lint)"
! grep ' E: ' lint | grep -v -e ' E: unused-rpmlintrc-filter ' -e ' E: spelling-error ' || fail "rpmlint: $(<lint)"
depends() { dpkg-deb --field once/"$1"_*.deb "$2"; }
[[ $(depends gpupci Depends) == "libc6 (>= 2.28), libgcc-s1 | libgcc1" ]] || fail "gpupci depends on $(depends gpupci Depends)"
depends rollcall Depends | grep -qE '^([a-z |-]+, )?libc6 \(>= 2\.[0-9]+\), libgcc-s1 \(>= [0-9.]+\)$' ||
  fail "rollcall depends on $(depends rollcall Depends)"
for late in libssh-4 libssl3 libvirt0 libxml2 openssh-client; do
  depends rollcall Recommends | grep -qE "(^|[ ,])$late(,|$)" || fail "rollcall recommends no $late"
done
rpm --query --package --requires once/gpupci-*.rpm | sed -n 's/^libc\.so\.6(GLIBC_\(.*\))(64bit)$/\1/p' | sort -V | tail -n 1 |
  grep -qx 2.28 || fail "the .rpm of gpupci wants another glibc than 2.28"

# The root has no network, and no package but those of root.sh. What is late is not there.
fresh_root
mkdir "$root/packages"
cp once/*.deb once/*.rpm "$root/packages"
size=$(dpkg-deb --fsys-tarfile once/gpupci_*.deb | tar -t -v ./usr/bin/gpupci | awk '{ print $3 }')
((size <= 1100000)) || fail "gpupci has $size bytes"

# ---- installed
in_root sh -c 'dpkg --install /packages/*.deb' >log 2>&1 || fail "dpkg: $(<log)"
in_root getent group rollcall >log || fail "there is no group rollcall"
[[ $(in_root stat -c '%a %U %G' /var/lib/cluster) == "2770 root rollcall" ]] || fail "$(in_root stat -c '%a %U %G' /var/lib/cluster)"
[[ $(in_root cluster --version) == "cluster $version" && $(in_root rollcall --version) == "rollcall $version" ]] || fail "--version"
[[ $(in_root gpupci --version) == "$("$gpupci" --version)" ]] || fail "gpupci --version"
[[ -z $(find "$root/etc/systemd/system" -name 'gpupci*') ]] || fail "the unit is enabled"
in_root gpupci --print-unit | cmp - "$root/lib/systemd/system/gpupci-restore.service" || fail "the unit is another one"

# `cluster setup`, without and with OpenSSH, which is recommended and not there.
expect openssh-client in_root cluster setup
[[ $(in_root stat -c '%a %U %G' /var/lib/cluster/cluster.db) == "660 root rollcall" ]] || fail "the inventory is not the group's"
diff "$root/etc/cluster/cluster.yaml" "$root/usr/share/doc/rollcall/examples/cluster.yaml" || fail "the settings"
ssh-keygen -q -t ed25519 -N '' -f "$root/root/.ssh/id_ed25519"
expect "nothing is changed" in_root cluster setup
expect "group rollcall writes it, too" in_root rollcall setup

# A member of the group writes, and nobody else does.
group=$(in_root getent group rollcall | cut -d : -f 3)
as() { in_root setpriv --reuid 54321 --regid 54321 "$@"; }
as --groups "$group" rollcall add host n1 || fail "a member of the group cannot write"
in_root cluster add host n2 || fail "root cannot write behind a member"
expect "is closed to you: be root (sudo), or a member of group rollcall" as --clear-groups rollcall list host
expect "be root: sudo" as --clear-groups env CLUSTER_CONFIG=/etc/other.yaml rollcall setup

# The rolls are known by their names.
in_root cluster add roll gpupt || fail "gpupt"
expect "no roll 'gputp' is here or in '/usr/share/rollcall/rolls' (did you mean 'gpupt'?)" in_root cluster add roll gputp

# ---- a newer one comes over it, with what the site has chosen
mkdir -p "$root/etc/gpupci" "$root/var/lib/gpupci"
echo 'stub_driver: vfio-pci' >"$root/etc/gpupci/gpupci.yaml"
echo '{"version": 1, "drivers": {"0000:02:00.0": "nouveau"}}' >"$root/var/lib/gpupci/drivers.json"
in_root systemctl enable gpupci-restore.service >log 2>&1 || fail "systemctl enable: $(<log)"
kept() { (cd "$root" && sha256sum etc/cluster/cluster.yaml etc/gpupci/gpupci.yaml var/lib/gpupci/drivers.json && in_root cluster dump); }
before=$(kept)
for package in rollcall gpupci; do
  dpkg-deb --raw-extract once/"$package"_*.deb newer
  sed -i "s/^Version: .*/Version: $version+newer/" newer/DEBIAN/control
  dpkg-deb --root-owner-group --build -Z none newer "$root/packages/$package-newer.deb" >log
  rm -r newer
done
in_root sh -c 'dpkg --install /packages/*-newer.deb' >log 2>&1 || fail "the upgrade: $(<log)"
[[ $(kept) == "$before" ]] || fail "the upgrade changed what the site has"
[[ -L $root/etc/systemd/system/basic.target.wants/gpupci-restore.service ]] || fail "the upgrade disabled the unit"
in_root dpkg --verify rollcall gpupci || fail "files differ from the package"

# ---- removed and purged
expect "cards of this host are detached still" in_root dpkg --remove rollcall gpupci
[[ ! -e $root/usr/sbin/cluster && -s $root/var/lib/cluster/cluster.db ]] || fail "remove took the inventory, or left the program"
in_root dpkg --purge rollcall gpupci >log 2>&1 || fail "purge: $(<log)"
[[ -s $root/var/lib/cluster/cluster.db && -e $root/etc/cluster/cluster.yaml && -e $root/etc/gpupci/gpupci.yaml ]] ||
  fail "purge took what belongs to the site"
[[ ! -e $root/var/lib/gpupci && -z $(find "$root/etc/systemd/system" -name 'gpupci*') ]] || fail "purge left what is gpupci's own"

# ---- the .rpm, by rpm's own tools: the same files, and none when it is gone
there=/mnt/rpm
mkdir "$there"
rpm --root "$there" --nodeps --noscripts -i once/*.rpm >log 2>&1 || fail "rpm: $(<log)"
[[ $("$there/usr/sbin/cluster" --version) == "cluster $version" ]] || fail "the .rpm's cluster"
# The bare names are of a changelog and a copyright, which are Debian's.
files() { (cd "$1" && find usr lib -type f -o -type l 2>/dev/null) | sed -e 's,^lib/,usr/lib/,' -e s,/vendor-completions/,/site-functions/, | grep -v -e /lintian/ -e '/changelog\(.Debian\)\?.gz$' -e /copyright | sort; }
for package in once/*.deb; do dpkg-deb --extract "$package" deb; done
diff <(files deb) <(files "$there" | grep -v /usr/lib/sysimage) || fail "the .rpm has other files than the .deb"
rpm --root "$there" --nodeps --noscripts -e rollcall gpupci || fail "rpm -e"
[[ -z $(find "$there/usr" -type f -path '*rollcall*') ]] || fail "rpm -e left files"
