#!/bin/sh
# Roll distro 1.0.0: lets hosts install from the tree of create distro, and trust its key
# For host vm-container-0-15 of appliance vm-container; written by `cluster run roll distro
# host=vm-container-0-15`.
#
# As root on that host: sh add-roll.sh [--dry-run]. What is so already is left alone, so it can be run
# again. It does, in this order:
#   step     the distro's key is trusted
#   step     the host installs from the distro

# What the inventory says of the host.
export host=vm-container-0-15
export appliance=vm-container
export cards='0000:02:00.0 0000:03:00.0 0000:83:00.0 0000:84:00.0'
export functions='0000:02:00.0 0000:02:00.1 0000:03:00.0 0000:03:00.1 0000:83:00.0 0000:83:00.1 0000:84:00.0 0000:84:00.1'
export models=10de:0be5,10de:1021,10de:1096,10de:10f1,10de:1c03
export distro_key='-----BEGIN PGP PUBLIC KEY BLOCK-----||mQINBGc=|-----END PGP PUBLIC KEY BLOCK-----'
# Attributes of roll distro.
# where the site's web server has that tree, as http://FRONTEND/distro; without it hosts get the key alone
export distro_url=http://10.1.1.1/distro
roll=distro

# shellcheck source=rolls/engine/prelude.sh
. rolls/engine/prelude.sh

# shellcheck source=rolls/engine/families/debian.sh
. rolls/engine/families/debian.sh

# shellcheck source=rolls/engine/families/rhel.sh
. rolls/engine/families/rhel.sh
start 'Debian nor of RHEL'

# ---- roll distro
roll=distro

# Step: the distro's key is trusted
# The key came over SSH with this script, so only what the frontend has signed is believed, over whatever way
# the packages come.
is_done_1() {
[ -n "$distro_key" ] || skip 'cluster create distro has made none'
file=/etc/apt/keyrings/rollcall.asc
[ "$family" = debian ] || file=/etc/pki/rpm-gpg/rollcall.asc
printf '%s\n' "$distro_key" | tr '|' '\n' | cmp -s - "$file"
}
step_1() {
file=/etc/apt/keyrings/rollcall.asc
[ "$family" = debian ] || file=/etc/pki/rpm-gpg/rollcall.asc
keep "$file"
mkdir -p "${file%/*}"
printf '%s\n' "$distro_key" | tr '|' '\n' >"$file.new"
mv -f "$file.new" "$file"
}
begin 'the distro'\''s key is trusted'
look is_done_1 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  would
else
  record begun "$doing"
  (step_1) </dev/null
  record steps "$doing"
  kept
  look is_done_1
  [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
  changed
fi

# Step: the host installs from the distro
# What apt or dnf cannot verify by that key it refuses, so nothing is marked as trusted.
is_done_2() {
[ -n "$distro_url" ] || skip 'distro_url is empty'
line="deb [signed-by=/etc/apt/keyrings/rollcall.asc] $distro_url/debian ./"
case $family in
  debian) printf '%s\n' "$line" | cmp -s - /etc/apt/sources.list.d/rollcall.list ;;
  rhel) grep -qsxF "baseurl=$distro_url/rhel" /etc/yum.repos.d/rollcall.repo ;;
esac
}
step_2() {
case $distro_url in
  *[[:space:]]*) scheme= ;;
  http://?* | https://?* | file:///?*) scheme=known ;;
  *) scheme= ;;
esac
[ -n "$scheme" ] || {
  echo "distro_url is '$distro_url': want http://, https:// or file:///, as http://FRONTEND/distro" >&2
  exit 1
}
[ -n "$distro_key" ] || {
  echo 'the distro has no key, and an unsigned one is not trusted: cluster create distro, with a roll that has packages' >&2
  exit 1
}
new=$scratch/lists
mkdir "$new"
case $family in
  debian)
    list=/etc/apt/sources.list.d/rollcall.list
    printf '%s\n' "deb [signed-by=/etc/apt/keyrings/rollcall.asc] $distro_url/debian ./" >"$new/rollcall.list"
    set -- apt-get -q -o Dir::Etc::SourceList="$new/rollcall.list" -o Dir::Etc::SourceParts=- \
      -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any update
    ;;
  rhel)
    list=/etc/yum.repos.d/rollcall.repo
    printf '%s\n' '[rollcall]' 'name=rollcall' "baseurl=$distro_url/rhel" repo_gpgcheck=1 gpgcheck=0 \
      gpgkey=file:///etc/pki/rpm-gpg/rollcall.asc >"$new/rollcall.repo"
    set -- dnf -q -y --setopt=reposdir="$new" makecache
    ;;
esac
# A list that cannot be read would be in the way of all other packages, so it is read before it counts.
"$@" || {
  echo "no list of packages at $distro_url that the key has signed: cluster create distro makes them of the debs/ and rpms/ of" \
    "enabled rolls" >&2
  exit 1
}
keep "$list"
cp "$new/${list##*/}" "$list"
}
begin 'the host installs from the distro'
look is_done_2 >/dev/null 2>&1
if [ "$held" -eq 0 ]; then
  already
elif leave_alone; then
  :
elif [ "$dry_run" = yes ]; then
  would
else
  record steps "$doing"
  (step_2) </dev/null
  kept
  look is_done_2
  [ "$held" -eq 0 ] || leave_alone || fail 'it was done, and still is not so'
  changed
fi

finish
